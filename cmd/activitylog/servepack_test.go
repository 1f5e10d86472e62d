package main

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
)

// The pages hand out an evidence pack of exactly what they show, which verify finds in order and which the log tells of.
func TestServeHandsOutEvidence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "t.db")
	log, err := openDatabase(t.Context(), db, "", true)
	require.NoError(t, err)
	for i, org := range []string{"acme", "acme", "beta", "acme"} {
		_, err = log.Record(t.Context(), activitylog.Event{
			Org: org, Project: []string{"p1", "p2"}[i%2], Action: "member.invite", Actor: activitylog.Actor{ID: []string{"ana", "leo"}[i%2], Name: "Ana"}, Time: time.Now().Add(-time.Hour),
		})
		require.NoError(t, err)
	}
	require.NoError(t, log.close())
	key, err := integrity.LoadKeyFile(db + ".key")
	require.NoError(t, err)

	site := start(t, "serve", "--db", db, "--addr", "localhost:0", "--alerts=false")
	for page, want := range map[string]struct {
		rows   string
		filter string
	}{
		"orgs/acme/export?actor=leo&range=all&":               {"2 events", "actor:leo"},
		"orgs/acme/api/v1/export?q=category:member&range=7d&": {"3 events", "category:member"},
		"orgs/acme/projects/p1/export?range=all&":             {"1 event", "project:p1"},
		"platform/export?q=action:member.invite&range=all&":   {"4 events", "action:member.invite"},
	} {
		code, body := fetch(t, site+page+"format=evidence")
		require.Equal(t, http.StatusOK, code, body)
		pack := filepath.Join(dir, url.QueryEscape(page)+".zip")
		require.NoError(t, os.WriteFile(pack, []byte(body), 0o600))
		r := call(t, "", "verify", "--public", key.Public, pack)
		require.Equal(t, exitDone, r.code, r.out+r.err)
		require.Contains(t, r.out, want.rows+" of ")
		require.Contains(t, r.out, want.filter)

		sum := sha256.Sum256([]byte(body))
		code, records := fetch(t, site+"platform/api/v1/events?q=action:audit.export+meta.sha256:"+hex.EncodeToString(sum[:])+"&reads=1")
		require.Equal(t, http.StatusOK, code)
		require.Contains(t, records, `"rows":`+want.rows[:1], "the export is recorded with what was sent")
	}
}
