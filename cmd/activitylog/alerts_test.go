package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/pgtest"
)

// guessed are twelve failed sign-ins, 20 seconds apart, and then one that works, at 03:04:00. Before them somebody else
// was in the log.
func guessed(t *testing.T) (db string) {
	t.Helper()
	lines := []string{ana}
	at := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	for i := range 13 {
		outcome := "failure"
		if i == 12 {
			outcome = "success"
		}
		lines = append(lines, fmt.Sprintf(`{"time":%q,"actor":"leo","action":"auth.login","outcome":%q,"ip":"192.0.2.66"}`,
			at.Add(time.Duration(i)*20*time.Second).Format(time.RFC3339), outcome))
	}
	db = newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, lines...))
	return db
}

// finding is what the JSON of a finding has at least.
type finding struct {
	Rule, Kind, Severity, Subject, Explanation, Filter, State string
	Affected                                                  []string
	Window                                                    struct{ From, To time.Time }
	Observed, Expected                                        *float64
	Count                                                     int
}

func findings(t *testing.T, args ...string) (list []finding) {
	t.Helper()
	out := done(t, append([]string{"alerts", "--format", "json"}, args...)...)
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	return list
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	db := guessed(t)
	for _, tt := range []struct{ name, args, want string }{
		{"all", "", "source_burst:low:resolved success_after_failures:high:resolved"},
		{"before the tenth failure", "--at 2026-01-05T03:02:59.999999Z", ""},
		{"at the tenth failure", "--at 2026-01-05T03:03:00Z", "source_burst:low:open"},
		{"before the success", "--at 2026-01-05T03:03:59Z", "source_burst:low:open"},
		{"at the success", "--at 2026-01-05T03:04:00Z", "source_burst:low:open success_after_failures:high:open"},
		{"not yet quiet", "--at 2026-01-06T03:03:59Z", "source_burst:low:resolved success_after_failures:high:open"},
		{"quiet", "--at 2026-01-06T03:04:01Z", "source_burst:low:resolved success_after_failures:high:resolved"},
		{"from the beginning", "--from 2026-01-05T03:00:00Z", "source_burst:low:resolved success_after_failures:high:resolved"},
		{"from later", "--from 2026-01-05T03:00:01Z", ""},
		{"severity", "--severity medium", "success_after_failures:high:resolved"},
		{"rule", "--rule login_failures,off_hours --severity high", "success_after_failures:high:resolved"},
		{"another rule", "--rule off_hours", ""},
		{"threshold", "--set logins.burst=13 --set logins.slow=20", "success_after_failures:high:resolved"},
		{"time", "--set logins.burst_window=1m30s", "success_after_failures:high:resolved"},
		{"rule off", "--set off=login_failures,off_hours", ""},
		{"zone", "--zone +05:45", "source_burst:low:resolved success_after_failures:high:resolved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range findings(t, append([]string{"--db", db, "--org", "acme"}, strings.Fields(tt.args)...)...) {
				got = append(got, f.Kind+":"+f.Severity+":"+f.State)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAlertsJSON(t *testing.T) {
	t.Parallel()
	db := guessed(t)
	list := findings(t, "--db", db, "--org", "acme", "--severity", "high")
	require.Len(t, list, 1)
	f := list[0]
	if f.Rule != "login_failures" || f.Subject != "leo" || len(f.Affected) != 1 || f.Affected[0] != "leo" || *f.Observed != 12 || f.Expected == nil ||
		!strings.Contains(f.Explanation, "12 failed sign-ins") || f.Window.From.Format(time.TimeOnly) != "03:00:00" {
		t.Errorf("got %+v", f)
	}
	if n := strings.TrimSpace(done(t, "query", "--db", db, "--org", "acme", "--count", f.Filter)); n != fmt.Sprint(f.Count) {
		t.Errorf("the filter %s means %s events, the finding says %d", f.Filter, n, f.Count)
	}
	if got := done(t, "alerts", "--db", db, "--org", "nobody", "--format", "json"); got != "[]\n" {
		t.Errorf("nothing is %q", got)
	}
}

// TestAlertsTable copies the filter of each finding into a query.
func TestAlertsTable(t *testing.T) {
	t.Parallel()
	db := guessed(t)
	out := done(t, "alerts", "--db", db, "--org", "acme", "--zone", "Asia/Kathmandu")
	high, low := strings.Index(out, "high "), strings.Index(out, "low ")
	if high < 0 || low < high || !strings.Contains(out, "WHEN (Asia/Kathmandu)") || !strings.Contains(out, "2026-01-05 08:45:00") ||
		!strings.Contains(out, "2 findings in 14 events: 1 high, 1 low\n") || !strings.Contains(out, "activitylog query --db ") {
		t.Errorf("got\n%s", out)
	}
	filters := regexp.MustCompile(`(?m)^ +'(.*)'$`).FindAllStringSubmatch(out, -1)
	if len(filters) != 2 {
		t.Errorf("%d filters in\n%s", len(filters), out)
	}
	for i, want := range []string{"13", "12"} {
		if n := strings.TrimSpace(done(t, "query", "--db", db, "--org", "acme", "--count", filters[i][1])); n != want {
			t.Errorf("%s means %s events, want %s", filters[i][1], n, want)
		}
	}
	for line := range strings.Lines(out) {
		if len([]rune(line)) > usualColumns+1 && !strings.Contains(line, "'") && !strings.Contains(line, "activitylog query") {
			t.Errorf("long line: %s", line)
		}
	}
	if got := done(t, "alerts", "--db", db, "--org", "nobody"); got != "nothing found in 0 events\n" {
		t.Errorf("got %q", got)
	}
}

// TestAlertsWriteNothing compares the file before and after.
func TestAlertsWriteNothing(t *testing.T) {
	t.Parallel()
	db := guessed(t)
	before, err := os.ReadFile(db)
	require.NoError(t, err)
	done(t, "alerts", "--db", db, "--org", "acme")
	done(t, "alerts", "backtest", "--db", db, "--org", "acme", "--set", "logins.burst=20")
	after, err := os.ReadFile(db)
	require.NoError(t, err)
	if string(before) != string(after) {
		t.Error("the database was changed")
	}
}

// TestAlertsAreSafe has an actor whose name would move the cursor.
func TestAlertsAreSafe(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 12 {
		lines = append(lines, fmt.Sprintf(`{"time":"2026-01-05T03:00:%02dZ","actor":"x\u001b[2J'","action":"auth.login","outcome":"failure","ip":"192.0.2.66"}`, i))
	}
	db := newDB(t)
	done(t, "import", "--db", db, "--org", "acme", file(t, lines...))
	for _, args := range [][]string{{"alerts"}, {"alerts", "backtest", "--set", "logins.burst=20"}} {
		if out := done(t, append(args, "--db", db, "--org", "acme")...); strings.Contains(out, "\x1b") || !strings.Contains(out, `x\x1b[2J'`) {
			t.Errorf("%s prints %q", args, out)
		}
	}
}

// TestAlertsOfBothDatabases finds the same in SQLite and PostgreSQL.
func TestAlertsOfBothDatabases(t *testing.T) {
	t.Parallel()
	lite := guessed(t)
	events := filepath.Join(t.TempDir(), "events.ndjson")
	done(t, "export", "--db", lite, "--org", "acme", "--format", "ndjson", "--out", events)
	pg := pgtest.DSN(t)
	done(t, "import", "--db", pg, "--org", "acme", events)
	args := []string{"alerts", "--org", "acme", "--at", "2026-01-05T12:00:00Z", "--format", "json", "--db"}
	if a, b := done(t, append(args, lite)...), done(t, append(args, pg)...); a != b || !strings.Contains(a, "success_after_failures") {
		t.Errorf("SQLite gives\n%s\nPostgreSQL\n%s", a, b)
	}
	if out := done(t, "alerts", "--org", "acme", "--db", pg); strings.Contains(out, pg) {
		t.Errorf("tells the address, which may hold a password:\n%s", out)
	}
}

func TestWrapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"short", "a b", []string{"a b"}},
		{"exact", "abc de fgh", []string{"abc de", "fgh"}},
		{"letters, not bytes", "äöü ßé fgh", []string{"äöü ßé", "fgh"}},
		{"long word", "a abcdefgh b", []string{"a", "abcdefgh", "b"}},
		{"nothing", "", []string{""}},
	} {
		if got := wrapped(tt.text, 6); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
