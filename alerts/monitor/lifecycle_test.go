package monitor_test

import (
	"errors"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// TestLifecycle walks through what becomes of many failed sign-ins from one address, known accounts among them.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	const burst = "source_burst"
	type step struct {
		does   string
		do     func(s *scene, fingerprint string) error
		status monitor.Status
		told   string // all notices so far
	}
	wait := func(d time.Duration) step {
		return step{"wait " + d.String(), func(s *scene, _ string) error { s.clock.add(d); return nil }, "", ""}
	}
	fail := func(n int, status monitor.Status, told string) step {
		return step{"more failures", func(s *scene, _ string) error { s.fail(n, "leo"); return nil }, status, told}
	}
	nothing := func(status monitor.Status, told string) step {
		return step{"nothing", func(*scene, string) error { return nil }, status, told}
	}
	const open, reopen = "open:medium ", "open:medium reopen:medium "
	tests := []struct {
		name  string
		steps []step
	}{
		{"more of it is no news", []step{wait(time.Minute), fail(5, monitor.Open, open), wait(8 * time.Hour), fail(12, monitor.Open, open)}},
		{"over after a quiet day", []step{wait(23 * time.Hour), nothing(monitor.Open, open), wait(2 * time.Hour), nothing(monitor.Resolved, open)}},
		{"comes back", []step{wait(26 * time.Hour), nothing(monitor.Resolved, open), wait(24 * time.Hour), fail(12, monitor.Open, reopen)}},
		{"acknowledged: more of it is no news, and it ends by itself", []step{
			{"acknowledge", func(s *scene, f string) error { return s.m.Acknowledge(s.ana(), "acme", f, why) }, monitor.Acknowledged, open},
			wait(7 * time.Hour), fail(12, monitor.Acknowledged, open), wait(26 * time.Hour), nothing(monitor.Resolved, open),
		}},
		{"snoozed: told again if it goes on after that", []step{
			{"snooze", func(s *scene, f string) error {
				return s.m.Snooze(s.ana(), "acme", f, s.clock.Now().Add(10*time.Hour), why)
			}, monitor.Snoozed, open},
			wait(7 * time.Hour), fail(12, monitor.Snoozed, open), wait(7 * time.Hour), fail(12, monitor.Open, "open:medium raise:medium "),
		}},
		{"closed by a person: what goes on is no news, a new one is", []step{
			{"close", func(s *scene, f string) error { return s.m.Resolve(s.ana(), "acme", f, why) }, monitor.Resolved, open},
			wait(7 * time.Hour), fail(12, monitor.Resolved, open), wait(36 * time.Hour), fail(12, monitor.Open, reopen),
		}},
		{"planned: its window is no trouble, another one is", []step{
			{"plan", func(s *scene, f string) error {
				return s.m.Plan(s.ana(), "acme", f, alerts.Window{From: noon.Add(-time.Hour), To: noon.Add(12 * time.Hour)}, why)
			}, monitor.Planned, open},
			wait(7 * time.Hour), fail(12, monitor.Planned, open), wait(40 * time.Hour), fail(12, monitor.Open, reopen),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, memory.New(), monitor.Options{})
			s.record(login("leo", "198.51.100.1", noon.AddDate(0, 0, -9))) // an account that is known
			s.fail(12, "leo")
			s.poll()
			fingerprint := s.alert(burst).Fingerprint
			require.Equal(t, open, s.told(burst))
			for _, step := range tt.steps {
				require.NoError(t, step.do(s, fingerprint), step.does)
				s.poll()
				if step.status == "" {
					continue
				}
				if got := s.alert(burst).Status; got != step.status {
					t.Errorf("%s: %s, want %s", step.does, got, step.status)
				}
				if got := s.told(burst); got != step.told {
					t.Errorf("%s: told %q, want %q", step.does, got, step.told)
				}
			}
		})
	}
}

