package activitylog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Pending is a submitted event on its way to the store. It is resolved exactly once, at the latest by Log.Close.
type Pending struct {
	id    uuid.UUID
	event Event
	done  chan struct{}
	err   error
}

// ID returns the id that the event has or will have.
func (p *Pending) ID() uuid.UUID { return p.id }

// Wait waits until the event is durable and returns nil, or returns why it is not, or the error of ctx.
func (p *Pending) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	default:
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queue holds submitted events between Submit and the store.
type queue struct {
	mu         sync.Mutex
	ch         chan *Pending // nil before the first Submit
	submitting sync.WaitGroup
	stopped    chan struct{} // closed when the worker has ended
	abort      chan struct{} // closed when Close gave up
	aborting   sync.Once
	draining   bool
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ch)
}

// Submit puts one event into a bounded queue and returns before it is stored; Pending.Wait tells the result. A full
// queue makes Submit wait until ctx ends, or fail with ErrBacklog where Options.Shed is set. An event that is not
// recorded in the end is counted in Stats, told to Options.OnLoss and, once recording works, noted in a gap event.
func (l *Log) Submit(ctx context.Context, e Event) (*Pending, error) {
	prepared, _, err := l.prepareAll(ctx, []Event{e})
	if err != nil {
		return nil, err
	}
	p := &Pending{id: prepared[0].ID, event: prepared[0], done: make(chan struct{})}
	ch, ok := l.startQueue()
	if !ok {
		return nil, l.refuse(p, ErrClosed)
	}
	defer l.queue.submitting.Done()
	select {
	case ch <- p:
		return p, nil
	default:
	}
	if l.opts.Shed {
		return nil, l.refuse(p, ErrBacklog)
	}
	select {
	case ch <- p:
		return p, nil
	case <-ctx.Done():
		return nil, l.refuse(p, fmt.Errorf("%w: %w", ErrBacklog, ctx.Err()))
	case <-l.closed:
		return nil, l.refuse(p, ErrClosed)
	}
}

func (l *Log) refuse(p *Pending, err error) error {
	l.lose([]Event{p.event}, err)
	return fmt.Errorf("activitylog: submit: %w", err)
}

// startQueue returns the queue, with its worker running, and counts the caller as submitting. It fails once closed.
func (l *Log) startQueue() (chan *Pending, bool) {
	l.recording.RLock()
	defer l.recording.RUnlock()
	select {
	case <-l.closed:
		return nil, false
	default:
	}
	q := &l.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ch == nil {
		q.ch = make(chan *Pending, l.opts.QueueSize)
		q.stopped, q.abort = make(chan struct{}), make(chan struct{})
		go l.work()
	}
	q.submitting.Add(1)
	return q.ch, true
}

// work takes what waits, stores it in shared transactions and resolves it, until the queue is closed and empty.
func (l *Log) work() {
	q := &l.queue
	defer close(q.stopped)
	for first := range q.ch {
		batch := []*Pending{first}
	more:
		for len(batch) < maxBatch {
			select {
			case p, ok := <-q.ch:
				if !ok {
					break more
				}
				batch = append(batch, p)
			default:
				break more
			}
		}
		l.deliver(batch)
	}
}

// retryPauses are the pauses between the attempts to store a submitted event. Ids make repeating safe.
var retryPauses = []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, time.Second}

func (l *Log) deliver(batch []*Pending) {
	for attempt := 0; ; attempt++ {
		var again []*Pending
		for i, err := range l.attempt(batch) {
			p := batch[i]
			switch {
			case err == nil:
				p.err = nil // of former attempts
				close(p.done)
			case attempt < len(retryPauses) && retryable(err):
				p.err = err
				again = append(again, p)
			default:
				l.fail(p, err)
			}
		}
		if batch = again; len(batch) == 0 {
			return
		}
		select {
		case <-time.After(retryPauses[attempt]):
		case <-l.queue.abort:
			for _, p := range batch {
				l.fail(p, fmt.Errorf("%w: %w", ErrClosed, p.err))
			}
			return
		}
	}
}

// attempt tries once to store what waits and returns the results in the same order.
func (l *Log) attempt(batch []*Pending) []error {
	errs := make([]error, len(batch))
	select {
	case <-l.queue.abort: // the host may have closed the store by now
		for i := range errs {
			errs[i] = ErrClosed
		}
		return errs
	default:
	}
	units := make([]*unit, len(batch))
	for i, p := range batch {
		units[i] = newUnit(context.Background(), []Event{p.event})
	}
	l.enqueue(units...)
	ctx, cancel := context.WithTimeout(context.Background(), l.opts.Timeout)
	defer cancel()
	for i, u := range units {
		select {
		case errs[i] = <-u.done:
		case <-ctx.Done():
			errs[i] = l.abandon(u)
		case <-l.queue.abort:
			if err := l.abandon(u); err != nil {
				errs[i] = fmt.Errorf("%w: %w", ErrClosed, err)
			}
		}
	}
	return errs
}

func retryable(err error) bool {
	return !errors.Is(err, ErrConflict) && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrClosed)
}

func (l *Log) fail(p *Pending, err error) {
	p.err = fmt.Errorf("activitylog: submitted event: %w", err)
	l.lose([]Event{p.event}, err)
	close(p.done)
}

// drain closes the queue and waits until the worker has written it, or gives up when ctx ends.
func (q *queue) drain(ctx context.Context) error {
	q.mu.Lock()
	started, first := q.ch != nil, !q.draining
	q.draining = started
	q.mu.Unlock()
	if !started {
		return nil
	}
	if first {
		q.submitting.Wait()
		close(q.ch)
	}
	select {
	case <-q.stopped:
		return nil
	case <-ctx.Done():
		q.aborting.Do(func() { close(q.abort) })
		<-q.stopped
		return ctx.Err()
	}
}
