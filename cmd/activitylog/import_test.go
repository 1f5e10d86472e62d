package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestImportIsIdempotent(t *testing.T) {
	t.Parallel()
	db, lines := newDB(t), []string{ana, leo, ana, ana} // equal lines are different events
	require.Equal(t, "imported 4 events, 0 were already there, 0 bad lines skipped\n", done(t, "import", "--db", db, "--org", "acme", file(t, lines...)))
	for name, args := range map[string][]string{
		"again, under another name":   {file(t, lines...)},
		"twice in one call":           {file(t, lines...), file(t, lines...)},
		"with CRLF and blank lines":   {file(t, "\uFEFF"+ana+"\r", "", leo+"\r", "  "+ana, ana, "\t")},
		"the first lines only":        {file(t, lines[:2]...)},
		"in another order":            {file(t, leo, ana, ana, ana)},
		"without a line break at end": {func() string { p := file(t); os.WriteFile(p, []byte(ana+"\n"+leo), 0o600); return p }()},
	} {
		out := done(t, append([]string{"import", "--db", db, "--org", "acme"}, args...)...)
		if !strings.HasPrefix(out, "imported 0 events, ") {
			t.Errorf("%s: %s", name, out)
		}
	}
	if got := done(t, "import", "--db", db, "--org", "acme", file(t, append(lines, leo)...)); got != "imported 1 event, 4 were already there, 0 bad lines skipped\n" {
		t.Errorf("a file that grew: %s", got)
	}
	if got := done(t, "import", "--db", db, "--org", "other", file(t, lines...)); got != "imported 4 events, 0 were already there, 0 bad lines skipped\n" {
		t.Errorf("another organization: %s", got)
	}
	if got := done(t, "query", "--db", db, "--org", "acme", "--count"); got != "5\n" {
		t.Errorf("there are %s events", got)
	}
}

func TestImportStandardInput(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	r := call(t, ana+"\n"+leo, "import", "--db", db, "--org", "acme", "-")
	if r.code != exitDone || r.out != "imported 2 events, 0 were already there, 0 bad lines skipped\n" {
		t.Errorf("%+v", r)
	}
	if r := call(t, "nonsense", "import", "--db", db, "--org", "acme", "-"); !strings.Contains(r.err, "stdin:1: no JSON object") {
		t.Errorf("%+v", r)
	}
}

func TestImportOfBadLines(t *testing.T) {
	t.Parallel()
	path := file(t, ana, `{"time":`, `{"time":"soon","actor":"x","action":"a.b"}`, `[1]`, leo, `{"actor":"x","action":"a.b"}`,
		`{"time":"2026-01-01T00:00:00Z"}`, `{"time":"1492-01-01T00:00:00Z","action":"a.b"}`, `null`, ana+leo,
		`{"time":"2026-01-01T00:00:00Z","action":"a.b","cost":"much"}`, `{"schema":1,"id":"x"}`, `{"schema":99}`,
		`{"time":"2026-01-01T00:00:00Z","action":"`+strings.Repeat("a", maxLine)+`"}`)
	db := newDB(t)
	r := call(t, "", "import", "--db", db, "--org", "acme", path)
	want := []string{":2: no JSON object", ":3: has a time that cannot be read", ":4: no JSON object", ":6: has no time; give --time",
		":7: has no action; give --action", ":8: invalid: time 1492", ":9: no JSON object", ":10: more than one JSON object",
		":11: cost is no amount", ":12: read event", ":13: invalid: event has schema 99", ":14: longer than 4 MiB",
		"nothing was imported: 12 of 14 lines are bad; --skip-bad imports the others"}
	for _, w := range want {
		if !strings.Contains(r.err, w) {
			t.Errorf("%q is not in %s", w, r.err)
		}
	}
	if _, err := os.Stat(db); r.code != exitFailed || r.out != "" || err == nil {
		t.Errorf("code %d, %q, database: %v", r.code, r.out, err)
	}
	r = call(t, "", "import", "--skip-bad", "--db", db, "--org", "acme", path)
	if r.code != exitDone || r.out != "imported 2 events, 0 were already there, 12 bad lines skipped\n" {
		t.Errorf("%+v", r)
	}
	if got := done(t, "import", "--skip-bad", "--db", db, "--org", "acme", path); got != "imported 0 events, 2 were already there, 12 bad lines skipped\n" {
		t.Errorf("again: %s", got)
	}
}

func TestImportOfOneBadFileImportsNothing(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	r := call(t, "", "import", "--db", db, "--org", "acme", file(t, ana), file(t, "x"))
	if _, err := os.Stat(db); r.code != exitFailed || err == nil {
		t.Errorf("%+v", r)
	}
}

