package web

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/activitylog/activitylog"
)

// keptEvents is how many of the last events streams share. Who is further behind reads the log.
const keptEvents = 256

// follower follows the log once for all streams, and keeps the last events for them.
type follower struct {
	log    *activitylog.Log
	cancel context.CancelFunc
	ready  chan struct{} // closed when it knows where the log ends, or that it cannot follow
	done   chan struct{} // closed when it reads no more

	mu     sync.Mutex
	recent []activitylog.Tailed // as they were committed
	before activitylog.Position // right before the first of them
	moved  chan struct{}        // closed when something is new
	err    error                // why it follows no more
}

// errUnfollowed is why streams end whose follower failed. The host was told why.
var errUnfollowed = errors.New("the log is followed no more")

// newFollower follows the log from its end on, until stop. failed is told why it ended before, unless nobody waited for
// more than its beginning: they are told themselves.
func newFollower(log *activitylog.Log, failed func(error)) *follower {
	f := &follower{log: log, ready: make(chan struct{}), moved: make(chan struct{}), done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	go func() {
		defer close(f.done)
		begun := false
		err := guarded(func() error {
			_, end, err := log.Tail(ctx, activitylog.End, 1)
			if err != nil {
				return err
			}
			f.before, begun = end, true
			close(f.ready)
			return f.run(ctx, end)
		})
		if begun && ctx.Err() == nil && !errors.Is(err, activitylog.ErrClosed) {
			_ = guarded(func() error { failed(err); return nil }) // there is nobody else to tell
			err = errUnfollowed
		}
		f.end(err)
		if !begun {
			close(f.ready)
		}
	}()
	return f
}

// stop ends it, and returns when it reads no more: then the host may close its store.
func (f *follower) stop() {
	f.cancel()
	<-f.done
}

// guarded makes a panic an error. What panics is the store or what the host gave to the log; here nobody else would catch
// it, and it would end the process.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("web: following the log: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// run keeps what is committed, until the log says why no more comes.
func (f *follower) run(ctx context.Context, from activitylog.Position) error {
	for t, err := range f.log.Watch(ctx, from, activitylog.Filter{}) {
		if err != nil {
			return err
		}
		f.add(t)
	}
	return activitylog.ErrClosed
}

func (f *follower) add(t activitylog.Tailed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recent = append(f.recent, t); len(f.recent) == 2*keptEvents { // streams may hold parts of the old list
		f.before = f.recent[keptEvents-1].Position
		f.recent = slices.Clone(f.recent[keptEvents:])
	}
	close(f.moved)
	f.moved = make(chan struct{})
}

// end tells all streams that nothing comes any more.
func (f *follower) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	close(f.moved)
	f.moved = make(chan struct{})
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
