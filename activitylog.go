package activitylog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// Options are the choices of a host. The zero value is ready to use.
type Options struct {
	Catalog    *Catalog // nil: DefaultCatalog
	Strict     bool     // refuse actions that the catalogue does not hold
	DefaultOrg string   // for events that name no organization
	Limits     Limits

	// Timeout bounds how long Record, RecordAll, End and one attempt of the queue wait for the store. Default 10s.
	Timeout time.Duration
	// QueueSize is how many submitted events may wait; default 1024. Full, Submit blocks, or fails with ErrBacklog if Shed.
	QueueSize int
	Shed      bool
	// OnLoss is told of submitted events that could not be recorded, from the goroutine that lost them. It may record
	// them elsewhere or here, but must not Submit or Close, which would wait for it.
	OnLoss func(Loss)

	// Zone is the time zone in which the days of an organization begin; nil, or a nil result, means UTC.
	Zone func(org string) *time.Location
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Redact takes out of an event what must not be stored; package redact has policies. It runs on every event, also on
	// those of Submit, RecordTx, Begin, End and of the log itself, on a copy that the context has completed, before
	// anything is cut, hashed or stored. Metadata and changes come in their JSON form: nil, bool, string, json.Number,
	// []any or map[string]any. Its error or panic refuses the event. It must be safe for concurrent use, and must leave
	// an event alone that it has seen before, since operations and retries bring them again.
	Redact func(e *Event) error
	// Stamp runs last before events are stored and may set their Leaf and Opening. Its error refuses them all.
	Stamp func(events []Event) error
	// Number runs behind Stamp when events take their place in the order of the log's own transactions, one call at a
	// time, and may complete their Leaf. It gets only events that are stored once or never: with ids that Record,
	// RecordAll or Begin minted. What it returns, unless nil, is told whether they were stored.
	Number func(events []Event) (stored func(error))

	// Examine is how many rows a page may look at in vain where no index serves the filter; default 10,000.
	Examine int
	// PollEvery is how often Watch looks for commits that were not made through this Log; default 500ms.
	PollEvery time.Duration
	// Expiry is when an operation of Begin counts as abandoned, unless the event says so itself; default 15 minutes.
	Expiry time.Duration
}

// Log records and reads events. It is safe for concurrent use. Close it, so that submitted events are written.
type Log struct {
	store   Store
	can     capabilities
	opts    Options
	catalog *Catalog
	ids     minter
	wake    broadcast
	commits committer
	queue   queue
	losses  losses
	sweeper sweeper

	closing   sync.Once
	closed    chan struct{} // closed by Close, first of all
	inFlight  sync.WaitGroup
	recording sync.RWMutex // held shared while an event is taken, so that Close waits for those that were

	mu       sync.Mutex
	recorded time.Time // of the newest event, so that Recorded never goes back within one Log
	stats    Stats
}

// Stats are counters since New.
type Stats struct {
	Recorded int64 // events that were stored
	Lost     int64 // submitted events that were not; each was told to OnLoss and stands in a gap event
	Queued   int   // submitted events that wait
}

