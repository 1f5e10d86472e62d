package main

import (
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/pgtest"
)

// edit changes a database from outside, with its guard open.
func edit(t testing.TB, db, statement string) {
	t.Helper()
	c, err := sql.Open("sqlite3", db)
	require.NoError(t, err)
	defer c.Close()
	for _, s := range []string{"UPDATE activitylog_numbers SET value = 1 WHERE name = 'guard'", statement,
		"UPDATE activitylog_numbers SET value = 0 WHERE name = 'guard'"} {
		_, err := c.Exec(s)
		require.NoError(t, err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, ana, leo))
	head := filepath.Join(t.TempDir(), "head")
	out := done(t, "verify", "--db", db, "--save", head)
	if !strings.Contains(out, "2 events read, 2 sealed in 1 tree, 0 not sealed yet") || !strings.HasSuffix(out, "clean\n") {
		t.Errorf("after an import: %s", out)
	}
	done(t, "query", "--db", db, "--org", "acme") // leaves a record of itself
	if out := done(t, "verify", "--db", db, "--known", head); !strings.Contains(out, "3 events read, 3 sealed") {
		t.Errorf("after a query: %s", out)
	}
	keys, err := os.ReadFile(db + ".key")
	require.NoError(t, err)
	public, _, _ := strings.Cut(strings.SplitN(string(keys), "public ", 2)[1], "\n")
	done(t, "verify", "--db", db, "--public", public)
	if r := call(t, "", "verify", "--db", db, "--public", public, "--record"); r.code != 3 {
		t.Errorf("recording without keys: %+v", r)
	}
	done(t, "verify", "--db", db, "--record")
	if out := done(t, "query", "--db", db, "--all-orgs", "action:audit.verify"); !strings.Contains(out, "verified the log (audit.verify)") {
		t.Errorf("what was verified is not in the log: %s", out)
	}

	edit(t, db, "UPDATE activitylog_events SET outcome = 'denied' WHERE seq = 1")
	for _, by := range [][]string{nil, {"--public", public}} {
		r := call(t, "", append([]string{"verify", "--db", db}, by...)...)
		if r.code != exitTampered || !strings.Contains(r.out, `tampered: the row differs from its evidence in: outcome`) {
			t.Errorf("after an edit: %+v", r)
		}
	}
}

func TestVerifyCannotDecide(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, ana))
	key := db + ".key"
	require.NoError(t, os.Chmod(key, 0o640))
	if r := call(t, "", "verify", "--db", db); r.code != 2 || !strings.Contains(r.err, "chmod 600") {
		t.Errorf("keys that others may read: %+v", r)
	}
	require.NoError(t, os.Rename(key, key+".moved"))
	if r := call(t, "", "verify", "--db", db); r.code != 2 || !strings.Contains(r.err, "no such file") {
		t.Errorf("keys that are gone: %+v", r)
	}
	if r := call(t, "", "query", "--db", db, "--org", "acme"); r.code != exitFailed || !strings.Contains(r.err, "--key FILE") {
		t.Errorf("recording without keys: %+v", r)
	}
	if r := call(t, "", "verify", "--db", filepath.Join(t.TempDir(), "none.db"), "--key", key+".moved"); r.code != 2 {
		t.Errorf("no database: %+v", r)
	}
	for _, args := range [][]string{{"--nonsense"}, {"--db", db, "more"}, {"--db", db, "--key", "k", "--public", "p"}, {"--db", db, "--public", "p"}, {}} {
		if r := call(t, "", append([]string{"verify"}, args...)...); r.code != 3 {
			t.Errorf("verify %v: %+v", args, r)
		}
	}
}

func TestVerifyOnPostgreSQL(t *testing.T) {
	t.Parallel()
	db, key := pgtest.DSN(t), filepath.Join(t.TempDir(), "log.key")
	done(t, "import", "--db", db, "--key", key, "--org", "acme", file(t, ana, leo))
	if out := done(t, "verify", "--db", db, "--key", key); !strings.HasSuffix(out, "clean\n") {
		t.Errorf("got %s", out)
	}
	if r := call(t, "", "verify", "--db", db); r.code != 3 {
		t.Errorf("without keys: %+v", r)
	}
}

// TestVerifyShowsAnchors anchors a log in a file, and asks for a witness that never saw it.
func TestVerifyShowsAnchors(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, ana))
	keys, err := integrity.LoadKeyFile(db + ".key")
	require.NoError(t, err)
	d, err := openDatabase(t.Context(), db, "", false)
	require.NoError(t, err)
	sealer, err := integrity.NewSealer(d.Log, d.events, &keys.Keys, &integrity.SealerOptions{
		Anchors: []integrity.Anchor{integrity.FileAnchor{Path: filepath.Join(t.TempDir(), "elsewhere")}},
	})
	require.NoError(t, err)
	require.NoError(t, sealer.Close(t.Context()))
	require.NoError(t, d.close())
	if out := done(t, "verify", "--db", db, "--deep"); !strings.Contains(out, "anchor file elsewhere: has the root log up to entry 1 since ") {
		t.Errorf("got %s", out)
	}
	_, key, err := note.GenerateKey(rand.Reader, "witness.example/w")
	require.NoError(t, err)
	for _, x := range []struct {
		code int
		want string
		args []string
	}{
		{2, "0 anchors attest the log, and 1 are required", []string{"--witness", key}},
		{3, "--witnesses 2, but 1 are named", []string{"--witness", key, "--witnesses", "2"}},
		{3, "the public key", []string{"--witness", "nobody"}},
	} {
		r := call(t, "", append([]string{"verify", "--db", db}, x.args...)...)
		if r.code != x.code || !strings.Contains(r.out+r.err, x.want) {
			t.Errorf("%q: %+v", x.args, r)
		}
	}
}
