package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// follower notes what a Watch yields.
type follower struct {
	mu   sync.Mutex
	seen []activitylog.Tailed
	at   []time.Time
	err  error
}

func follow(events iter.Seq2[activitylog.Tailed, error]) *follower {
	f := &follower{}
	go func() {
		for t, err := range events {
			f.mu.Lock()
			if err != nil {
				f.err = err
			} else {
				f.seen = append(f.seen, t)
				f.at = append(f.at, time.Now())
			}
			f.mu.Unlock()
		}
	}()
	return f
}

func (f *follower) messages() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, t := range f.seen {
		list = append(list, t.Event.Message)
	}
	return strings.Join(list, " ")
}

func (f *follower) error() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func TestWatchYieldsEveryEventOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		ours, other := logOver(t, store, nil), logOver(t, store, nil)
		stored(t, ours, titled("before"))
		ctx, cancel := context.WithCancel(t.Context())
		a, b := follow(ours.Watch(ctx, "", activitylog.Filter{})), follow(other.Watch(ctx, activitylog.End, activitylog.Filter{}))
		synctest.Wait()
		var wg sync.WaitGroup
		for i := range 8 {
			l := []*activitylog.Log{ours, other}[i%2]
			wg.Go(func() {
				for n := range 200 {
					if _, err := l.Record(t.Context(), titled(fmt.Sprint(i, ".", n))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		cancel()
		synctest.Wait()
		if len(a.seen) != 1601 || a.seen[0].Event.Message != "before" || len(b.seen) != 1600 {
			t.Fatalf("followers saw %d and %d events, want 1601 and 1600", len(a.seen), len(b.seen))
		}
		same := slices.EqualFunc(a.seen[1:], b.seen, func(x, y activitylog.Tailed) bool { return x.Event.ID == y.Event.ID && x.Position == y.Position })
		if !same {
			t.Error("two followers saw different orders")
		}
		next := map[string]int{}
		for _, s := range b.seen {
			writer, n, _ := strings.Cut(s.Event.Message, ".")
			if n != fmt.Sprint(next[writer]) {
				t.Fatalf("of writer %s event %s came after %d others", writer, n, next[writer])
			}
			next[writer]++
		}
		if !errors.Is(a.err, context.Canceled) || !errors.Is(b.err, context.Canceled) {
			t.Errorf("ended with %v and %v, want the error of the context", a.err, b.err)
		}
	})
}

func TestWatchWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		l, other := logOver(t, store, &activitylog.Options{PollEvery: time.Minute}), logOver(t, store, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f := follow(l.Watch(ctx, "", activitylog.Filter{}))
		synctest.Wait()
		start := time.Now()
		time.Sleep(10 * time.Second)
		stored(t, l, titled("ours"))
		synctest.Wait()
		if f.messages() != "ours" || f.at[0].Sub(start) != 10*time.Second {
			t.Errorf("of our own commit: %q at %v", f.messages(), f.at)
		}
		stored(t, other, titled("another"))
		synctest.Wait()
		if f.messages() != "ours" {
			t.Errorf("saw %q", f.messages())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if f.messages() != "ours another" {
			t.Errorf("after a poll: %q", f.messages())
		}
	})
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		timed, closed := follow(l.Watch(ctx, "", activitylog.Filter{})), follow(l.Org("acme").Watch(t.Context(), "", activitylog.Filter{}))
		time.Sleep(time.Hour)
		synctest.Wait()
		if err := timed.error(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the error of the context", err)
		}
		if err := closed.error(); err != nil {
			t.Errorf("ended early: %v", err)
		}
		require.NoError(t, l.Close(t.Context()))
		synctest.Wait()
		if err := closed.error(); !errors.Is(err, activitylog.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
		cancel()
		for _, err := range l.Watch(ctx, "", activitylog.Filter{}) {
			if err != context.DeadlineExceeded { // as it is
				t.Errorf("a context that has ended: %v", err)
			}
		}
	})
}

func TestWatchResumes(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	var batch []activitylog.Event
	for i := range 1200 { // more than is read at once
		e := titled(fmt.Sprint("m", i))
		e.Org = []string{"acme", "other"}[i%2]
		batch = append(batch, e)
	}
	recordAll(t, l, batch...)
	take := func(r activitylog.Reader, after activitylog.Position, f activitylog.Filter, n int) (list []activitylog.Tailed) {
		for x, err := range r.Watch(t.Context(), after, f) {
			require.NoError(t, err)
			if list = append(list, x); len(list) == n {
				break
			}
		}
		return list
	}
	whole := take(l.AllOrgs(), "", activitylog.Filter{}, 1200)
	for _, at := range []int{0, 1, 499, 500, 501, 1198} {
		rest := take(l.AllOrgs(), whole[at].Position, activitylog.Filter{}, 1200-at-1)
		if rest[0].Event.ID != whole[at+1].Event.ID || rest[len(rest)-1].Event.ID != whole[1199].Event.ID {
			t.Errorf("from %d it goes on with %s", at, rest[0].Event.Message)
		}
	}
	for _, x := range take(l.Org("other"), "", activitylog.Text("m1"), 50) {
		if x.Event.Org != "other" || !strings.HasPrefix(x.Event.Message, "m1") {
			t.Errorf("saw %s of %s", x.Event.Message, x.Event.Org)
		}
	}
	got := take(l.Org("other"), whole[1000].Position, activitylog.Filter{}, 1)
	if got[0].Event.Message != "m1001" {
		t.Errorf("in one organization from another's position: %s", got[0].Event.Message)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	recordAll(t, l, titled("a"), titled("b"), titled("c"))
	first, next, err := l.Tail(t.Context(), "", 2)
	require.NoError(t, err)
	rest, end, err := l.Tail(t.Context(), next, 2)
	require.NoError(t, err)
	if len(first) != 2 || first[1].Position != next || len(rest) != 1 || rest[0].Event.Message != "c" {
		t.Errorf("got %d, %d events", len(first), len(rest))
	}
	if none, same, err := l.Tail(t.Context(), end, 2); len(none) != 0 || same != end || err != nil {
		t.Errorf("behind the end: %v, %s, %v", none, same, err)
	}
	if none, now, err := l.Tail(t.Context(), activitylog.End, 2); len(none) != 0 || now != end || err != nil {
		t.Errorf("from End: %v, %s, %v", none, now, err)
	}
	if _, _, err := l.Tail(t.Context(), "nonsense", 2); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("nonsense: %v", err)
	}
}

func TestFollowingNeedsACapability(t *testing.T) {
	t.Parallel()
	l := logOver(t, plain{memory.New()}, nil)
	if _, _, err := l.Tail(t.Context(), "", 1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Tail: %v", err)
	}
	for _, err := range l.Watch(t.Context(), "", activitylog.Filter{}) {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Watch: %v", err)
		}
	}
}
