package web_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// brittle is a store that can be followed until it breaks or stops to answer.
type brittle struct {
	*memory.Store
	broken atomic.Bool
	silent chan struct{} // holds Tail up until it is closed; nil: nothing does
	slow   time.Duration // for how long Tail goes on after it was told to end
	reads  atomic.Int32  // how many Tails run
}

func (b *brittle) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	b.reads.Add(1)
	defer b.reads.Add(-1)
	if b.broken.Load() {
		panic("the store is broken")
	}
	if b.silent != nil {
		select {
		case <-b.silent:
		case <-ctx.Done():
			time.Sleep(b.slow) // of a test's own clock
			return nil, "", ctx.Err()
		}
	}
	return b.Store.Tail(ctx, after, limit)
}

// A panic while the log is followed ends all streams with a word, is told once, and ends nothing else.
func TestPanicOfAFollowerEndsItsStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &brittle{Store: memory.New()}
		r := newRigOver(t, store, nil, org(access.View))
		const target = "/orgs/acme/api/v1/stream"
		streams := []*listener{listen(t, r.pages, target), listen(t, r.pages, target), listen(t, r.pages, target)}
		for _, l := range streams {
			require.NotEmpty(t, l.next())
		}
		store.broken.Store(true)
		r.record("acme", "", "leo", 0)
		for _, l := range streams {
			got := l.next()
			require.Equal(t, message{got[len(got)-1].id, "bye", "failed"}, got[len(got)-1])
			<-l.ended
		}
		require.Len(t, r.failed, 1)
		require.ErrorContains(t, r.failed[0], "panic: the store is broken")
		require.Equal(t, http.StatusInternalServerError, listen(t, r.pages, target).code, "it is still broken")
		store.broken.Store(false)
		l := listen(t, r.pages, target)
		require.NotEmpty(t, l.next())
		id := r.record("acme", "", "leo", 0).ID.String()
		require.Contains(t, events(t, l.next()), id)
	})
}

// A log that does not answer keeps waiting who joins its streams, and neither those who leave nor the end of the server.
func TestJoiningWaitsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &brittle{Store: memory.New()}
		r := newRigOver(t, store, nil, org(access.View))
		store.silent = make(chan struct{})
		const target = "/orgs/acme/api/v1/stream"
		gone, waits := listen(t, r.pages, target), listen(t, r.pages, target)
		gone.hangUp()
		require.Empty(t, waits.body.String())
		close(store.silent)
		require.NotEmpty(t, waits.next(), "what others gave up goes on for those who wait")
		waits.hangUp()

		store.silent = make(chan struct{})
		last := listen(t, r.pages, target)
		r.pages.Shutdown()
		require.Equal(t, http.StatusTooManyRequests, listen(t, r.pages, target).code)
		last.hangUp()
		require.Empty(t, r.failed, "who goes away is no failure")
	})
}

// When the last stream has ended nothing reads the log any more, so that the host may close its store.
func TestTheLastStreamEndsTheReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &brittle{Store: memory.New(), slow: time.Second}
		r := newRigOver(t, store, nil, org(access.View))
		l := listen(t, r.pages, "/orgs/acme/api/v1/stream")
		require.NotEmpty(t, l.next())
		store.silent = make(chan struct{})
		r.record("acme", "", "leo", 0)
		synctest.Wait()
		require.Equal(t, int32(1), store.reads.Load())
		l.hangUp()
		require.Zero(t, store.reads.Load())
	})
}
