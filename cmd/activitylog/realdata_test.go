// Not under the race detector, where so many events take minutes: make test runs this package without it too.

//go:build !race

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/pgtest"
)

// realData is the folder of public data that nobody of this project wrote.
func realData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("ACTIVITYLOG_DATA")
	if dir == "" {
		t.Skip("set ACTIVITYLOG_DATA to the folder of the real data to run this test")
	}
	return dir
}

func TestRealSignIns(t *testing.T) {
	t.Parallel()
	path, db := filepath.Join(realData(t), "auth_elastic_sshd.jsonl"), newDB(t)
	for _, want := range []string{"imported 1,457 events, 0 were already there", "imported 0 events, 1,457 were already there"} {
		if got := done(t, "import", "--db", db, "--org", "acme", path); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	out := done(t, "export", "--db", db, "--org", "acme", "--format", "csv", "outcome:failure")
	if n := strings.Count(out, "\r\n"); n != 1+1231 {
		t.Errorf("%d lines", n)
	}
	r := rows(t, done(t, "export", "--db", db, "--org", "acme", "--columns", "category,actor_type,backfill,metadata", "action:auth.login"))
	for _, row := range r {
		if row[0] != "auth" || row[1] != "user" || row[2] != "true" || strings.Contains(row[3], "incident") || strings.Contains(row[3], "label") {
			t.Fatalf("got %q", row)
		}
	}
}

// TestAllRealFiles imports every file, or says why not.
func TestAllRealFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(realData(t), "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			lines, db := int64(bytes.Count(text, []byte("\n"))), newDB(t)
			r := call(t, "", "import", "--db", db, "--org", "acme", path)
			switch {
			case strings.HasPrefix(filepath.Base(path), "saas_panther"):
				// Of this file 449 lines have no time, 156 of the others no action, and 6 a time with nine digits of seconds.
				if r.code != exitFailed || !strings.Contains(r.err, "611 of 1,470 lines are bad") {
					t.Errorf("%+v", r)
				}
				got := done(t, "import", "--db", db, "--org", "acme", "--skip-bad", "--time", "2025-01-01T00:00:00Z", "--action", "unknown", path)
				if got != "imported 1,464 events, 0 were already there, 6 bad lines skipped\n" {
					t.Errorf("got %s", got)
				}
			case bytes.Contains(text[:200], []byte(`"count":`)), bytes.Contains(text[:200], []byte(`"value":`)):
				if r.code != exitFailed || !strings.Contains(r.err, "it is a sum over events") || !strings.Contains(r.err, "nothing was imported: all "+grouped(lines)) {
					t.Errorf("%+v", r)
				}
			case r.code != exitDone || r.out != "imported "+grouped(lines)+" events, 0 were already there, 0 bad lines skipped\n":
				t.Errorf("%+v", r)
			}
			if r.code != exitDone {
				return
			}
			noAnswers(t, done(t, "export", "--db", db, "--org", "acme", "--format", "ndjson"))
		})
	}
}

// noAnswers looks for what detectors must not see.
func noAnswers(t *testing.T, ndjson string) {
	t.Helper()
	for line := range strings.Lines(ndjson) {
		var e struct{ Metadata map[string]any }
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		for name := range e.Metadata {
			if slices.Contains([]string{"label", "incident", "technique", "rule", "case", "anomaly", "threshold"}, name) {
				t.Fatalf("%s is stored: %s", name, line)
			}
		}
	}
}

// TestSameBytesFromBothDatabases exports the same imports from SQLite and PostgreSQL.
func TestSameBytesFromBothDatabases(t *testing.T) {
	t.Parallel()
	lines := file(t, ana, leo, ana, `{"time":"2026-01-01T00:00:00.000001Z","actor":"Ä\u0000\ud83d\ude42","action":"x.Y","target":"=1+1","n":1.50,"z":{"b":1,"a":[null,1e3]},"cost":"-0.000001"}`)
	files := []string{lines}
	if dir := os.Getenv("ACTIVITYLOG_DATA"); dir != "" {
		files = append(files, filepath.Join(dir, "auth_elastic_sshd.jsonl"), filepath.Join(dir, "cloudtrail_stratus_detonations.jsonl"))
	}
	lite, pg := newDB(t), pgtest.DSN(t)
	for _, db := range []string{lite, pg} {
		done(t, append([]string{"import", "--db", db, "--org", "acme"}, files...)...)
		if got := done(t, append([]string{"import", "--db", db, "--org", "acme"}, files...)...); !strings.HasPrefix(got, "imported 0 events, ") {
			t.Errorf("again: %s", got)
		}
	}
	for _, args := range [][]string{
		{}, {"outcome:failure"}, {"--order", "newest"}, {"--all-orgs", "--bom"}, {"--format", "table"}, {"ana or leo"},
	} {
		export := func(db string) string {
			scope := []string{"export", "--db", db, aside, "--org", "acme"}
			if slices.Contains(args, "--all-orgs") {
				scope = scope[:4]
			}
			return done(t, append(scope, args...)...)
		}
		if a, b := export(lite), export(pg); a != b {
			t.Errorf("%q: SQLite gives %d bytes, PostgreSQL %d, and they differ", args, len(a), len(b))
		}
	}
}

func TestTailFollowsPostgres(t *testing.T) {
	t.Parallel()
	testTail(t, pgtest.DSN(t), "ndjson")
}
