package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestBeginAndEnd(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tests := []struct {
		name   string
		change func(*activitylog.Event)
		err    error
		want   activitylog.Outcome
		reason string
	}{
		{"success", nil, nil, activitylog.Success, ""},
		{"failure", nil, boom, activitylog.Failure, "boom"},
		{"denied", nil, fmt.Errorf("open: %w", fs.ErrPermission), activitylog.Denied, "open: permission denied"},
		{"the host's outcome wins", func(e *activitylog.Event) { e.Outcome = activitylog.Unknown }, boom, activitylog.Unknown, "boom"},
		{"and so does its reason", func(e *activitylog.Event) { e.Reason = "because" }, boom, activitylog.Failure, "because"},
		{"pending is no end", func(e *activitylog.Event) { e.Outcome = activitylog.InProgress }, nil, activitylog.Success, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := newHand(noon)
			l := newLog(t, &activitylog.Options{Now: clock.now, Expiry: time.Hour})
			op, err := l.Begin(t.Context(), event(func(e *activitylog.Event) { e.Labels = map[string]string{"k": "v"} }))
			require.NoError(t, err)
			begun := all(t, l)
			if len(begun) != 1 || begun[0].Outcome != activitylog.InProgress || begun[0].ID != op.ID() || !begun[0].Expires.Equal(noon.Add(time.Hour)) {
				t.Fatalf("begun: %+v", begun)
			}
			now := noon.Add(1500 * time.Millisecond)
			clock.set(now)
			op.Event.Targets = []activitylog.Target{{Type: "project", ID: "p1"}}
			op.Event.Metadata["learnt"] = "later"
			if tt.change != nil {
				tt.change(&op.Event)
			}
			id, err := op.End(t.Context(), tt.err)
			require.NoError(t, err)
			e, err := l.Org("acme").Get(t.Context(), id)
			require.NoError(t, err)
			if e.Outcome != tt.want || e.Reason != tt.reason {
				t.Errorf("got %s %q, want %s %q", e.Outcome, e.Reason, tt.want, tt.reason)
			}
			if e.Completes != op.ID() || e.Duration != 1500*time.Millisecond || !e.Time.Equal(now) || !e.Expires.IsZero() {
				t.Errorf("end: %s", e.AppendJSON(nil))
			}
			if e.Targets[0].ID != "p1" || e.Metadata["learnt"] != "later" || e.Labels["k"] != "v" || e.Action != "project.create" {
				t.Errorf("end: %s", e.AppendJSON(nil))
			}
		})
	}
}

// The log is read in the order of its times, also where the host's clock cannot tell a beginning from its end.
func TestEndFollowsItsBeginning(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{0, time.Nanosecond, time.Microsecond, -time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			clock := newHand(noon)
			l := newLog(t, &activitylog.Options{Now: clock.now})
			for i := range 64 {
				clock.set(noon.Add(time.Duration(i)*time.Second + 999*time.Microsecond)) // an id that is greater than most of its millisecond
				left := i%2 == 1                                                         // to the sweeper
				op, err := l.Begin(t.Context(), event(func(e *activitylog.Event) {
					if left {
						e.Expires = clock.now()
					}
				}))
				require.NoError(t, err)
				if !left {
					clock.set(clock.now().Add(step))
					_, err = op.End(t.Context(), nil)
					require.NoError(t, err)
				}
			}
			clock.set(noon.Add(time.Hour))
			_, err := l.Sweep(t.Context())
			require.NoError(t, err)
			begun, ended := map[uuid.UUID]bool{}, 0
			for _, e := range all(t, l) {
				if e.Completes == uuid.Nil {
					begun[e.ID] = true
					continue
				}
				ended++
				require.True(t, begun[e.Completes], "%s ended at %s, before it began", e.Outcome, e.Time)
				if e.Outcome == activitylog.Success {
					require.Equal(t, max(0, step.Truncate(time.Microsecond)), e.Duration)
				}
			}
			require.Equal(t, 64, ended)
		})
	}
}

func TestEndKeepsTheHostsTexts(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	op, err := l.Begin(t.Context(), event(func(e *activitylog.Event) { e.Message, e.Severity = "built Apollo", "own" }))
	require.NoError(t, err)
	_, err = op.End(t.Context(), errors.New("x"))
	require.NoError(t, err)
	list := all(t, l)
	if list[0].Message == "built Apollo" || list[1].Message != "built Apollo" || list[1].Severity != "own" {
		t.Errorf("messages %q, severity %s", messages(list), list[1].Severity)
	}
	op, err = l.Begin(t.Context(), event())
	require.NoError(t, err)
	_, err = op.End(t.Context(), errors.New("x"))
	require.NoError(t, err)
	if e := all(t, l)[3]; e.Severity != activitylog.Medium || e.Message != "Ana failed to create the project something: x" {
		t.Errorf("failure has severity %s and message %q", e.Severity, e.Message)
	}
}

