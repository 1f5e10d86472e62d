package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

func TestBacktest(t *testing.T) {
	t.Parallel()
	db := guessed(t)
	var lines []string
	for _, outcome := range []string{"failure", "failure", "failure", "failure", "success"} {
		lines = append(lines, fmt.Sprintf(`{"time":"2026-01-07T03:00:0%dZ","actor":"mia","action":"auth.login","outcome":%q,"ip":"192.0.2.77"}`, len(lines), outcome))
	}
	done(t, "import", "--db", db, "--org", "acme", file(t, lines...))
	var got struct {
		Weeks    float64
		Set      []string
		Rules    []frequency
		Subjects []frequency
		Silenced []finding
		Added    []finding
		Changed  []struct {
			Before  string
			Finding finding
		}
	}
	args := []string{"alerts", "backtest", "--db", db, "--org", "acme", "--from", "2026-01-05", "--to", "2026-01-19T00:00:00Z"}
	out := done(t, append(args, "--format", "json", "--set", "logins.burst=13", "--set", "logins.success_after=4")...)
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	want := frequency{"login_failures", 2, 2, 1, 1}
	if got.Weeks != 2 || len(got.Set) != 2 || len(got.Rules) != 1 || got.Rules[0] != want || len(got.Silenced) != 1 || got.Silenced[0].Kind != "source_burst" ||
		len(got.Added) != 1 || got.Added[0].Subject != "mia" || len(got.Subjects) != 3 || len(got.Changed) != 0 {
		t.Errorf("got %+v", got)
	}
	out = done(t, append(args, "--set", "logins.burst=20")...)
	for _, want := range []string{"2.0 weeks from 2026-01-05 to 2026-01-19", "login_failures", "user leo", "1 finding silenced, 0 added, 0 of another severity"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := done(t, append(args, "--from", "2026-01-18")...); !strings.HasPrefix(out, "1.0 weeks from 2026-01-18") {
		t.Errorf("less than a week is not taken for one: %s", out)
	}
	out = done(t, append(args, "--severity", "high")...)
	if strings.Contains(out, "CHANGED") || !strings.Contains(out, "all                                              1       0.5\n") {
		t.Errorf("got\n%s", out)
	}
}

// TestRegraded compares findings of which one is told with another severity.
func TestRegraded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	found := func(print string, day int, severity activitylog.Severity) alerts.Finding {
		w := alerts.Window{From: at.AddDate(0, 0, day), To: at.AddDate(0, 0, day+1)}
		return alerts.Finding{
			Rule: alerts.VolumeSpikes, Kind: "day", Fingerprint: print, Severity: severity, Subject: alerts.Subject{Type: "user", ID: print}, Window: w, LastSeen: w.To,
		}
	}
	c := compared(
		[]alerts.Finding{found("a", 0, "medium"), found("b", 0, "high"), found("a", 9, "low")},
		[]alerts.Finding{found("a", 0, "low"), found("b", 0, "high"), found("b", 9, "low")},
	)
	if len(c.Changed) != 1 || c.Changed[0].Before != "medium" || c.Changed[0].Finding.Severity != "low" || len(c.Silenced) != 1 || len(c.Added) != 1 {
		t.Errorf("got %+v", c)
	}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	c.Set = []string{"volume.record=2"}
	c.table(w, &backtest{judging: judging{zone: time.UTC}, out: &out})
	require.NoError(t, w.Flush())
	for _, want := range []string{"silenced  low  ", "added     low  ", "changed   medium → low  "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
