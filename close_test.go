package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// In these tests synctest.Test itself fails when a goroutine is left behind.

func TestCloseWritesWhatWasSubmitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &hooked{Store: memory.New(), hook: func(context.Context, []activitylog.Event) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		}}
		l := logOver(t, store, nil)
		var list []*activitylog.Pending
		for i := range 500 {
			list = append(list, submit(t, l, fmt.Sprint(i)))
		}
		require.NoError(t, l.Close(t.Context()))
		for _, p := range list {
			require.NoError(t, p.Wait(t.Context()))
		}
		if n := len(all(t, l)); n != 500 {
			t.Errorf("%d events, want 500", n)
		}
		require.NoError(t, l.Close(t.Context()), "again")
	})
}

func TestCloseWaitsForRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := gate()
		l := logOver(t, store, &activitylog.Options{Timeout: time.Hour})
		go func() {
			if _, err := l.Record(context.Background(), event()); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		time.AfterFunc(time.Minute, open)
		start := time.Now()
		require.NoError(t, l.Close(t.Context()))
		if d := time.Since(start); d != time.Minute {
			t.Errorf("Close took %v, want 1m", d)
		}
	})
}

func TestClosedLogTakesNothing(t *testing.T) {
	t.Parallel()
	var lost int
	l := newLog(t, &activitylog.Options{OnLoss: func(x activitylog.Loss) { lost += len(x.Events) }})
	op, err := l.Begin(t.Context(), titled("begun"))
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	calls := map[string]func() error{
		"Record":    func() error { _, err := l.Record(t.Context(), event()); return err },
		"RecordAll": func() error { _, err := l.RecordAll(t.Context(), []activitylog.Event{event(), event()}); return err },
		"Submit":    func() error { _, err := l.Submit(t.Context(), event()); return err },
		"Begin":     func() error { _, err := l.Begin(t.Context(), event()); return err },
		"End":       func() error { _, err := op.End(t.Context(), nil); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, activitylog.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
	if lost != 1 || l.Stats().Lost != 1 {
		t.Errorf("OnLoss was told of %d events, stats %+v, want the submitted one", lost, l.Stats())
	}
	if n := len(all(t, l)); n != 1 {
		t.Errorf("%d events, want the one from before", n)
	}
}

// When the context of Close ends every Pending is resolved all the same, each once, and the store is left alone.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hook func(open chan struct{}) func(context.Context, []activitylog.Event) error
	}{
		{"on a store that hangs", func(open chan struct{}) func(context.Context, []activitylog.Event) error {
			return func(context.Context, []activitylog.Event) error { <-open; return nil }
		}},
		{"on a store that fails", func(chan struct{}) func(context.Context, []activitylog.Event) error {
			return func(context.Context, []activitylog.Event) error {
				time.Sleep(300 * time.Millisecond)
				return errors.New("disk full")
			}
		}},
		{"on a slow store", func(chan struct{}) func(context.Context, []activitylog.Event) error {
			return func(context.Context, []activitylog.Event) error { time.Sleep(700 * time.Millisecond); return nil }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				open := make(chan struct{})
				store := &hooked{Store: memory.New(), hook: tt.hook(open)}
				var mu sync.Mutex
				lost := map[string]int{}
				l, err := activitylog.New(store, &activitylog.Options{QueueSize: 5000, OnLoss: func(x activitylog.Loss) {
					mu.Lock()
					defer mu.Unlock()
					for _, e := range x.Events {
						lost[e.Message]++
					}
				}})
				require.NoError(t, err)
				list := map[string]*activitylog.Pending{}
				for i := range 2500 { // more than the worker takes at once
					list[fmt.Sprint(i)] = submit(t, l, fmt.Sprint(i))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				closing := l.Close(ctx)
				if d := time.Since(start); d > time.Second {
					t.Errorf("Close took %v", d)
				}
				asked := len(store.sizes())
				close(open)
				time.Sleep(time.Minute)
				for _, events := range store.calls()[asked:] {
					if events[0].Action != "audit.gap" {
						t.Errorf("the store was given %d events after Close", len(events))
					}
				}
				done := map[string]bool{}
				for _, e := range all(t, l) {
					done[e.Message] = true
				}
				failed := 0
				for name, p := range list {
					wait, cancel := context.WithCancel(t.Context())
					cancel()
					err := p.Wait(wait)
					if errors.Is(err, context.Canceled) {
						t.Fatalf("%s was not resolved", name)
					}
					if err != nil {
						failed++
					}
					if (err != nil) != (lost[name] == 1) || lost[name] > 1 {
						t.Fatalf("%s: Wait %v, told %d times as lost", name, err, lost[name])
					}
					if err == nil && !done[name] || err != nil && done[name] && !errors.Is(err, activitylog.ErrOutcomeUnknown) {
						t.Fatalf("%s: Wait %v, stored %v", name, err, done[name])
					}
				}
				if failed == 0 || !errors.Is(closing, context.DeadlineExceeded) || l.Stats().Lost != int64(failed) {
					t.Errorf("%d failed, stats %+v, Close: %v", failed, l.Stats(), closing)
				}
			})
		})
	}
}

// Submit and Close at once: nothing is lost without a word.
func TestSubmitWhileClosing(t *testing.T) {
	t.Parallel()
	for range 50 {
		store := memory.New()
		l := logOver(t, store, &activitylog.Options{QueueSize: 1})
		var wg sync.WaitGroup
		var mu sync.Mutex
		taken, refused := 0, 0
		for range 8 {
			wg.Go(func() {
				for range 20 {
					p, err := l.Submit(t.Context(), event())
					if err == nil {
						err = p.Wait(t.Context())
					}
					mu.Lock()
					if err == nil {
						taken++
					} else if refused++; !errors.Is(err, activitylog.ErrClosed) {
						t.Error(err)
					}
					mu.Unlock()
				}
			})
		}
		wg.Go(func() {
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if n := len(all(t, l)) - len(gapsOf(t, l)); n != taken || taken+refused != 160 || l.Stats().Lost != int64(refused) {
			t.Fatalf("%d events, %d taken, %d refused, stats %+v", n, taken, refused, l.Stats())
		}
	}
}

// An operation that begins while the log closes starts no sweeper that nobody stops.
func TestBeginWhileClosing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := gate()
		l := logOver(t, store, nil)
		go func() {
			if _, err := l.Begin(context.Background(), event()); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		go open()
		require.NoError(t, l.Close(t.Context()))
	})
}

// stuck is a store whose Scan hangs from when the test says so.
type stuck struct {
	*memory.Store
	until chan struct{}
}

func (s *stuck) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	<-s.until
	return s.Store.Scan(ctx, q)
}

func TestCloseDoesNotWaitForASweepThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &stuck{memory.New(), make(chan struct{})}
		l, err := activitylog.New(store, nil)
		require.NoError(t, err)
		_, err = l.Begin(t.Context(), event())
		require.NoError(t, err)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the error of the context", err)
		}
		close(store.until)
	})
}
