package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/stretchr/testify/require"
)

// TestLostCommit cuts the connection at the commit: the caller learns that nobody knows, and recording again leaves
// every event once.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	p := newProxy(t, dsn)
	log := logOver(t, open(t, p.dsn, nil), nil)
	known := event("before")
	known.Org = "known"
	_, err := log.Record(t.Context(), known)
	require.NoError(t, err)
	db := host(t, dsn)
	for i, tt := range []struct {
		name   string
		events int
		known  bool // the organization: then a small batch is one statement
		side   side
		text   string
		stored bool // by the call that fails
	}{
		{"commit answered, answer lost", 1, false, server, "COMMIT\x00", true},
		{"commit of many answered, answer lost", 70, false, server, "COMMIT\x00", true},
		{"commit of COPY answered, answer lost", 300, true, server, "COMMIT\x00", true},
		{"commit lost", 1, false, client, "COMMIT\x00", false},
		{"commit of COPY lost", 300, true, client, "COMMIT\x00", false},
		{"single statement answered, answer lost", 1, true, server, "INSERT 0 1\x00", true},
		{"single statement of many answered, answer lost", 20, true, server, "INSERT 0 20\x00", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			batch := events(fmt.Sprint("org", i), tt.name, tt.events)
			for k := range batch {
				if tt.known {
					batch[k].Org = "known"
				}
			}
			const stored = "SELECT count(*) FROM activitylog_events WHERE data LIKE '%' || $1 || '%'"
			p.cut(tt.side, tt.text)
			ids, err := log.RecordAll(t.Context(), batch)
			require.True(t, p.done(), "the proxy never met the commit")
			// A single statement is sent again by database/sql and then found stored, which is as good.
			if single := strings.HasPrefix(tt.name, "single"); !single || err != nil {
				require.ErrorIs(t, err, activitylog.ErrOutcomeUnknown)
			}
			want := 0
			if tt.stored {
				want = len(batch)
			}
			if n := one[int](t, db, stored, `"`+tt.name+`"`); n != want {
				t.Errorf("the call that failed left %d events instead of %d", n, want)
			}
			for k := range batch {
				batch[k].ID = ids[k]
			}
			for range 2 {
				_, err = log.RecordAll(t.Context(), batch)
				require.NoError(t, err)
			}
			if n := one[int](t, db, stored, `"`+tt.name+`"`); n != len(batch) {
				t.Errorf("recording again left %d events instead of %d", n, len(batch))
			}
		})
	}
}

// TestLostBegin cuts the connection before the commit: that nothing was stored is certain.
func TestLostBegin(t *testing.T) {
	t.Parallel()
	p := newProxy(t, pgtest.DSN(t))
	log := logOver(t, open(t, p.dsn, nil), nil)
	p.cut(client, "INSERT INTO activitylog_orgs")
	_, err := log.Record(t.Context(), event("lost"))
	require.True(t, p.done(), "the proxy never met the insert")
	require.Error(t, err)
	if errors.Is(err, activitylog.ErrOutcomeUnknown) {
		t.Errorf("an error before the commit counts as unknown: %v", err)
	}
	wantMessages(t, log)
}
