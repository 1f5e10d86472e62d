package monitor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// undelivered is a scene with one notice that waits.
func undelivered(t *testing.T) *scene {
	t.Helper()
	s := newScene(t, memory.New(), monitor.Options{})
	s.record(login("leo", "198.51.100.1", noon.AddDate(0, 0, -9)))
	s.fail(12, "leo")
	for range 2 {
		require.NoError(t, s.m.Poll(t.Context()))
	}
	return s
}

func TestDeliverAgain(t *testing.T) {
	t.Parallel()
	s := undelivered(t)
	s.inbox.setRefuse(true)
	for _, wait := range []time.Duration{0, 90 * time.Second, 3 * time.Minute} { // the first minute, then two, then four
		s.clock.add(wait)
		if err := s.m.Deliver(t.Context()); !errors.Is(err, errRefused) {
			t.Errorf("after %s: got %v", wait, err)
		}
		if err := s.m.Deliver(t.Context()); err != nil {
			t.Errorf("tried again at once: %v", err)
		}
	}
	s.inbox.setRefuse(false)
	s.clock.add(5 * time.Minute)
	for range 3 {
		require.NoError(t, s.m.Deliver(t.Context()))
	}
	got := s.inbox.get()
	require.Len(t, got, 1)
	e, err := s.log.Org("acme").Get(t.Context(), got[0].ID)
	require.NoError(t, err)
	if e.Action != "audit.alert.open" || !got[0].Time.Equal(e.Time) || got[0].Finding.Explanation != e.Message {
		t.Errorf("notice %+v of event %s %s", got[0], e.Action, e.Message)
	}
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	s := undelivered(t)
	s.inbox.setRefuse(true)
	require.Error(t, s.m.Deliver(t.Context()))
	s.clock.add(8 * 24 * time.Hour)
	if err := s.m.Deliver(t.Context()); err == nil || !strings.Contains(err.Error(), "given up") {
		t.Errorf("got %v", err)
	}
	s.inbox.setRefuse(false)
	s.clock.add(24 * time.Hour)
	require.NoError(t, s.m.Deliver(t.Context()))
	if n := len(s.inbox.get()); n > 0 {
		t.Errorf("%d notices", n)
	}
}

// TestKilledWhileSending has a monitor end after it sent a notice and before it noted that: the next one sends it again.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	s := undelivered(t)
	ctx, kill := context.WithCancel(t.Context())
	dying := &dying{inbox: s.inbox, kill: kill}
	m, err := monitor.New(s.log, &monitor.Options{Now: s.clock.Now, Notifier: dying})
	require.NoError(t, err)
	func() {
		defer func() { _ = recover() }()
		_ = m.Deliver(ctx)
	}()
	require.NoError(t, s.m.Deliver(t.Context()), "while the first one might still be at it")
	require.Len(t, s.inbox.get(), 1)
	s.clock.add(2 * time.Minute)
	require.NoError(t, s.m.Deliver(t.Context()))
	got := s.inbox.get()
	require.Len(t, got, 2)
	if got[0].ID != got[1].ID {
		t.Errorf("ids %s and %s", got[0].ID, got[1].ID)
	}
}

// dying panics after it sent, as good as a kill for what follows it.
type dying struct {
	*inbox
	kill context.CancelFunc
}

func (d *dying) Notify(ctx context.Context, n alerts.Notice) error {
	_ = d.inbox.Notify(ctx, n)
	d.kill()
	panic("killed")
}

// TestTwoMonitors has two monitors work at once on every store: each step is in the log once, each notice comes once.
func TestTwoMonitors(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store prunable) {
		s := newScene(t, store, monitor.Options{})
		all := []*monitor.Monitor{s.m, s.monitor(monitor.Options{})}
		s.record(login("leo", "198.51.100.1", noon.AddDate(0, 0, -9)))
		for _, address := range []string{"203.0.113.9", "203.0.113.10", "203.0.113.11"} {
			s.failFrom(12, "leo", address)
		}
		for range 3 {
			together(t, all, (*monitor.Monitor).Poll)
		}
		eventually(t, "three addresses are told", func() bool {
			together(t, all, (*monitor.Monitor).Poll)
			together(t, all, (*monitor.Monitor).Deliver)
			return strings.Count(s.told("source_burst"), "open") >= 3
		})
		s.clock.add(26 * time.Hour)
		eventually(t, "they are over", func() bool {
			together(t, all, (*monitor.Monitor).Poll)
			return s.steps()["audit.alert.resolve"] > 0
		})
		together(t, all, (*monitor.Monitor).Deliver)
		steps, list := s.steps(), 0
		found, err := s.m.Alerts(t.Context(), "acme")
		require.NoError(t, err)
		for _, a := range found {
			if a.Status != monitor.Resolved || a.Episode != 1 {
				t.Errorf("%s of %s is %s, episode %d", a.Kind, a.Subject, a.Status, a.Episode)
			}
			list++
		}
		if steps["audit.alert.open"] != list || steps["audit.alert.resolve"] != list {
			t.Errorf("%d alerts, but the log has %v", list, steps)
		}
		ids := map[uuid.UUID]bool{}
		for _, n := range s.inbox.get() {
			if ids[n.ID] {
				t.Errorf("notice %s came twice", n.ID)
			}
			ids[n.ID] = true
		}
	})
}

func together(t *testing.T, all []*monitor.Monitor, do func(*monitor.Monitor, context.Context) error) {
	t.Helper()
	var wg sync.WaitGroup
	for _, m := range all {
		wg.Go(func() {
			if err := do(m, t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	log := logOver(t, memory.New(), nil)
	for name, opts := range map[string]monitor.Options{
		"unknown severity": {Notify: "loud"}, "negative time": {PollEvery: -1}, "negative timeout": {NotifyTimeout: -1},
	} {
		if _, err := monitor.New(log, &opts); !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
