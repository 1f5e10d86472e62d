package monitor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Options are the choices of a host. The zero value is ready to use, and tells nobody.
type Options struct {
	// Notifier tells people; nil: the log says it all. Of several monitors of one log, all should have one, or none.
	Notifier Notifier
	// Notify is the least severity of which people are told; default Medium. All findings become alerts in the log.
	Notify activitylog.Severity
	// Config is how an organization is judged for which nothing was set; nil: the recommended defaults.
	Config func(org string) alerts.Config
	// Zone is the time zone of an organization's days, as in activitylog.Options; nil, or a nil result, means UTC.
	Zone func(org string) *time.Location
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Watch, if set, is called by Poll, at most once a minute, and may record what it sees, such as integrity.Watch does
	// when the log is not sealed any more: then nobody else would tell.
	Watch func(ctx context.Context) error
	// PollEvery is how often Run looks for new events; default one second.
	PollEvery time.Duration
	// NotifyTimeout bounds one call of the Notifier; default 30 seconds.
	NotifyTimeout time.Duration
	// OnError is told what Run could not do and will try again, one call at a time; nil: nobody is.
	OnError func(error)
}

// Notifier tells people of alerts. It must bear to get a notice twice, with the same ID, and to be called by several
// goroutines. After an error the notice is tried again, later and later, for a week.
type Notifier interface {
	Notify(ctx context.Context, n alerts.Notice) error
}

// Monitor follows a log. It is safe for concurrent use, and so are several monitors of one log in one or more processes.
type Monitor struct {
	log     *activitylog.Log
	rollups *Rollups
	opts    Options

	polling sync.Mutex // one poll at a time
	watched time.Time
	urgent  map[string]bool
	hour    time.Time            // up to which all organizations were judged
	begun   bool                 // whether all organizations were looked at since this monitor began
	seen    map[string]time.Time // by fingerprint: the end of the last window that was found
	reloads int                  // of the roll-ups, when the cache was filled

	mu    sync.Mutex
	cache map[string]*state // by organization, as long as no decision came
}

// New returns a monitor, or an error that wraps errors.ErrUnsupported where the log's store cannot be followed or keeps
// no computed state. It does nothing before Run or Poll.
func New(log *activitylog.Log, opts *Options) (*Monitor, error) {
	rollups, err := NewRollups(log)
	if err != nil {
		return nil, err
	}
	m := &Monitor{log: log, rollups: rollups, urgent: map[string]bool{}, seen: map[string]time.Time{}, cache: map[string]*state{}}
	if opts != nil {
		m.opts = *opts
	}
	if m.opts.Notify == "" {
		m.opts.Notify = activitylog.Medium
	}
	if _, ok := severities[m.opts.Notify]; !ok {
		return nil, fmt.Errorf("monitor: %w: severity %q; use info, low, medium, high or critical", activitylog.ErrInvalid, m.opts.Notify)
	}
	if min(m.opts.PollEvery, m.opts.NotifyTimeout) < 0 {
		return nil, fmt.Errorf("monitor: %w: durations in Options must not be negative", activitylog.ErrInvalid)
	}
	if m.opts.Now == nil {
		m.opts.Now = time.Now
	}
	if m.opts.PollEvery == 0 {
		m.opts.PollEvery = time.Second
	}
	if m.opts.NotifyTimeout == 0 {
		m.opts.NotifyTimeout = 30 * time.Second
	}
	return m, nil
}

// Rollups are the figures that the monitor keeps.
func (m *Monitor) Rollups() *Rollups { return m.rollups }

func (m *Monitor) now() time.Time { return m.opts.Now().UTC().Truncate(time.Microsecond) }

// Run polls and delivers until ctx ends, and returns its error. What fails is told to OnError and tried again.
func (m *Monitor) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	failed := make(chan error)
	loop := func(do func(context.Context) error) {
		wait := time.NewTimer(0)
		defer wait.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-wait.C:
			}
			if err := do(ctx); err != nil && ctx.Err() == nil {
				select {
				case failed <- err:
				case <-ctx.Done():
				}
			}
			wait.Reset(m.opts.PollEvery)
		}
	}
	wg.Go(func() { loop(m.Poll) })
	wg.Go(func() { loop(m.Deliver) }) // a slow receiver keeps nobody from judging
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			if m.opts.OnError != nil {
				m.opts.OnError(err)
			}
		}
	}
}

// Poll does what is due now: it folds new events, judges the urgent rules where events came that concern them, and all
// rules of all organizations once an hour, five minutes past it. What is found goes into the log. Hosts that have a
// scheduler of their own call Poll and Deliver in place of Run.
func (m *Monitor) Poll(ctx context.Context) error {
	m.polling.Lock()
	defer m.polling.Unlock()
	watching := m.watch(ctx)
	for more := true; more; {
		b, err := m.rollups.advance(ctx)
		if err != nil {
			return errors.Join(watching, err)
		}
		m.look(b)
		more = b.more
	}
	return errors.Join(watching, m.judgeUrgent(ctx), m.judgeHour(ctx))
}

// watch calls Options.Watch when its time has come.
func (m *Monitor) watch(ctx context.Context) error {
	now := m.now()
	if m.opts.Watch == nil || now.Sub(m.watched) < time.Minute {
		return nil
	}
	m.watched = now
	return m.opts.Watch(ctx)
}

// look finds out which organizations the new events concern.
func (m *Monitor) look(b *batch) {
	if n := m.rollups.reloaded(); n != m.reloads { // somebody else folded events that were not seen here
		m.reloads = n
		m.forgetAll()
	}
	for org := range b.decided {
		m.forget(org)
	}
	for org := range b.urgent {
		m.urgent[org] = true
	}
}
