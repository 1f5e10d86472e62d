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

// publicOf returns the public key of a database.
func publicOf(t testing.TB, db string) string {
	t.Helper()
	keys, err := os.ReadFile(db + ".key")
	require.NoError(t, err)
	public, _, _ := strings.Cut(strings.SplitN(string(keys), "public ", 2)[1], "\n")
	return public
}

func TestVerifyABundle(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, ana, leo))
	public := publicOf(t, db)
	for _, out := range []string{filepath.Join(t.TempDir(), "bundle"), filepath.Join(t.TempDir(), "bundle.zip")} {
		r := call(t, "", "bundle", "--db", db, "--org", "acme", "--out", out)
		require.Equal(t, exitDone, r.code, r.err)
		if got := done(t, "verify", "--public", public, out); !strings.HasSuffix(got, "clean\n") {
			t.Errorf("got %s", got)
		}
		if r := call(t, "", "bundle", "--db", db, "--org", "acme", "--out", out); strings.HasSuffix(out, "bundle") && (r.code != exitUsage || !strings.Contains(r.err, "is not an empty folder")) {
			t.Errorf("over another: %+v", r)
		}
	}
	folder := filepath.Join(t.TempDir(), "b")
	done(t, "bundle", "--db", db, "--all-orgs", "--hide", "actor,network", "--out", folder)
	rows := filepath.Join(folder, "events.ndjson")
	text, err := os.ReadFile(rows)
	require.NoError(t, err)
	require.NotContains(t, string(text), "192.0.2.1")
	require.NoError(t, os.WriteFile(rows, []byte(strings.Replace(string(text), `"failure"`, `"success"`, 1)), 0o600))
	if r := call(t, "", "verify", folder, "--public", public); r.code != exitTampered || !strings.Contains(r.out, "the row differs from its evidence in: outcome") {
		t.Errorf("an edited row: %+v", r)
	}
	require.NoError(t, os.WriteFile(rows, text[:len(text)-5], 0o600))
	if r := call(t, "", "verify", folder, "--public", public); r.code != 2 || !strings.Contains(r.err, "events.ndjson ends within line") {
		t.Errorf("cut off: %+v", r)
	}
	for _, args := range [][]string{{folder}, {folder, "--public", public, "--deep"}, {folder, "--public", public, "--db", db}, {folder, folder, "--public", public}} {
		if r := call(t, "", append([]string{"verify"}, args...)...); r.code != 3 {
			t.Errorf("verify %v: %+v", args, r)
		}
	}
	if r := call(t, "", "verify", "--public", public, filepath.Join(folder, "none")); r.code != 2 {
		t.Errorf("nothing there: %+v", r)
	}
}

func TestVerifyEvidence(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, ana, leo))
	public, head := publicOf(t, db), filepath.Join(t.TempDir(), "head")
	done(t, "verify", "--db", db, "--save", head)
	for _, format := range []string{"csv", "ndjson"} {
		for _, name := range []string{"pack", "pack.zip"} {
			out := filepath.Join(t.TempDir(), name)
			done(t, "export", "--db", db, "--org", "acme", "--format", format, "--evidence", out, "--known", head, "actor:leo")
			got := done(t, "verify", "--public", public, "--known", head, out)
			if !strings.Contains(got, "1 event of organization \"acme\", exported by the filter actor:leo") || !strings.HasSuffix(got, "clean\n") {
				t.Errorf("%s, %s: %s", format, name, got)
			}
		}
	}
	out := filepath.Join(t.TempDir(), "pack")
	done(t, "export", "--db", db, "--org", "acme", "--evidence", out, aside)
	done(t, "verify", "--db", db)
	table := filepath.Join(out, "events.csv")
	text, err := os.ReadFile(table)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(table, []byte(strings.Replace(string(text), "failure", "success", 1)), 0o600))
	if r := call(t, "", "verify", "--public", public, out); r.code != exitTampered || !strings.Contains(r.out, "events.csv does not show the events of events.ndjson") {
		t.Errorf("an edited table: %+v", r)
	}
	for _, args := range [][]string{{"--known", head}, {"--evidence", "x", "--out", "y"}, {"--evidence", "x", "--format", "json"}} {
		if r := call(t, "", append([]string{"export", "--db", db, "--org", "acme"}, args...)...); r.code != exitUsage {
			t.Errorf("export %v: %+v", args, r)
		}
	}
}

func TestVerifyGoesOn(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	state := filepath.Join(t.TempDir(), "state")
	done(t, "import", "--db", db, "--org", "acme", file(t, ana, leo))
	require.NotContains(t, done(t, "verify", "--db", db, "--since", state), "relied")
	done(t, "query", "--db", db, "--org", "acme")
	for _, want := range []string{"1 event read", "0 events read"} {
		out := done(t, "verify", "--db", db, "--since", state)
		if !strings.Contains(out, want) || !strings.Contains(out, "relied on what was verified before: ") {
			t.Errorf("got %s, want %s", out, want)
		}
	}
	before, err := os.ReadFile(state)
	require.NoError(t, err)
	done(t, "export", "--db", db, "--org", "acme")
	edit(t, db, "UPDATE activitylog_events SET severity = 'critical' WHERE seq = 4")
	if r := call(t, "", "verify", "--db", db, "--since", state); r.code != exitTampered {
		t.Errorf("after an edit: %+v", r)
	}
	after, err := os.ReadFile(state)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.NoError(t, os.WriteFile(state, []byte("{}"), 0o600))
	if r := call(t, "", "verify", "--db", db, "--since", state); r.code != 2 || !strings.Contains(r.err, "is not what a verification wrote") {
		t.Errorf("another file: %+v", r)
	}
}
