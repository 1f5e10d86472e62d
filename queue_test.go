package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func submit(t *testing.T, l *activitylog.Log, message string) *activitylog.Pending {
	t.Helper()
	p, err := l.Submit(t.Context(), titled(message))
	require.NoError(t, err)
	return p
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	var list []*activitylog.Pending
	want := ""
	for i := range 100 {
		list = append(list, submit(t, l, fmt.Sprint(i)))
		want += fmt.Sprint(i, " ")
	}
	for i, p := range list {
		require.NoError(t, p.Wait(t.Context()))
		e, err := l.Org("acme").Get(t.Context(), p.ID())
		if err != nil || e.Message != fmt.Sprint(i) {
			t.Errorf("event %d is %q, %v", i, e.Message, err)
		}
		require.NoError(t, p.Wait(t.Context()), "a second time")
	}
	if got := messages(all(t, l)) + " "; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
	if s := l.Stats(); s != (activitylog.Stats{Recorded: 100}) {
		t.Errorf("stats %+v", s)
	}
	if _, err := l.Submit(t.Context(), activitylog.Event{}); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("invalid event: %v", err)
	}
	if s := l.Stats(); s.Lost != 0 {
		t.Error("an event that was refused counts as lost")
	}
}

func TestFullQueue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		shed bool
		wait time.Duration
		want []error
	}{
		{"blocks until the context ends", false, time.Second, []error{activitylog.ErrBacklog, context.DeadlineExceeded}},
		{"sheds where the host wants it", true, 0, []error{activitylog.ErrBacklog}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, open := gate()
				var lost []activitylog.Loss
				l := logOver(t, store, &activitylog.Options{
					QueueSize: 3, Shed: tt.shed, Timeout: time.Minute, OnLoss: func(x activitylog.Loss) { lost = append(lost, x) },
				})
				submit(t, l, "at work")
				synctest.Wait()
				for range 3 {
					submit(t, l, "queued")
				}
				if n := l.Stats().Queued; n != 3 {
					t.Errorf("%d queued, want 3", n)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				p, err := l.Submit(ctx, titled("too much"))
				for _, want := range tt.want {
					if !errors.Is(err, want) || p != nil {
						t.Errorf("got %v, %v, want %v", p, err, want)
					}
				}
				if d := time.Since(start); d != tt.wait {
					t.Errorf("took %v, want %v", d, tt.wait)
				}
				if len(lost) != 1 || len(lost[0].Events) != 1 || lost[0].Events[0].Message != "too much" || !errors.Is(lost[0].Err, activitylog.ErrBacklog) {
					t.Errorf("OnLoss was told %v", lost)
				}
				if s := l.Stats(); s.Lost != 1 {
					t.Errorf("stats %+v, want 1 lost", s)
				}
				open()
			})
		})
	}
}

func TestSubmitGoesOnWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := gate()
		l := logOver(t, store, &activitylog.Options{QueueSize: 1})
		submit(t, l, "1")
		synctest.Wait()
		submit(t, l, "2")
		time.AfterFunc(time.Second, open)
		start := time.Now()
		p := submit(t, l, "3")
		if d := time.Since(start); d != time.Second {
			t.Errorf("Submit took %v, want 1s", d)
		}
		require.NoError(t, p.Wait(t.Context()))
		if got := messages(all(t, l)); got != "1 2 3" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestSubmittedEventsAreRetried(t *testing.T) {
	t.Parallel()
	failing := errors.New("database is locked")
	tests := []struct {
		name     string
		failures int64
		err      error
		stored   bool
		attempts int
	}{
		{"once", 1, failing, true, 2},
		{"three times", 3, failing, true, 4},
		{"for ever", 1000, failing, false, 4},
		{"outcome unknown", 2, activitylog.ErrOutcomeUnknown, true, 3},
		{"a conflict is final", 1000, &activitylog.ConflictError{}, false, 1},
		{"so is what the store finds invalid", 1000, fmt.Errorf("row: %w", activitylog.ErrInvalid), false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				store := &hooked{Store: memory.New(), hook: func(context.Context, []activitylog.Event) error {
					if n.Add(1) <= tt.failures {
						return tt.err
					}
					return nil
				}}
				l := logOver(t, store, nil)
				p := submit(t, l, "x")
				err := p.Wait(t.Context())
				if tt.stored && err != nil || !tt.stored && !errors.Is(err, tt.err) {
					t.Errorf("Wait: %v", err)
				}
				if got := len(all(t, l)) == 1; got != tt.stored {
					t.Errorf("stored: %v, want %v", got, tt.stored)
				}
				if got := len(store.sizes()); got != tt.attempts {
					t.Errorf("%d attempts, want %d", got, tt.attempts)
				}
				if got := l.Stats().Lost == 0; got != tt.stored {
					t.Errorf("stats %+v", l.Stats())
				}
			})
		})
	}
}

// However many wait for a store that hangs, each is told in the time that one would take.
func TestSubmitToAStoreThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := gate()
		lost := 0
		l := logOver(t, store, &activitylog.Options{Timeout: time.Second, OnLoss: func(x activitylog.Loss) { lost += len(x.Events) }})
		var list []*activitylog.Pending
		for range 300 {
			list = append(list, submit(t, l, "x"))
		}
		start := time.Now()
		for _, p := range list {
			if err := p.Wait(t.Context()); !errors.Is(err, activitylog.ErrTimeout) {
				t.Fatalf("got %v, want ErrTimeout", err)
			}
		}
		// Four attempts of a second, the pauses between, and the first event may have gone alone.
		if d := time.Since(start); d > 15*time.Second {
			t.Errorf("told after %v", d)
		}
		if lost != 300 {
			t.Errorf("OnLoss was told of %d events, want 300", lost)
		}
		open()
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := gate()
		l := logOver(t, store, nil)
		p := submit(t, l, "x")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the error of the context", err)
		}
		open()
		require.NoError(t, p.Wait(t.Context()))
		if err := p.Wait(ctx); err != nil {
			t.Errorf("the result counts more than the context: %v", err)
		}
	})
}
