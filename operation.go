package activitylog

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// Operation is an act whose intent is recorded before it is done, so that a crash in between leaves a trace.
type Operation struct {
	// Event is what End will record. The host may add to it what it learns: targets, changes, AI usage, and an Outcome,
	// which then wins over what End concludes. Its maps are never nil.
	Event Event

	log   *Log
	begun Event
	end   []Event // one, fixed by the first End that was valid, so that repeating it is safe
}

// Begin records durably that e has begun, as a pending event, before the host does it. End records how it ended. If
// that never comes, Sweep closes it as Unknown once Event.Expires, or else Options.Expiry, has passed.
func (l *Log) Begin(ctx context.Context, e Event) (*Operation, error) {
	fill(ctx, &e)
	intent := e
	now := l.opts.Now()
	intent.Outcome, intent.Time, intent.Message = InProgress, now, ""
	if intent.Expires.IsZero() {
		intent.Expires = now.Add(l.opts.Expiry)
	}
	prepared, _, err := l.prepareAll(ctx, []Event{intent})
	if err != nil {
		return nil, err
	}
	if err := l.take(ctx, "begin", prepared, intent.ID == uuid.Nil); err != nil {
		return nil, err
	}
	l.sweeper.start(l)
	op := &Operation{Event: prepared[0].Clone(), log: l, begun: prepared[0]}
	end := &op.Event
	end.ID, end.Time, end.Recorded, end.Expires = uuid.Nil, time.Time{}, time.Time{}, time.Time{}
	end.Outcome, end.Severity, end.Message = e.Outcome, e.Severity, e.Message // not those of an intent
	end.Leaf, end.Opening = nil, nil
	if end.Labels == nil {
		end.Labels = map[string]string{}
	}
	if end.Metadata == nil {
		end.Metadata = map[string]any{}
	}
	return op, nil
}

// ID returns the id of the pending event.
func (o *Operation) ID() uuid.UUID { return o.begun.ID }

// End records how the operation ended and returns the id of that event: Success without err, Denied where err wraps
// fs.ErrPermission, else Failure with the text of err as the reason. Calling it again repeats the same event, which is
// safe, unless the first was refused as invalid.
func (o *Operation) End(ctx context.Context, err error) (uuid.UUID, error) {
	if o.end == nil {
		e := o.Event
		e.ID = derivedID(o.begun.ID, "end")
		e.Completes = o.begun.ID
		now := o.log.opts.Now()
		e.Time, e.Duration = behind(o.begun.Time, now), max(0, now.Sub(o.begun.Time))
		if e.Outcome == "" || e.Outcome == InProgress {
			e.Outcome = outcomeOf(err)
		}
		if err != nil && e.Reason == "" {
			e.Reason = err.Error()
		}
		prepared, _, err := o.log.prepareAll(ctx, []Event{e})
		if err != nil {
			return uuid.Nil, err
		}
		o.end = prepared
	}
	return o.end[0].ID, o.log.take(ctx, "end", o.end, false)
}

// behind is t, or the moment after begun where the clock stood still or went back: in the log, an end follows its beginning.
func behind(begun, t time.Time) time.Time {
	if t.Sub(begun) < time.Microsecond {
		return begun.Add(time.Microsecond)
	}
	return t
}

func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, fs.ErrPermission):
		return Denied
	}
	return Failure
}

// clockSkew is how far the clocks of processes that share a log may be apart for Sweep to see every operation.
const clockSkew = 5 * time.Minute

