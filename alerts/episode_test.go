package alerts_test

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

func TestEpisodes(t *testing.T) {
	t.Parallel()
	day := func(n int, fingerprint string, s activitylog.Severity) alerts.Finding {
		return alerts.Finding{Rule: alerts.VolumeSpikes, Fingerprint: fingerprint, Severity: s, Window: alerts.Window{From: on(n, 0, 0), To: on(n+1, 0, 0)}}
	}
	got := alerts.Episodes([]alerts.Finding{
		day(0, "a", "medium"), day(0, "b", "low"), day(1, "a", "low"), day(3, "a", "high"), day(10, "a", "low"), day(18, "a", "medium"),
	})
	want := []struct {
		fingerprint string
		from        time.Time
		severity    activitylog.Severity
		n           int
		last        time.Time
	}{
		{"b", on(0, 0, 0), "low", 1, on(1, 0, 0)},
		{"a", on(3, 0, 0), "high", 4, on(11, 0, 0)}, // days 0, 1, 3 and 10: less than a week between them
		{"a", on(18, 0, 0), "medium", 1, on(19, 0, 0)},
	}
	if len(got) != len(want) {
		t.Fatalf("%d episodes, not %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Fingerprint != w.fingerprint || !g.Window.From.Equal(w.from) || g.Severity != w.severity || g.Occurrences != w.n || !g.LastSeen.Equal(w.last) {
			t.Errorf("episode %d: %s from %v, %s, %d times up to %v", i, g.Fingerprint, g.Window.From, g.Severity, g.Occurrences, g.LastSeen)
		}
	}
}
