package activitylog

import (
	"context"
	"fmt"
	"iter"
	"time"
)

const tailBatch = 500

// Watch follows all organizations; see Reader.Watch.
func (l *Log) Watch(ctx context.Context, after Position, f Filter) iter.Seq2[Tailed, error] {
	return l.AllOrgs().Watch(ctx, after, f)
}

// Tail returns what is there now behind a position, up to limit events, and the position to go on from; see Tailer.
func (l *Log) Tail(ctx context.Context, after Position, limit int) ([]Tailed, Position, error) {
	if l.can.tailer == nil {
		return nil, "", unsupported("be followed")
	}
	events, next, err := l.can.tailer.Tail(ctx, after, limit)
	if err != nil {
		return nil, "", fmt.Errorf("activitylog: tail: %w", err)
	}
	return events, next, nil
}

// TailBrief is Tail for whoever makes figures: it calls f with at least the parts of each event that Event.UnmarshalBrief
// reads, and the position behind it, and returns the position to go on from. more says of which events the longer form
// is needed; it sees Org, Category, Action and Outcome. The event holds until f returns, which must not use the log; what
// it points to holds longer. A store that has a method of this form is asked by it, others by Tail.
func (l *Log) TailBrief(ctx context.Context, after Position, limit int, more func(*Event) bool, f func(*Event, Position)) (Position, error) {
	if l.can.brief == nil {
		events, next, err := l.Tail(ctx, after, limit)
		for i := range events {
			f(&events[i].Event, events[i].Position)
		}
		return next, err
	}
	next, err := l.can.brief.TailBrief(ctx, after, limit, more, f)
	if err != nil {
		return "", fmt.Errorf("activitylog: tail: %w", err)
	}
	return next, nil
}

// follow yields every event behind after and waits for more. A commit of this Log wakes it at once, one of another
// process or of the host's transaction is found by polling.
func (l *Log) follow(ctx context.Context, after Position) iter.Seq2[Tailed, error] {
	return func(yield func(Tailed, error) bool) {
		poll := time.NewTimer(0)
		defer poll.Stop()
		for {
			woken := l.wake.wait() // taken before reading, so that no commit falls between
			events, next, err := l.Tail(ctx, after, tailBatch)
			if err != nil {
				if ctx.Err() != nil {
					err = ctx.Err()
				}
				yield(Tailed{}, err)
				return
			}
			for _, t := range events {
				if !yield(t, nil) {
					return
				}
			}
			after = next
			if len(events) == tailBatch {
				continue
			}
			poll.Reset(l.opts.PollEvery)
			select {
			case <-ctx.Done():
				yield(Tailed{}, ctx.Err())
				return
			case <-l.closed:
				yield(Tailed{}, fmt.Errorf("activitylog: %w", ErrClosed))
				return
			case <-woken:
			case <-poll.C:
			}
		}
	}
}
