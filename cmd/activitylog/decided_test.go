package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/sqlite"
)

// TestDecidedAlerts lists alerts of a log in which a person decided about one, and then about thresholds.
func TestDecidedAlerts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.db")
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	now := time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	log, err := activitylog.New(store, &activitylog.Options{Now: clock})
	require.NoError(t, err)
	m, err := monitor.New(log, &monitor.Options{Now: clock})
	require.NoError(t, err)
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
	for range 12 {
		_, err := log.Record(ctx, activitylog.Event{
			Org: "acme", Action: "auth.login", Outcome: activitylog.Failure, Actor: activitylog.Actor{ID: "leo"},
			Client: activitylog.Client{IP: netip.MustParseAddr("192.0.2.66")},
		})
		require.NoError(t, err)
		now = now.Add(20 * time.Second)
	}
	require.NoError(t, m.Poll(ctx))
	open, err := m.Alerts(ctx, "acme")
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.NoError(t, m.Acknowledge(ctx, "acme", open[0].Fingerprint, "Leo has a new keyboard"))
	now = now.Add(time.Minute)
	var calm alerts.Config
	calm.Logins.Burst, calm.Logins.Slow = 50, 50
	require.NoError(t, m.SetConfig(ctx, "acme", calm, "as Leo asked for"))
	require.NoError(t, log.Close(ctx))
	require.NoError(t, store.Close())

	for _, tt := range []struct {
		name string
		at   time.Time
		args []string
		want string
	}{
		{"before the decision", now.Add(-time.Minute), nil, "open"},
		{"after it", now.Add(-time.Second), nil, "acknowledged"},
		{"with its thresholds", now, nil, ""},
		{"with others", now, []string{"--set", "logins.burst=10"}, "acknowledged"},
	} {
		got := ""
		for _, f := range findings(t, append([]string{"--db", path, "--org", "acme", "--rule", "login_failures", "--at", tt.at.Format(time.RFC3339Nano)}, tt.args...)...) {
			got += fmt.Sprint(f.State)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