func TestImportReportsManyBadLinesBriefly(t *testing.T) {
	t.Parallel()
	lines := make([]string, 5000)
	for i := range lines {
		lines[i] = `{"time":"2026-01-01T00:00:00Z","series":"x","value":1.5}`
	}
	r := call(t, "", "import", "--db", newDB(t), "--org", "acme", file(t, lines...))
	if n := strings.Count(r.err, "\n"); n != 5 || !strings.Contains(r.err, "4,997 lines more: has a \"count\" or \"value\": it is a sum") ||
		!strings.Contains(r.err, "nothing was imported: all 5,000 lines are bad") {
		t.Errorf("%d lines: %s", n, r.err)
	}
}

func TestDefaultsForLines(t *testing.T) {
	t.Parallel()
	db, path := newDB(t), file(t, `{"actor":"x"}`, `{"actor":"x"}`)
	done(t, "import", "--db", db, "--org", "acme", "--time", "2026-01-01", "--action", "unknown", path)
	got := rows(t, done(t, "export", "--db", db, "--org", "acme", "--columns", "time,action"))
	if len(got) != 2 || got[0][0] != "2026-01-01T00:00:00.000000Z" || got[1][1] != "unknown" {
		t.Errorf("got %q", got)
	}
	r := call(t, "", "import", "--db", db, "--org", "acme", "--time", "2026-01-01", "--action", "other", path)
	if r.code != exitFailed || !strings.Contains(r.err, ": the log holds this event with another content") {
		t.Errorf("%+v", r)
	}
	r = call(t, "", "import", "--skip-bad", "--db", db, "--org", "acme", "--time", "2026-01-01", "--action", "other", path)
	if r.code != exitDone || r.out != "imported 0 events, 0 were already there, 2 bad lines skipped\n" {
		t.Errorf("%+v", r)
	}
}

// TestImportOfOwnLines takes an export of a log into the same one and into another.
func TestImportOfOwnLines(t *testing.T) {
	t.Parallel()
	from, to := newDB(t), newDB(t)
	record(t, from, "acme", 1200)
	record(t, from, "other", 3)
	path := filepath.Join(t.TempDir(), "all.ndjson")
	done(t, "export", "--db", from, "--all-orgs", "--format", "ndjson", "--out", path)
	r := call(t, "", "import", "--db", to, "--org", "acme", path)
	if r.code != exitFailed || !strings.Contains(r.err, "belongs to another organization; --all-orgs") || !strings.Contains(r.err, "3 of 1,203 lines") {
		t.Errorf("%+v", r)
	}
	for _, tt := range []struct{ db, want string }{
		{to, "imported 1,203 events, 0 were"}, {to, "imported 0 events, 1,203 were"}, {from, "imported 0 events, 1,203 were"},
	} {
		if got := done(t, "import", "--db", tt.db, "--all-orgs", path); !strings.HasPrefix(got, tt.want) {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	// Apart from being written after the fact the events are the same.
	columns := []string{aside, "--all-orgs", "--columns", "id,time,org,action,verb,severity,message,metadata,changes,labels,ip,retention,duration_us"}
	want := done(t, append([]string{"export", "--db", from}, columns...)...)
	if got := done(t, append([]string{"export", "--db", to}, columns...)...); got != want {
		t.Errorf("got %.500s, want %.500s", got, want)
	}
	if got := done(t, "query", "--db", to, "--org", "acme", "--format", "ndjson", "--limit", "1"); !strings.Contains(got, `"backfill":true`) {
		t.Errorf("got %s", got)
	}
}

func TestImportOfOrganizationsOfTheLines(t *testing.T) {
	t.Parallel()
	line := func(org string) string { return strings.TrimSuffix(ana, "}") + `,"org":"` + org + `"}` }
	path := file(t, line("a"), line("b"), ana)
	db := newDB(t)
	if r := call(t, "", "import", "--db", db, "--all-orgs", path); r.code != exitFailed || !strings.Contains(r.err, ":3: names no organization; give --org") {
		t.Errorf("%+v", r)
	}
	done(t, "import", "--db", db, "--all-orgs", "--org", "acme", path)
	for _, org := range []string{"a", "b", "acme"} {
		if got := done(t, "query", "--db", db, "--org", org, "--count"); got != "1\n" {
			t.Errorf("%s has %s events", org, got)
		}
	}
	db = newDB(t)
	done(t, "import", "--db", db, "--org", "acme", path)
	if got := done(t, "query", "--db", db, "--org", "acme", "--count", "meta.org:a,b"); got != "2\n" {
		t.Errorf("%s events know their organization", got)
	}
}