// Whatever the second call brings along, it repeats the first.
func TestEndTwice(t *testing.T) {
	t.Parallel()
	clock := newHand(noon)
	l := newLog(t, &activitylog.Options{Now: clock.now})
	op, err := l.Begin(t.Context(), event())
	require.NoError(t, err)
	first, err := op.End(t.Context(), nil)
	require.NoError(t, err)
	clock.set(noon.Add(time.Minute))
	op.Event.Message = "changed"
	ctx := activitylog.WithRequest(t.Context(), activitylog.Request{ID: "r9"})
	second, err := op.End(ctx, errors.New("too late"))
	if err != nil || second != first {
		t.Errorf("second End gave %s, %v, want %s", second, err, first)
	}
	if list := all(t, l); len(list) != 2 || list[1].Outcome != activitylog.Success || list[1].Request.ID != "" {
		t.Errorf("%d events: %s", len(list), messages(list))
	}
}

func TestEndAfterItsAnswerWasLost(t *testing.T) {
	t.Parallel()
	store := &hooked{Store: memory.New()}
	l := logOver(t, store, nil)
	ctx := activitylog.WithRequest(t.Context(), activitylog.Request{ID: "r1"})
	op, err := l.Begin(t.Context(), event())
	require.NoError(t, err)
	store.does(func(ctx context.Context, events []activitylog.Event) error {
		require.NoError(t, store.Store.Append(ctx, events))
		return activitylog.ErrOutcomeUnknown
	})
	first, err := op.End(ctx, nil)
	if !errors.Is(err, activitylog.ErrOutcomeUnknown) {
		t.Fatalf("got %v, want ErrOutcomeUnknown", err)
	}
	store.does(nil)
	if again, err := op.End(t.Context(), nil); err != nil || again != first {
		t.Errorf("again gave %s, %v", again, err)
	}
	if n := len(all(t, l)); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

// An end that the log refuses can be mended.
func TestEndThatWasInvalid(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	op, err := l.Begin(t.Context(), event())
	require.NoError(t, err)
	op.Event.Metadata = map[string]any{"c": make(chan int)}
	if _, err := op.End(t.Context(), nil); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	op.Event.Metadata = nil
	if _, err := op.End(t.Context(), nil); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestOperationTakesItsContextFromBegin(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	ctx := activitylog.WithOrg(activitylog.WithActor(t.Context(), ana), "acme", "p1")
	ctx = activitylog.WithRequest(ctx, activitylog.Request{ID: "r1"})
	op, err := l.Begin(ctx, activitylog.Event{Action: "project.update"})
	require.NoError(t, err)
	other := activitylog.WithOrg(activitylog.WithActor(t.Context(), activitylog.Actor{ID: "u2"}), "other", "p2")
	id, err := op.End(activitylog.WithRequest(other, activitylog.Request{ID: "r2"}), nil)
	require.NoError(t, err)
	e, err := l.Org("acme").Get(t.Context(), id)
	require.NoError(t, err)
	if e.Actor.ID != "u1" || e.Project != "p1" || e.Request.ID != "r1" {
		t.Errorf("end: %s", e.AppendJSON(nil))
	}
}

func TestBeginErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("disk full")
	store := &hooked{Store: memory.New(), hook: func(context.Context, []activitylog.Event) error { return down }}
	l := logOver(t, store, &activitylog.Options{Strict: true})
	if op, err := l.Begin(t.Context(), activitylog.Event{}); op != nil || !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("invalid event: %v, %v", op, err)
	}
	e := event(func(e *activitylog.Event) { e.Action = "no.such" })
	if _, err := l.Begin(t.Context(), e); !errors.Is(err, activitylog.ErrUnknownAction) {
		t.Errorf("unknown action: %v", err)
	}
	if op, err := l.Begin(t.Context(), event()); op != nil || !errors.Is(err, down) {
		t.Errorf("store that is down: %v, %v", op, err)
	}
	if n := len(all(t, l)); n != 0 {
		t.Errorf("%d events, want none", n)
	}
}