// TestRaised has a finding become more severe, when a late event tells that the account is known.
func TestRaised(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before func(s *scene, fingerprint string) error
		told   string
	}{
		{"open", func(*scene, string) error { return nil }, "raise:medium "},
		{"acknowledged", func(s *scene, f string) error { return s.m.Acknowledge(s.ana(), "acme", f, why) }, "raise:medium "},
		{"snoozed", func(s *scene, f string) error {
			return s.m.Snooze(s.ana(), "acme", f, s.clock.Now().Add(time.Hour), why)
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, memory.New(), monitor.Options{})
			s.fail(12, "leo")
			s.poll()
			require.Empty(t, s.inbox.get(), "an unknown account is no news")
			require.NoError(t, tt.before(s, s.alert("source_burst").Fingerprint))
			s.record(login("leo", "198.51.100.1", noon.AddDate(0, 0, -9)))
			s.poll()
			if a := s.alert("source_burst"); a.Severity != activitylog.Medium {
				t.Errorf("severity %s", a.Severity)
			}
			if got := s.told("source_burst"); got != tt.told {
				t.Errorf("told %q, want %q", got, tt.told)
			}
		})
	}
}

func TestRefusedDecisions(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	s.fail(12, "leo")
	s.poll()
	f := s.alert("source_burst").Fingerprint
	ctx := s.ana()
	tests := []struct {
		name string
		err  error
		want error
	}{
		{"no reason", s.m.Acknowledge(ctx, "acme", f, ""), activitylog.ErrInvalid},
		{"nobody", s.m.Acknowledge(t.Context(), "acme", f, why), activitylog.ErrInvalid},
		{"no such alert", s.m.Acknowledge(ctx, "acme", "cafe", why), activitylog.ErrNotFound},
		{"of another organization", s.m.Acknowledge(ctx, "zenith", f, why), activitylog.ErrNotFound},
		{"snoozed until yesterday", s.m.Snooze(ctx, "acme", f, noon.AddDate(0, 0, -1), why), activitylog.ErrInvalid},
		{"planned without a time", s.m.Announce(ctx, "acme", alerts.Planned{Rule: alerts.VolumeSpikes}, why), activitylog.ErrInvalid},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: got %v", tt.name, tt.err)
		}
	}
	if s.alert("source_burst").Status != monitor.Open {
		t.Error("a refused decision decided something")
	}
}

// TestAnnounced keeps what was announced beforehand from becoming an alert.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	require.NoError(t, s.m.Announce(s.ana(), "acme", alerts.Planned{Rule: alerts.LoginFailures, Window: alerts.Window{From: noon.Add(-time.Hour), To: noon}}, why))
	s.fail(12, "leo")
	s.poll()
	if n := s.steps(); n["audit.alert.open"] != 0 {
		t.Errorf("got %v", n)
	}
}

// TestSetConfig judges by what was set in the log; imported settings set nothing.
func TestSetConfig(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	var patient alerts.Config
	patient.Logins.Burst, patient.Logins.Slow = 50, 60
	require.NoError(t, s.m.SetConfig(s.ana(), "acme", patient, why))
	s.fail(12, "leo")
	s.poll()
	if n := s.steps(); n["audit.alert.open"] != 0 {
		t.Errorf("12 failures of 50 gave %v", n)
	}
	for e, err := range s.log.Org("acme").Events(t.Context(), activitylog.Query{Filter: activitylog.ActionIs("audit.config.change")}) {
		require.NoError(t, err)
		e.ID[0]++
		e.Time, e.Backfill, e.Metadata = noon.Add(-time.Minute), true, map[string]any{"value": map[string]any{}}
		s.record(e)
	}
	s.poll()
	c, err := s.m.Config(t.Context(), "acme")
	require.NoError(t, err)
	if c.Logins.Burst != 50 || !c.Live {
		t.Errorf("got %+v", c.Logins)
	}
	require.NoError(t, s.m.SetConfig(s.ana(), "acme", alerts.Config{}, why))
	s.fail(12, "leo")
	s.poll()
	s.alert("source_burst")
}
