package web

import (
	"context"
	"slices"
	"sync"

	"github.com/activitylog/activitylog"
)

// kept is how many of the last events streams share. Who is further behind reads the log.
const keptEvents = 256

// follower follows the log once for all streams, and keeps the last events for them.
type follower struct {
	log  *activitylog.Log
	stop context.CancelFunc

	mu     sync.Mutex
	recent []activitylog.Tailed // as they were committed
	before activitylog.Position // right before the first of them
	moved  chan struct{}        // closed when something is new
	err    error                // why it follows no more
}

// newFollower follows the log from its end on, until stop.
func newFollower(ctx context.Context, log *activitylog.Log) (*follower, error) {
	_, end, err := log.Tail(ctx, activitylog.End, 1)
	if err != nil {
		return nil, err
	}
	f := &follower{log: log, before: end, moved: make(chan struct{})}
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	go f.run(ctx, end)
	return f, nil
}

func (f *follower) run(ctx context.Context, from activitylog.Position) {
	for t, err := range f.log.Watch(ctx, from, activitylog.Filter{}) {
		f.mu.Lock()
		if f.err = err; err == nil {
			f.recent = append(f.recent, t)
		}
		if len(f.recent) == 2*keptEvents { // streams may hold parts of the old list
			f.before = f.recent[keptEvents-1].Position
			f.recent = slices.Clone(f.recent[keptEvents:])
		}
		close(f.moved)
		f.moved = make(chan struct{})
		f.mu.Unlock()
	}
}

// head is the position behind all that it has seen.
func (f *follower) head() activitylog.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.recent); n > 0 {
		return f.recent[n-1].Position
	}
	return f.before
}

// ended is why it follows no more; nil: it does.
func (f *follower) ended() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// after returns the events behind a position and the position behind them, and what is closed when there are more. more
// tells that there are more already.
func (f *follower) after(ctx context.Context, at activitylog.Position) (events []activitylog.Tailed, next activitylog.Position, more bool, moved <-chan struct{}, err error) {
	f.mu.Lock()
	i := slices.IndexFunc(f.recent, func(t activitylog.Tailed) bool { return t.Position == at })
	events, moved, err = f.recent[i+1:], f.moved, f.err
	known := i >= 0 || at == f.before
	f.mu.Unlock()
	switch {
	case err != nil:
		return nil, at, false, moved, err
	case known && len(events) > 0:
		return events, events[len(events)-1].Position, false, moved, nil
	case known:
		return nil, at, false, moved, nil
	}
	const batch = 200
	events, next, err = f.log.Tail(ctx, at, batch)
	return events, next, len(events) == batch, moved, err
}