// New returns a log over a store. The store stays the caller's: Close does not close it. nil options mean defaults.
func New(store Store, opts *Options) (*Log, error) {
	if store == nil {
		return nil, invalid("a log needs a store")
	}
	o := Options{}
	if opts != nil {
		o = *opts
	}
	o.Limits = o.Limits.withDefaults()
	if err := o.Limits.validate(); err != nil {
		return nil, err
	}
	if min(o.Timeout, o.PollEvery, o.Expiry) < 0 || min(o.QueueSize, o.Examine) < 0 {
		return nil, invalid("durations and sizes in Options must not be negative")
	}
	setDefault(&o.Timeout, 10*time.Second)
	setDefault(&o.PollEvery, 500*time.Millisecond)
	setDefault(&o.Expiry, 15*time.Minute)
	setDefault(&o.QueueSize, 1024)
	setDefault(&o.Examine, 10_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{store: store, can: resolve(store), opts: o, catalog: o.Catalog, closed: make(chan struct{})}
	if l.catalog == nil {
		l.catalog = DefaultCatalog()
	}
	if _, ok := l.catalog.Lookup(gapAction); !ok { // the log itself needs it
		gap, _ := DefaultCatalog().Lookup(gapAction)
		l.catalog, _ = l.catalog.With(gap)
	}
	return l, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Record stores one event and returns its id. A nil error means that the event is durable. The end of ctx does not
// stop a record once it has begun, but the store has Options.Timeout. With an error that wraps ErrOutcomeUnknown the
// event may be stored; recording it again under the returned id is safe. Decisions about the log itself
// (audit.config, audit.hold, audit.review) are refused here: the packages that make them record them. An import may
// repeat them as Backfill; then they are history and decide nothing.
func (l *Log) Record(ctx context.Context, e Event) (uuid.UUID, error) {
	ids, err := l.RecordAll(ctx, []Event{e})
	if len(ids) == 1 {
		return ids[0], err
	}
	return uuid.Nil, err
}

// RecordAll stores all events or none and returns their ids, in order. See Record.
func (l *Log) RecordAll(ctx context.Context, events []Event) ([]uuid.UUID, error) {
	if len(events) == 0 {
		return nil, nil
	}
	prepared, ids, err := l.prepareAll(ctx, events)
	if err != nil {
		return ids, err
	}
	fresh := !slices.ContainsFunc(events, func(e Event) bool { return e.ID != uuid.Nil })
	return ids, l.take(ctx, "record", prepared, fresh)
}

// take stores prepared events durably, or says why not and what was tried. Fresh events have ids minted for them.
func (l *Log) take(ctx context.Context, tried string, prepared []Event, fresh bool) error {
	if !l.begin() {
		return fmt.Errorf("activitylog: %w", ErrClosed)
	}
	defer l.inFlight.Done()
	if err := l.commit(ctx, prepared, fresh); err != nil {
		return wrap(tried, err)
	}
	return nil
}

// RecordTx stores one event inside the host's transaction: it becomes durable when the host commits, and vanishes when
// the host rolls back. Options.Timeout does not apply; ctx does, since it is the host's transaction.
func (l *Log) RecordTx(ctx context.Context, tx Tx, e Event) (uuid.UUID, error) {
	if l.can.tx == nil {
		return uuid.Nil, unsupported("record in a transaction of the host")
	}
	prepared, ids, err := l.prepareAll(ctx, []Event{e})
	if err != nil {
		return uuid.Nil, err
	}
	if !l.begin() {
		return uuid.Nil, fmt.Errorf("activitylog: %w", ErrClosed)
	}
	defer l.inFlight.Done()
	if err := l.can.tx.AppendTx(ctx, tx, prepared); err != nil {
		return ids[0], fmt.Errorf("activitylog: record in transaction: %w", err)
	}
	return ids[0], nil
}

// begin tells whether the log still takes events, and if so keeps Close waiting until inFlight.Done.
func (l *Log) begin() bool {
	l.recording.RLock()
	defer l.recording.RUnlock()
	select {
	case <-l.closed:
		return false
	default:
		l.inFlight.Add(1)
		return true
	}
}

// prepareAll makes events ready to store. The ids are known as soon as they could be read or minted.
func (l *Log) prepareAll(ctx context.Context, events []Event) ([]Event, []uuid.UUID, error) {
	prepared := make([]Event, len(events))
	ids := make([]uuid.UUID, len(events))
	for i := range events {
		e, err := l.prepare(ctx, events[i])
		if err != nil {
			if len(events) > 1 {
				err = wrap(fmt.Sprintf("event %d of %d", i+1, len(events)), err)
			}
			return nil, nil, err
		}
		prepared[i], ids[i] = e, e.ID
	}
	if l.opts.Stamp != nil {
		if err := l.opts.Stamp(prepared); err != nil {
			return nil, nil, fmt.Errorf("activitylog: stamp: %w", err)
		}
	}
	return prepared, ids, nil
}

// Times outside are refused: all stores can order what lies between.
var (
	minTime = time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC)
)

func inRange(t time.Time) bool { return !t.Before(minTime) && t.Before(maxTime) }

// prepare completes, cleans and checks one event.
func (l *Log) prepare(ctx context.Context, e Event) (Event, error) {
	fill(ctx, &e)
	if e.Org == "" {
		e.Org = l.opts.DefaultOrg
	}
	now := l.opts.Now().UTC().Truncate(time.Microsecond)
	if e.ID == uuid.Nil {
		e.ID = l.ids.mint(now)
	}
	if e.Time.IsZero() {
		e.Time = now
		if t, ok := idTime(e.ID); ok {
			e.Time = t
		}
	}
	if l.opts.Redact != nil {
		if err := e.redact(l.opts.Redact); err != nil {
			return e, err
		}
	}
	e.Time = e.Time.UTC().Truncate(time.Microsecond)
	e.Duration = e.Duration.Truncate(time.Microsecond)
	if !e.Expires.IsZero() {
		e.Expires = e.Expires.UTC().Truncate(time.Microsecond)
	}
	if e.Outcome == "" {
		e.Outcome = Success
	}
	if e.Actor.Type == "" && e.Actor.ID != "" {
		e.Actor.Type = User
	}
	switch {
	case decision.Reserved(e.Action) && !e.Backfill && !decision.In(ctx):
		return e, invalid("action %s is a decision about the log; use the package that makes it, such as retention or review", e.Action)
	case e.Org == "":
		return e, invalid("event has no organization; set Event.Org, WithOrg or Options.DefaultOrg")
	case e.Action == "":
		return e, invalid("event has no action; set Event.Action, such as \"project.create\"")
	case e.Actor.Type == "":
		return e, invalid("event has no actor; set Event.Actor or WithActor, with type System or Anonymous if nobody acted")
	case e.Actor.ID == "" && e.Actor.Type != System && e.Actor.Type != Anonymous:
		return e, invalid("actor of type %s has no ID; only system and anonymous actors may go without", e.Actor.Type)
	case !inRange(e.Time):
		return e, invalid("time %s is out of range; use 1700 to 2249", e.Time.Format(time.RFC3339))
	case !e.Expires.IsZero() && !inRange(e.Expires):
		return e, invalid("Expires %s is out of range; use 1700 to 2249", e.Expires.Format(time.RFC3339))
	case e.Outcome == InProgress && e.Expires.IsZero():
		return e, invalid("a pending event needs Expires; use Log.Begin")
	}
	c := newCleaner(e, l.opts.Limits)
	if err := c.clean(); err != nil {
		return *c.e, err
	}
	// After cleaning, so that the message is made of what is kept.
	if err := l.catalog.complete(c.e, l.opts.Strict); err != nil {
		return *c.e, err
	}
	if len(c.e.Message) > l.opts.Limits.Message {
		c.e.Message = cutText(c.e.Message, l.opts.Limits.Message)
	}
	c.e.Recorded = l.recordedNow(now)
	c.fit()
	return *c.e, nil
}

// recordedNow is now, but never before the time it returned last.
func (l *Log) recordedNow(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.recorded) {
		return l.recorded
	}
	l.recorded = now
	return now
}

// Stats returns the counters.
func (l *Log) Stats() Stats {
	queued := l.queue.len()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued = queued
	return s
}

// Close stops taking events, writes what was submitted and not yet told of losses, and waits for all that was under
// way, until ctx ends: what was still queued then is lost, counted and told to OnLoss. Every Pending is resolved. Close
// may be called again.
func (l *Log) Close(ctx context.Context) error {
	l.closing.Do(func() {
		l.recording.Lock()
		close(l.closed)
		l.recording.Unlock()
	})
	swept := l.sweeper.stop()
	err := l.queue.drain(ctx)
	drained := err == nil
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-swept
		l.inFlight.Wait()
		if drained {
			l.recordGaps()
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("activitylog: close: %w", err)
	}
	return nil
}

// broadcast wakes everybody who waits at a moment.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) wakeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
