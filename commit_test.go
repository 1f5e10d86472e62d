package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// gate is a store whose Append waits, without heed of its context, until the test opens it.
func gate() (store *hooked, open func()) {
	ch := make(chan struct{})
	store = &hooked{Store: memory.New(), hook: func(context.Context, []activitylog.Event) error {
		<-ch
		return nil
	}}
	return store, sync.OnceFunc(func() { close(ch) })
}

func TestConcurrentCallersShareACommit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		events []int // of each caller that comes while a commit is under way
		want   []int // of each commit
	}{
		{"few", slices.Repeat([]int{1}, 50), []int{1, 50}},
		{"more than a commit takes", slices.Repeat([]int{1}, 1500), []int{1, 1000, 500}},
		{"lists stay whole", []int{400, 400, 400, 1}, []int{1, 800, 401}},
		{"a list may be larger than a commit takes otherwise", []int{1, 1200, 1}, []int{1, 1, 1200, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, open := gate()
				l := logOver(t, store, nil)
				var wg sync.WaitGroup
				record := func(n int) {
					wg.Go(func() {
						if _, err := l.RecordAll(t.Context(), slices.Repeat([]activitylog.Event{event()}, n)); err != nil {
							t.Error(err)
						}
					})
					synctest.Wait()
				}
				record(1)
				for _, n := range tt.events {
					record(n)
				}
				open()
				wg.Wait()
				if got := store.sizes(); !slices.Equal(got, tt.want) {
					t.Errorf("commits of %v events, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestIdleCallerDoesNotLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t, nil)
		start := time.Now()
		stored(t, l, event())
		if d := time.Since(start); d != 0 {
			t.Errorf("recording took %v while nothing was to wait for", d)
		}
	})
}

// errPoison is how the store in these tests refuses one event.
var errPoison = errors.New("value too large for the column")

func TestOneRefusalFailsNobodyElse(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(*activitylog.Event){
		"conflict": func(e *activitylog.Event) { e.ID, e.Time = id(1), noon },
		"refusal":  func(e *activitylog.Event) { e.Message = "poison" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ch := make(chan struct{})
				store := &hooked{Store: memory.New()}
				l := logOver(t, store, nil)
				first := titled("first")
				first.ID, first.Time = id(1), noon
				_, err := l.Record(t.Context(), first)
				require.NoError(t, err)
				store.hook = func(ctx context.Context, events []activitylog.Event) error {
					<-ch
					if slices.ContainsFunc(events, func(e activitylog.Event) bool { return e.Message == "poison" }) {
						return errPoison
					}
					return nil
				}
				errs := make([]error, 20)
				var wg sync.WaitGroup
				for i := range errs {
					e := titled(fmt.Sprint(i))
					if i == 13 {
						bad(&e)
					}
					wg.Go(func() { _, errs[i] = l.Record(t.Context(), e) })
					synctest.Wait()
				}
				close(ch)
				wg.Wait()
				for i, err := range errs {
					if refused := errors.Is(err, activitylog.ErrConflict) || errors.Is(err, errPoison); refused != (i == 13) || err != nil != refused {
						t.Errorf("caller %d got %v", i, err)
					}
				}
				if n := len(all(t, l)); n != 20 {
					t.Errorf("%d events, want 20", n)
				}
			})
		})
	}
}

func TestStoreThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := gate()
		l := logOver(t, store, &activitylog.Options{Timeout: 3 * time.Second})
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				id, err := l.Record(t.Context(), titled(fmt.Sprint(i)))
				if !errors.Is(err, activitylog.ErrTimeout) || id == (activitylog.Event{}).ID {
					t.Errorf("got %s, %v, want an id and ErrTimeout", id, err)
				}
				if d := time.Since(start); d != 3*time.Second {
					t.Errorf("gave up after %v, want 3s", d)
				}
				// Only of the event that the store has can nobody know.
				if unknown := errors.Is(err, activitylog.ErrOutcomeUnknown); unknown != (i == 0) {
					t.Errorf("caller %d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		open()
		synctest.Wait()
		stored(t, l, titled("after"))
		if got := messages(all(t, l)); got != "0 after" {
			t.Errorf("stored %q, want the first and the last", got)
		}
	})
}

// honest is a store that waits until its context ends and says so.
func TestStoreThatHonoursItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &hooked{Store: memory.New(), hook: func(ctx context.Context, _ []activitylog.Event) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		l := logOver(t, store, &activitylog.Options{Timeout: time.Second})
		start := time.Now()
		_, err := l.Record(t.Context(), event())
		if !errors.Is(err, activitylog.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("took %v, want 1s", d)
		}
	})
}

func TestRecordSurvivesItsRequest(t *testing.T) {
	t.Parallel()
	type key struct{}
	store := &hooked{Store: memory.New(), hook: func(ctx context.Context, _ []activitylog.Event) error {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 10*time.Second {
			t.Errorf("deadline %v, %v", deadline, ok)
		}
		if ctx.Value(key{}) != "trace" {
			t.Error("the values of the context do not reach the store")
		}
		return ctx.Err()
	}}
	l := logOver(t, store, nil)
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "trace"))
	cancel()
	if _, err := l.Record(ctx, event()); err != nil {
		t.Error(err)
	}
	if n := len(all(t, l)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	mem := memory.New()
	broken := &hooked{Store: mem}
	broken.hook = func(ctx context.Context, events []activitylog.Event) error {
		if err := mem.Append(ctx, events); err != nil {
			return err
		}
		return fmt.Errorf("connection reset: %w", activitylog.ErrOutcomeUnknown)
	}
	now := noon
	l := logOver(t, broken, &activitylog.Options{Now: func() time.Time { return now }})
	e := event()
	var err error
	e.ID, err = l.Record(t.Context(), e)
	if !errors.Is(err, activitylog.ErrOutcomeUnknown) || e.ID == (activitylog.Event{}).ID {
		t.Fatalf("got %s, %v, want an id and ErrOutcomeUnknown", e.ID, err)
	}
	broken.does(nil)
	now = now.Add(time.Minute)
	if again, err := l.Record(t.Context(), e); err != nil || again != e.ID {
		t.Errorf("retry gave %s, %v", again, err)
	}
	if n := len(all(t, l)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

// A store that is down and slow to say so must not be asked once for each of many waiting events.
func TestSlowRefusalsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("connection refused")
		store := &hooked{Store: memory.New(), hook: func(context.Context, []activitylog.Event) error {
			time.Sleep(900 * time.Millisecond) // of the fake clock
			return down
		}}
		l := logOver(t, store, &activitylog.Options{Timeout: time.Second})
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() {
				if _, err := l.Record(t.Context(), event()); err == nil {
					t.Error("recorded in a store that is down")
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		time.Sleep(5 * time.Second)
		store.does(nil)
		if _, err := l.Record(t.Context(), titled("after")); err != nil {
			t.Errorf("5s after everybody gave up: %v", err)
		}
		if n := len(store.sizes()); n > 10 {
			t.Errorf("the store was asked %d times", n)
		}
	})
}