// Sweep closes operations that expired without an end as Unknown and returns how many it closed. It may run in any
// number of processes at once. A Log that began an operation sweeps by itself, at once and then every minute.
func (l *Log) Sweep(ctx context.Context) (int, error) {
	l.sweeper.running.Lock()
	defer l.sweeper.running.Unlock()
	now := l.opts.Now()
	from, err := l.sweptTo(ctx)
	if err != nil {
		return 0, err
	}
	open := now // the oldest operation that may still end
	closed := 0
	var failed error
	f := OutcomeIs(InProgress).And(Since(from))
	for e, err := range l.AllOrgs().Events(ctx, Query{Filter: f, Order: Oldest}) {
		if err != nil {
			return closed, wrap("sweep", err)
		}
		n := 0
		if !e.Expires.After(now) {
			if n, err = l.closeAbandoned(ctx, e); err == nil {
				closed += n
				continue
			}
			if failed == nil {
				failed = err // one that cannot be closed must not keep the others open
			}
		}
		if e.Time.Before(open) {
			open = e.Time
		}
	}
	if failed == nil {
		failed = l.setSweptTo(ctx, open.Add(-clockSkew))
	}
	if failed != nil {
		return closed, wrap("sweep", failed)
	}
	return closed, nil
}

// closeAbandoned records that nobody knows how the operation of a pending event ended, unless it was ended or closed.
func (l *Log) closeAbandoned(ctx context.Context, begun Event) (int, error) {
	e := begun
	e.ID = derivedID(begun.ID, "abandoned")
	for _, id := range []uuid.UUID{derivedID(begun.ID, "end"), e.ID} {
		_, err := l.Org(begun.Org).Get(ctx, id)
		if err == nil {
			return 0, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return 0, err
		}
	}
	e.Completes, e.Outcome = begun.ID, Unknown
	e.Time, e.Expires = behind(begun.Time, begun.Expires), time.Time{}
	e.Severity, e.Message = "", ""
	e.Reason = "the operation was not ended before it expired"
	e.Leaf, e.Opening = nil, nil
	// Whoever sweeps has no part in it: the context must not fill in its actor, client or request.
	ctx = context.Background()
	if decision.Reserved(e.Action) { // as its beginning
		ctx = decision.With(ctx)
	}
	_, err := l.Record(ctx, e)
	if errors.Is(err, ErrConflict) { // another process closed it with another catalogue
		return 0, nil
	}
	return 1, err
}

// sweeper runs Sweep in the background once an operation has begun.
type sweeper struct {
	running sync.Mutex // one Sweep at a time
	swept   time.Time

	mu      sync.Mutex
	cancel  context.CancelFunc
	ended   bool
	stopped chan struct{} // closed when the goroutine has ended; nil before it began
}

const sweepEvery = time.Minute

func (s *sweeper) start(l *Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil || s.ended {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel, s.stopped = cancel, make(chan struct{})
	go func() {
		defer close(s.stopped)
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			l.Sweep(ctx) // what fails now is done by the next round
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// stop ends the background sweeps, those that an operation still under way would start too, and tells when they have.
func (s *sweeper) stop() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.cancel == nil {
		done := make(chan struct{})
		close(done)
		return done
	}
	s.cancel()
	return s.stopped
}

// sweepSpace remembers, where the store has spaces, how far back an unfinished operation may lie.
const sweepSpace = "activitylog/sweep"

func (l *Log) sweptTo(ctx context.Context) (time.Time, error) {
	if t := l.sweeper.swept; !t.IsZero() || l.can.spacer == nil {
		return later(t, minTime), nil
	}
	from := minTime
	err := l.can.spacer.Space(sweepSpace).View(ctx, func(tx SpaceTx) error {
		v, ok, err := tx.Get([]byte("from"))
		if ok && err == nil {
			return from.UnmarshalText(v)
		}
		return err
	})
	return from, err
}

func (l *Log) setSweptTo(ctx context.Context, t time.Time) error {
	if !t.After(l.sweeper.swept) {
		return nil
	}
	l.sweeper.swept = t
	if l.can.spacer == nil {
		return nil
	}
	return l.can.spacer.Space(sweepSpace).Update(ctx, func(tx SpaceTx) error {
		v, err := t.MarshalText()
		if err != nil {
			return err
		}
		return tx.Put([]byte("from"), v)
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
