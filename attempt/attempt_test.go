package attempt_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/attempt"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func newLog(t testing.TB, store activitylog.Store) *activitylog.Log {
	t.Helper()
	l, err := activitylog.New(store, nil)
	require.NoError(t, err)
	return l
}

func events(t testing.TB, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	var list []activitylog.Event
	for e, err := range l.AllOrgs().Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

func deletion() activitylog.Event {
	return activitylog.Event{Org: "acme", Action: "project.delete", Actor: activitylog.Actor{ID: "u1", Name: "Ana"}}
}

func TestDo(t *testing.T) {
	t.Parallel()
	gone := errors.New("already gone")
	tests := []struct {
		name    string
		f       func(*activitylog.Event) error
		outcome activitylog.Outcome
		reason  string
	}{
		{"success", func(*activitylog.Event) error { return nil }, activitylog.Success, ""},
		{"failure", func(*activitylog.Event) error { return gone }, activitylog.Failure, "already gone"},
		{"denied", func(*activitylog.Event) error { return fmt.Errorf("delete: %w", fs.ErrPermission) }, activitylog.Denied, "delete: permission denied"},
		{"own outcome and reason", func(e *activitylog.Event) error {
			e.Outcome, e.Reason = activitylog.Denied, "frozen"
			return gone
		}, activitylog.Denied, "frozen"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLog(t, memory.New())
				var want error
				given := deletion()
				given.Targets = []activitylog.Target{{Type: "project", ID: "p1"}}
				err := attempt.Do(t.Context(), l, given, func(_ context.Context, e *activitylog.Event) error {
					time.Sleep(3 * time.Second) // on the clock of the bubble
					e.Targets[0].Name, e.Metadata["seen"], e.Labels["k"] = "Website", true, "v"
					want = tt.f(e)
					return want
				})
				if err != want {
					t.Errorf("returned %v, want %v unchanged", err, want)
				}
				list := events(t, l)
				require.Len(t, list, 1)
				if e := list[0]; e.Outcome != tt.outcome || e.Reason != tt.reason || e.Duration != 3*time.Second ||
					e.Targets[0].Name != "Website" || e.Metadata["seen"] != true || e.Labels["k"] != "v" {
					t.Errorf("recorded %s", e.AppendJSON(nil))
				}
				if given.Targets[0].Name != "" {
					t.Error("the caller's event was changed")
				}
			})
		})
	}
}

func TestDoWithoutARecord(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New())
	gone := errors.New("already gone")
	e := deletion()
	e.Org = ""
	for _, want := range []error{nil, gone} {
		ran := false
		err := attempt.Do(t.Context(), l, e, func(context.Context, *activitylog.Event) error {
			ran = true
			return want
		})
		if !ran || !errors.Is(err, attempt.ErrNotRecorded) || !errors.Is(err, activitylog.ErrInvalid) || want != nil && !errors.Is(err, want) {
			t.Errorf("ran %v, returned %v", ran, err)
		}
	}
}

func TestDoSurvivesItsContext(t *testing.T) {
	t.Parallel()
	l := newLog(t, memory.New())
	ctx, cancel := context.WithCancel(t.Context())
	err := attempt.Do(ctx, l, deletion(), func(ctx context.Context, _ *activitylog.Event) error {
		cancel()
		return ctx.Err()
	})
	if list := events(t, l); err != context.Canceled || len(list) != 1 || list[0].Reason != "context canceled" {
		t.Errorf("returned %v, recorded %+v", err, list)
	}
}

func TestDoWithPanics(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		f      func()
		reason string
	}{
		{"panic", func() { panic("the password is hunter2") }, "the function panicked with a string"},
		{"end of the goroutine", runtime.Goexit, "the function ended its goroutine"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t, memory.New())
			done := make(chan any)
			go func() {
				defer func() { done <- recover() }()
				attempt.Do(context.Background(), l, deletion(), func(context.Context, *activitylog.Event) error {
					tt.f()
					return nil
				})
			}()
			if v := <-done; (v != nil) != (tt.name == "panic") {
				t.Errorf("went on as %v", v)
			}
			list := events(t, l)
			require.Len(t, list, 1)
			if list[0].Outcome != activitylog.Failure || list[0].Reason != tt.reason {
				t.Errorf("recorded %s, %q", list[0].Outcome, list[0].Reason)
			}
		})
	}
}

func Example() {
	ctx := context.Background()
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, result := range []error{nil, fs.ErrPermission} {
		err := attempt.Do(ctx, activity, activitylog.Event{
			Org: "acme", Action: "project.delete", Actor: activitylog.Actor{ID: "u1", Name: "Ana"},
			Targets: []activitylog.Target{{Type: "project", ID: "p7", Name: "Website"}},
		}, func(context.Context, *activitylog.Event) error {
			return result // what the application does
		})
		fmt.Println(err)
	}
	for e, err := range activity.Org("acme").Events(ctx, activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Message)
	}
	// Output:
	// <nil>
	// permission denied
	// Ana deleted the project Website
	// Ana was not allowed to delete the project Website: permission denied
}
