package activitylog

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxBatch is how many events one transaction of the group commit takes; one RecordAll may be larger.
const maxBatch = 1000

// unit is what must be stored together: the events of one Record or RecordAll.
type unit struct {
	ctx    context.Context
	events []Event
	done   chan error  // gets exactly one result
	gone   atomic.Bool // nobody waits for the result any more
	fresh  bool        // for Options.Number
	stored func(error) // what that returned, or nil
}

func newUnit(ctx context.Context, events []Event) *unit {
	return &unit{ctx: context.WithoutCancel(ctx), events: events, done: make(chan error, 1)}
}

// committer lets concurrent callers share transactions. The first caller finds it idle and commits at once; what
// arrives meanwhile waits and goes into the next transaction together. There is no lingering: batches form by themselves.
type committer struct {
	mu      sync.Mutex
	busy    bool
	waiting []*unit
}

// commit stores events durably or returns why not. It gives up waiting after Options.Timeout.
func (l *Log) commit(ctx context.Context, events []Event, fresh bool) error {
	u := newUnit(ctx, events)
	u.fresh = fresh && l.opts.Number != nil
	l.enqueue(u)
	err := l.await(u)
	if u.stored != nil {
		u.stored(err)
	}
	return err
}

func (l *Log) await(u *unit) error {
	timer := time.NewTimer(l.opts.Timeout)
	defer timer.Stop()
	select {
	case err := <-u.done:
		return err
	case <-timer.C:
		return l.abandon(u)
	}
}

func (l *Log) enqueue(units ...*unit) {
	c := &l.commits
	c.mu.Lock()
	for _, u := range units {
		if u.fresh {
			u.stored = l.opts.Number(u.events)
		}
	}
	c.waiting = append(c.waiting, units...)
	lead := !c.busy
	c.busy = true
	c.mu.Unlock()
	if lead {
		// A goroutine of its own, so that a store that hangs in spite of its context cannot hang the caller.
		go l.lead()
	}
}

// abandon gives up on u. If no transaction took it yet it was certainly not stored.
func (l *Log) abandon(u *unit) error {
	c := &l.commits
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.waiting, u); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
		return ErrTimeout
	}
	select {
	case err := <-u.done:
		return err
	default:
		u.gone.Store(true)
		return fmt.Errorf("%w: %w", ErrTimeout, ErrOutcomeUnknown)
	}
}

// lead commits until nobody waits.
func (l *Log) lead() {
	for {
		batch := l.commits.take()
		if len(batch) == 0 {
			return
		}
		if l.append(batch) {
			l.recordGaps()
		}
		// Callers that were just answered may have more: let them queue, so that the next transaction takes them too.
		runtime.Gosched()
	}
}

// take returns the next units that share a transaction; with none left the committer is idle again.
func (c *committer) take() []*unit {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, events := 0, 0
	for n < len(c.waiting) && (n == 0 || events+len(c.waiting[n].events) <= maxBatch) {
		events += len(c.waiting[n].events)
		n++
	}
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	if len(c.waiting) == 0 {
		c.waiting = nil
	}
	c.busy = n > 0
	return batch
}

// append stores the units of a batch in one transaction and tells whether any was stored. If the batch is refused,
// each for which somebody still waits is tried alone, so that nobody fails for somebody else's event.
func (l *Log) append(batch []*unit) (stored bool) {
	events := batch[0].events
	if len(batch) > 1 {
		events = slices.Concat(eventsOf(batch)...)
	}
	err := l.appendEvents(batch[0].ctx, events)
	alone := len(batch) > 1 && err != nil && refused(err)
	for _, u := range batch {
		own := err
		if alone && !u.gone.Load() {
			own = l.appendEvents(u.ctx, u.events)
		}
		u.done <- own
		stored = stored || own == nil
	}
	return stored
}

func eventsOf(batch []*unit) [][]Event {
	lists := make([][]Event, len(batch))
	for i, u := range batch {
		lists[i] = u.events
	}
	return lists
}

// refused tells whether the store looked at the events and said no.
func refused(err error) bool {
	return !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrOutcomeUnknown)
}

func (l *Log) appendEvents(ctx context.Context, events []Event) error {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	err := l.store.Append(ctx, events)
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrConflict) {
			err = fmt.Errorf("%w: %w", ErrTimeout, err)
		}
		return err
	}
	l.mu.Lock()
	l.stats.Recorded += int64(len(events))
	l.mu.Unlock()
	l.wake.wakeAll()
	return nil
}
