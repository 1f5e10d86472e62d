package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// result is how a command line ended.
type result struct {
	code     int
	out, err string
}

func call(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// done runs a command line that must succeed and returns what it printed.
func done(t testing.TB, args ...string) string {
	t.Helper()
	r := call(t, "", args...)
	require.Equal(t, exitDone, r.code, "%q: %s", args, r.err)
	return r.out
}

// file writes a file of the lines and returns its path.
func file(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

// newDB is the path of a database that does not exist yet.
func newDB(t testing.TB) string { return filepath.Join(t.TempDir(), "t.db") }

// rows reads an export to CSV, without its header.
func rows(t testing.TB, text string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all[1:]
}

const (
	ana = `{"time":"2026-01-02T03:04:05Z","actor":"ana","action":"auth.login","outcome":"success","ip":"192.0.2.1"}`
	leo = `{"time":"2026-01-02T03:04:06Z","actor":"leo","action":"auth.login","outcome":"failure","ip":"192.0.2.2"}`
)

// aside leaves out the records of earlier reading.
const aside = "-category:audit"

func TestUsage(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, ana))
	for _, tt := range []struct {
		args string
		want string
	}{
		{"", "usage: activitylog COMMAND"},
		{"exprt", "there is no command exprt"},
		{"query --org acme", "--db FILE"},
		{"import --org acme x", "--db FILE"},
		{"query --db DB", "--org NAME, or --all-orgs"},
		{"query --db DB --org acme --all-orgs", "exclude each other"},
		{"query --db DB --org", "--org needs a value"},
		{"query --db DB --org acme --limt 3", "no flag --limt"},
		{"query --db DB --org acme --limit x", `invalid value "x"`},
		{"query --db DB --org acme --limit 0", "write 1 or more"},
		{"query --db DB --org acme --order up", "newest or oldest"},
		{"query --db DB --org acme --cursor x!", "copy it as the page before printed it"},
		{"query --db DB --org acme --format xml", "table, json, csv or ndjson"},
		{"query --db DB --org acme --bom", "are for --format csv"},
		{"query --db DB --org acme --count --cursor x", "leave --cursor out"},
		{"query --db DB --org acme actr:ana", "did you mean actor:"},
		{"query --db mysql://x --org acme", "does not know mysql://"},
		{"query --db postgres://u:secret@h:port/ --org acme", "is no valid URL"},
		{"export --db DB --org acme --columns id,nope", `no column "nope"; the columns are: id,`},
		{"export --db DB --org acme --out .", "is a folder"},
		{"tail --db DB --org acme --format csv", "table or ndjson"},
		{"tail --db DB --org acme -n -1", "write 0 or more"},
		{"alerts --db DB", "--org NAME"},
		{"alerts --org acme", "--db FILE"},
		{"alerts --db DB --org acme actor:ana", "takes flags only"},
		{"alerts --db DB --org acme backtest", "write activitylog alerts backtest before the flags"},
		{"alerts --db DB --org acme --format csv", "table or json"},
		{"alerts --db DB --org acme --at soon", "RFC 3339"},
		{"alerts --db DB --org acme --from 2026-01-02 --at 2026-01-01", "lies behind the end"},
		{"alerts --db DB --org acme --severity loud", "info, low, medium, high, critical"},
		{"alerts --db DB --org acme --rule volume_spikes", "did you mean volume_spike?"},
		{"alerts --db DB --org acme --rule x", "write one of login_failures, "},
		{"alerts --db DB --org acme --zone Local", "Europe/Berlin"},
		{"alerts --db DB --org acme --set volume", "NAME=VALUE"},
		{"alerts --db DB --org acme --set volume.recrd=2", "did you mean volume.record?"},
		{"alerts --db DB --org acme --set x.y=2", "write one of off, planned, logins.success_after, "},
		{"alerts --db DB --org acme --set volume.record=0", "a number above 0, however small; the default is 1.25"},
		{"alerts --db DB --org acme --set logins.burst=1.5", "a whole number above 0; the default is 10"},
		{"alerts --db DB --org acme --set logins.burst_window=10", "45m or 12h; the default is 10m0s"},
		{"alerts --db DB --org acme --set off=volume_spikes", "did you mean volume_spike?"},
		{`alerts --db DB --org acme --set off_hours.calendar={"dayz":[]}`, "unknown field"},
		{`alerts --db DB --org acme --set off_hours.calendar={"days":["9-6"]}`, "write them as 09:00-18:00"},
		{"alerts backtest --db DB --org acme x", "takes flags only"},
		{"alerts backtest --db DB --org acme --format csv", "table or json"},
		{"alerts backtest --db DB --org acme --at 2026-01-01", "there is no flag --at"},
		{"import --db DB x", "--org NAME"},
		{"import --db DB --org acme", "say which files"},
		{"import --db DB --org acme .", "is a folder"},
		{"import --db DB --org acme --time soon x", "RFC 3339"},
		{"serve", "say which log"},
		{"serve --db DB x", "serve takes flags only"},
		{"demo --db memory:", "write a path"},
		{"demo x", "takes flags only"},
	} {
		r := call(t, "", strings.Fields(strings.ReplaceAll(tt.args, "DB", db))...)
		if r.code != exitUsage || !strings.Contains(r.err, tt.want) || r.out != "" {
			t.Errorf("%q: code %d, %q, want %q", tt.args, r.code, r.err, tt.want)
		}
		if strings.Contains(r.err, "secret") {
			t.Errorf("%q tells the password: %q", tt.args, r.err)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	missing := newDB(t)
	noDB := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(noDB, []byte("this is no database, whatever its name says; far from it"), 0o600))
	for _, args := range [][]string{
		{"query", "--db", missing, "--org", "acme"},
		{"export", "--db", missing, "--org", "acme"},
		{"tail", "--db", missing, "--org", "acme"},
		{"alerts", "--db", missing, "--org", "acme"},
		{"alerts", "backtest", "--db", noDB, "--org", "acme"},
		{"query", "--db", noDB, "--org", "acme"},
		{"import", "--db", noDB, "--org", "acme", file(t, ana)},
		{"import", "--db", missing, "--org", "acme", "no-such-file.jsonl"},
		{"query", "--db", "postgres:///x?host=/no-such-folder&connect_timeout=1", "--org", "acme"},
	} {
		if r := call(t, "", args...); r.code != exitFailed || r.err == "" || r.out != "" {
			t.Errorf("%q: code %d, %q %q", args, r.code, r.out, r.err)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a database was made")
	}
	if r := call(t, "", "query", "--db", missing, "--org", "acme"); !strings.Contains(r.err, "activitylog import makes one") {
		t.Errorf("says %q", r.err)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	overview := done(t, "--help")
	for _, c := range commands() {
		if !strings.Contains(overview, c.name) {
			t.Errorf("the overview does not name %s", c.name)
		}
		for _, args := range [][]string{{"--help"}, {"x", "-h"}} {
			args = append(strings.Fields(c.name), args...)
			if text := done(t, args...); !strings.HasPrefix(text, "usage: activitylog "+c.name) || !strings.Contains(text, "  --db ") {
				t.Errorf("%q prints %q", args, text)
			}
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	db := newDB(t)
	done(t, "import", file(t, ana, leo), "--org=acme", "--db", db)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--db", db, "--org", "acme", "--count"}, "2"},
		{[]string{"actor:ana", "--db", db, "--count", "--org", "acme"}, "1"},
		{[]string{"--db", db, "actor:ana", "--org", "acme", "outcome:failure", "--count"}, "0"},
		{[]string{"--db", db, "-outcome:success", "--org", "acme", "--count"}, "1"},
		{[]string{"--db", db, "--org", "acme", "--count", "-(actor:ana or actor:leo) " + aside}, "0"},
		{[]string{"--db", db, "--org", "acme", "--count", "--", "-ana", aside}, "1"},
		{[]string{"-db", db, "-org", "acme", "-count", "192.0.2.2"}, "1"},
		{[]string{"--db", db, "--all-orgs", "--count", aside}, "2"},
		{[]string{"--db", db, "--org", "other", "--count"}, "0"},
		{[]string{"--db", "memory:", "--org", "acme", "--count"}, "0"},
	} {
		if got := strings.TrimSpace(done(t, append([]string{"query"}, tt.args...)...)); got != tt.want {
			t.Errorf("%q counts %s, want %s", tt.args, got, tt.want)
		}
	}
}

func TestFilterErrorPointsAtThePlace(t *testing.T) {
	t.Parallel()
	r := call(t, "", "query", "--db", "memory:", "--org", "acme", "\u202eé", "colour:red")
	want := "  \\u202eé colour:red\n          ^\n"
	if !strings.HasSuffix(r.err, want) {
		t.Errorf("got %q, want %q at the end", r.err, want)
	}
}
