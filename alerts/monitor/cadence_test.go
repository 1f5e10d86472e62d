package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// messages are n of one actor, ten seconds apart from a time on.
func messages(actor string, n int, from time.Time) []activitylog.Event {
	events := make([]activitylog.Event, n)
	for i := range events {
		events[i] = activitylog.Event{
			Org: "acme", Action: "ai.message.send", Time: from.Add(time.Duration(i) * 10 * time.Second),
			Actor: activitylog.Actor{Type: activitylog.User, ID: actor},
		}
	}
	return events
}

// habit has actors send a few messages on each of the last thirty days.
func (s *scene) habit(actors ...string) {
	s.Helper()
	for _, a := range actors {
		for day := 1; day <= 30; day++ {
			s.record(messages(a, 8+day%3, noon.AddDate(0, 0, -day).Add(-2*time.Hour))...)
		}
	}
}

// spikes are the subjects of all alerts about volume, sorted.
func (s *scene) spikes() []string {
	s.Helper()
	list, err := s.m.Alerts(s.Context(), "acme")
	require.NoError(s, err)
	var subjects []string
	for _, a := range list {
		if a.Rule == alerts.VolumeSpikes {
			subjects = append(subjects, a.Subject)
		}
	}
	slices.Sort(subjects)
	return subjects
}

// TestCadence judges days five minutes past each hour, and windows again as long as late events can change them.
func TestCadence(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	s.habit("ana", "leo", "mia", "old")
	s.clock.set(noon.Add(6 * time.Minute)) // the hour before is judged
	s.poll()
	require.Empty(t, s.spikes())

	tests := []struct {
		name  string
		now   time.Duration // since noon
		do    func()
		found []string
	}{
		{"a spike", 10 * time.Minute, func() { s.record(messages("ana", 200, noon)...) }, nil},
		{"the hour is not over", 64 * time.Minute, nil, nil},
		{"five minutes past", 65 * time.Minute, nil, []string{"ana"}},
		{"a late spike", 80 * time.Minute, func() { s.record(messages("leo", 200, noon.AddDate(0, 0, -2))...) }, []string{"ana"}},
		{"the next hour", 125 * time.Minute, nil, []string{"ana", "leo"}},
		{"too late", 130 * time.Minute, func() { s.record(messages("old", 200, noon.AddDate(0, 0, -5))...) }, []string{"ana", "leo"}},
		{"an hour on", 190 * time.Minute, nil, []string{"ana", "leo"}},
	}
	for _, tt := range tests {
		s.clock.set(noon.Add(tt.now))
		if tt.do != nil {
			tt.do()
		}
		s.poll()
		if got := s.spikes(); !slices.Equal(got, tt.found) {
			t.Errorf("%s: found %v, want %v", tt.name, got, tt.found)
		}
	}
	opened := s.steps()
	s.m = s.monitor(monitor.Options{}) // began anew, it decides nothing again
	s.poll()
	if got := s.steps(); fmt.Sprint(got) != fmt.Sprint(opened) {
		t.Errorf("after a restart %v, before %v", got, opened)
	}
}

// TestDowntime finds what happened while no monitor ran.
func TestDowntime(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	s.habit("ana")
	s.poll()
	s.record(messages("ana", 200, noon.Add(time.Hour))...)
	s.clock.add(9 * 24 * time.Hour)
	s.m = s.monitor(monitor.Options{})
	s.poll()
	if got := s.spikes(); !slices.Equal(got, []string{"ana"}) {
		t.Errorf("found %v", got)
	}
}

// TestFirstMonitor says nothing of the long past of a log that it sees for the first time, and nothing of imports.
func TestFirstMonitor(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	s.habit("ana", "leo")
	s.record(messages("ana", 200, noon.AddDate(0, 0, -8))...)
	imported := messages("leo", 200, noon.AddDate(0, 0, -1))
	for i := range imported {
		imported[i].Backfill = true
	}
	s.record(imported...)
	s.poll()
	if got := s.spikes(); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

// TestRun follows by itself, tells, bears a receiver that fails, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, err := activitylog.New(memory.New(), nil)
		require.NoError(t, err)
		defer log.Close(context.Background())
		box := &inbox{refuse: true}
		var failed []error
		m, err := monitor.New(log, &monitor.Options{Notifier: box, OnError: func(err error) { failed = append(failed, err) }})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx) }()

		known := login("leo", "198.51.100.1", time.Now().AddDate(0, 0, -5))
		_, err = log.Record(t.Context(), known)
		require.NoError(t, err)
		for range 12 {
			e := login("leo", "203.0.113.9", time.Now())
			e.Outcome = activitylog.Failure
			_, err = log.Record(t.Context(), e)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(failed) == 0 || !errors.Is(failed[0], errRefused) {
			t.Errorf("errors: %v", failed)
		}
		box.setRefuse(false)
		time.Sleep(3 * time.Minute)
		told := map[string]int{}
		for _, n := range box.get() {
			told[n.Finding.Kind]++
		}
		if told["source_burst"] != 1 {
			t.Errorf("told %v", told)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
}
