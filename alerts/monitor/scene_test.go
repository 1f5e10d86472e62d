package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/stretchr/testify/require"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) add(d time.Duration) { c.set(c.Now().Add(d)) }

// inbox is a notifier that keeps what it gets, or refuses it.
type inbox struct {
	mu      sync.Mutex
	notices []alerts.Notice
	refuse  bool
}

var errRefused = errors.New("refused")

func (i *inbox) Notify(_ context.Context, n alerts.Notice) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.refuse {
		return errRefused
	}
	i.notices = append(i.notices, n)
	return nil
}

func (i *inbox) get() []alerts.Notice {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]alerts.Notice(nil), i.notices...)
}

func (i *inbox) setRefuse(v bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refuse = v
}

// scene is a log with a monitor, at a time.
type scene struct {
	testing.TB
	clock *clock
	log   *activitylog.Log
	inbox *inbox
	m     *monitor.Monitor
}

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func newScene(t testing.TB, store activitylog.Store, opts monitor.Options) *scene {
	t.Helper()
	s := &scene{TB: t, clock: &clock{now: noon}, inbox: &inbox{}}
	s.log = logOver(t, store, s.clock.Now)
	s.m = s.monitor(opts)
	return s
}

// monitor makes one more monitor of the log.
func (s *scene) monitor(opts monitor.Options) *monitor.Monitor {
	s.Helper()
	opts.Now, opts.Notifier = s.clock.Now, s.inbox
	m, err := monitor.New(s.log, &opts)
	require.NoError(s, err)
	return m
}

// fail records n refused sign-ins to account from one address, a second apart, ending now.
func (s *scene) fail(n int, account string) { s.failFrom(n, account, "203.0.113.9") }

func (s *scene) failFrom(n int, account, address string) {
	s.Helper()
	var events []activitylog.Event
	for i := range n {
		e := login(account, address, s.clock.Now().Add(time.Duration(i-n)*time.Second))
		e.Outcome = activitylog.Failure
		events = append(events, e)
	}
	s.record(events...)
}

func login(account, address string, at time.Time) activitylog.Event {
	return activitylog.Event{
		Org: "acme", Time: at, Action: "auth.login", Actor: activitylog.Actor{Type: activitylog.User, ID: account},
		Client: activitylog.Client{IP: netip.MustParseAddr(address)},
	}
}

func (s *scene) record(events ...activitylog.Event) {
	s.Helper()
	_, err := s.log.RecordAll(s.Context(), events)
	require.NoError(s, err)
}

// poll lets the monitor do what is due, twice: what it decides comes back to it as an event.
func (s *scene) poll() {
	s.Helper()
	for range 2 {
		require.NoError(s, s.m.Poll(s.Context()))
	}
	require.NoError(s, s.m.Deliver(s.Context()))
}

// alert returns the only alert of the kind.
func (s *scene) alert(kind string) monitor.Alert {
	s.Helper()
	list, err := s.m.Alerts(s.Context(), "acme")
	require.NoError(s, err)
	var found []monitor.Alert
	for _, a := range list {
		if a.Kind == kind {
			found = append(found, a)
		}
	}
	require.Len(s, found, 1, "alerts of kind %s", kind)
	return found[0]
}

// told are the transitions of all notices about a kind.
func (s *scene) told(kind string) string {
	text := ""
	for _, n := range s.inbox.get() {
		if n.Finding.Kind == kind {
			text += fmt.Sprintf("%s:%s ", n.Transition, n.Finding.Severity)
		}
	}
	return text
}

// steps counts the events of alerts by action.
func (s *scene) steps() map[string]int {
	s.Helper()
	n := map[string]int{}
	for e, err := range s.log.Org("acme").Events(s.Context(), activitylog.Query{Filter: activitylog.ActionUnder("audit.alert")}) {
		require.NoError(s, err)
		n[e.Action]++
	}
	return n
}

// ana returns a context in which she acts.
func (s *scene) ana() context.Context {
	return activitylog.WithActor(s.Context(), activitylog.Actor{Type: activitylog.User, ID: "ana"})
}

const why = "I know of it"
