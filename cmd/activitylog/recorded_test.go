package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os/user"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// TestReadingIsRecorded reads by each command and looks for who did it.
func TestReadingIsRecorded(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"query", []string{"query", "actor:ana"}, "audit.view"},
		{"count", []string{"query", "--count", "actor:ana"}, "audit.view"},
		{"tail", []string{"tail", "--follow=false", "actor:ana"}, "audit.view"},
		{"export", []string{"export", "actor:ana"}, "audit.export"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := newDB(t)
			done(t, "import", "--db", db, "--org", "acme", file(t, ana, leo))
			out := done(t, append(tt.args, "--db", db, "--org", "acme")...)
			if strings.Contains(out, "audit.") {
				t.Errorf("the answer holds its own record: %s", out)
			}
			d, err := openDatabase(t.Context(), db, "", false)
			require.NoError(t, err)
			defer d.close()
			page, err := d.Org("acme").Page(t.Context(), activitylog.Query{Filter: activitylog.CategoryIs("audit")})
			require.NoError(t, err)
			require.NotEmpty(t, page.Events)
			last := page.Events[0]
			if last.Action != tt.want || last.Actor.ID != "os:"+me.Username || last.Metadata["filter"] != "actor:ana" {
				t.Errorf("recorded %s", last.AppendJSON(nil))
			}
			if tt.want == "audit.export" {
				sum := sha256.Sum256([]byte(out))
				if len(page.Events) != 2 || last.Metadata["sha256"] != hex.EncodeToString(sum[:]) {
					t.Errorf("%d records; %s", len(page.Events), last.AppendJSON(nil))
				}
			}
		})
	}
}
