package activitylog_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func TestRefusedEvents(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 257)
	tests := []struct {
		name   string
		change func(*activitylog.Event)
		want   string // what to do about it
	}{
		{"no organization", func(e *activitylog.Event) { e.Org = "" }, "set Event.Org, WithOrg or Options.DefaultOrg"},
		{"no action", func(e *activitylog.Event) { e.Action = "" }, "set Event.Action"},
		{"no actor", func(e *activitylog.Event) { e.Actor = activitylog.Actor{Name: "Ana"} }, "set Event.Actor or WithActor"},
		{"user without ID", func(e *activitylog.Event) { e.Actor.ID = "" }, "actor of type user has no ID"},
		{"agent without ID", func(e *activitylog.Event) { e.Actor = activitylog.Actor{Type: activitylog.Agent} }, "has no ID"},
		{"too early", func(e *activitylog.Event) { e.Time = time.Date(1699, 12, 31, 23, 59, 59, 0, time.UTC) }, "use 1700 to 2249"},
		{"too late", func(e *activitylog.Event) { e.Time = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC) }, "use 1700 to 2249"},
		{"expires too late", func(e *activitylog.Event) { e.Expires = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC) }, "use 1700 to 2249"},
		{"pending for ever", func(e *activitylog.Event) { e.Outcome = activitylog.InProgress }, "use Log.Begin"},
		{"long organization", func(e *activitylog.Event) { e.Org = long }, "Org has 257 bytes; use a name of at most 256"},
		{"long project", func(e *activitylog.Event) { e.Project = long }, "Project has 257 bytes"},
		{"long action", func(e *activitylog.Event) { e.Action = long }, "Action has 257 bytes"},
		{"long category", func(e *activitylog.Event) { e.Category = long }, "Category has 257 bytes"},
		{"metadata without JSON form", func(e *activitylog.Event) { e.Metadata = map[string]any{"c": make(chan int)} },
			`metadata: "c": a chan int has no JSON form; give plain values`},
		{"change without JSON form", func(e *activitylog.Event) { e.Changes = []activitylog.Change{{New: func() {}}} },
			"changes[0]: a func() has no JSON form; give plain values"},
		{"json.Number that is none", func(e *activitylog.Event) { e.Metadata = map[string]any{"n": number("one")} },
			`"n": a json.Number does not hold a number`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t, nil)
			_, err := l.Record(t.Context(), event(tt.change))
			if !errors.Is(err, activitylog.ErrInvalid) {
				t.Fatalf("got %v, want an error that wraps ErrInvalid", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to say %q", err, tt.want)
			}
			if n := len(all(t, l)); n != 0 {
				t.Errorf("%d events were stored", n)
			}
		})
	}
}

func TestDefaultsOfEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*activitylog.Event)
		check  func(e activitylog.Event) bool
	}{
		{"outcome", func(e *activitylog.Event) {}, func(e activitylog.Event) bool { return e.Outcome == activitylog.Success }},
		{"an outcome of the host's own", func(e *activitylog.Event) { e.Outcome = "partial" },
			func(e activitylog.Event) bool { return e.Outcome == "partial" }},
		{"an actor with an ID is a user", func(e *activitylog.Event) { e.Actor = activitylog.Actor{ID: "u7"} },
			func(e activitylog.Event) bool { return e.Actor.Type == activitylog.User }},
		{"the system needs no ID", func(e *activitylog.Event) { e.Actor = activitylog.Actor{Type: activitylog.System} },
			func(e activitylog.Event) bool { return e.Actor.ID == "" }},
		{"nor does a stranger", func(e *activitylog.Event) { e.Actor = activitylog.Actor{Type: activitylog.Anonymous} },
			func(e activitylog.Event) bool { return e.Actor.ID == "" }},
		{"recorded", func(e *activitylog.Event) { e.Time, e.Recorded = noon.Add(-time.Hour), noon.Add(-time.Hour) },
			func(e activitylog.Event) bool { return e.Recorded.Equal(noon) && e.Time.Equal(noon.Add(-time.Hour)) }},
		{"duration in whole microseconds", func(e *activitylog.Event) { e.Duration = 1999 },
			func(e activitylog.Event) bool { return e.Duration == time.Microsecond }},
		{"earliest time", func(e *activitylog.Event) { e.Time = time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC) },
			func(e activitylog.Event) bool { return e.Time.Year() == 1700 }},
		{"latest time", func(e *activitylog.Event) { e.Time = time.Date(2250, 1, 1, 0, 0, 0, -1, time.UTC) },
			func(e activitylog.Event) bool { return e.Time.Year() == 2249 && e.Time.Nanosecond() == 999_999_000 }},
		{"expires in UTC microseconds", func(e *activitylog.Event) {
			e.Outcome, e.Expires = activitylog.InProgress, time.Date(2026, 5, 5, 5, 5, 5, 5678, time.FixedZone("", 3600))
		}, func(e activitylog.Event) bool { return e.Expires == time.Date(2026, 5, 5, 4, 5, 5, 5000, time.UTC) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if e := cleaned(t, event(tt.change)); !tt.check(e) {
				t.Errorf("got %s", e.AppendJSON(nil))
			}
		})
	}
}

func TestDefaultOrg(t *testing.T) {
	t.Parallel()
	l := newLog(t, &activitylog.Options{DefaultOrg: "home"})
	if e := stored(t, l, event(func(e *activitylog.Event) { e.Org = "" })); e.Org != "home" {
		t.Errorf("got organization %q, want home", e.Org)
	}
	if e := stored(t, l, event()); e.Org != "acme" {
		t.Errorf("got organization %q, want acme", e.Org)
	}
}

func TestRecordAllIsAllOrNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	e := titled("first")
	e.ID = id(1)
	_, err := l.Record(t.Context(), e)
	require.NoError(t, err)

	other := titled("other")
	other.ID = id(1)
	if _, err := l.RecordAll(t.Context(), []activitylog.Event{titled("a"), other, titled("b")}); !errors.Is(err, activitylog.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	_, err = l.RecordAll(t.Context(), []activitylog.Event{titled("a"), {}, titled("b")})
	if !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), "event 2 of 3: ") {
		t.Errorf("got %v, want an error that names event 2 of 3", err)
	}
	if got := messages(all(t, l)); got != "first" {
		t.Errorf("stored: %q, want only the first", got)
	}
	ids, err := l.RecordAll(t.Context(), []activitylog.Event{titled("a"), titled("b")})
	require.NoError(t, err)
	for i, e := range all(t, l)[1:] {
		if e.ID != ids[i] {
			t.Errorf("id %d is %s, want %s", i, ids[i], e.ID)
		}
	}
	if ids, err := l.RecordAll(t.Context(), nil); ids != nil || err != nil {
		t.Errorf("no events gave %v, %v", ids, err)
	}
}

func TestRecordedNeverGoesBack(t *testing.T) {
	t.Parallel()
	now := noon
	l := newLog(t, &activitylog.Options{Now: func() time.Time { return now }})
	stored(t, l, event())
	now = noon.Add(-time.Hour)
	if e := stored(t, l, event()); !e.Recorded.Equal(noon) {
		t.Errorf("recorded %s, want %s", e.Recorded, noon)
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	fail := errors.New("no key")
	var failing bool
	l := newLog(t, &activitylog.Options{Stamp: func(events []activitylog.Event) error {
		for i := range events {
			if events[i].Message == "" || events[i].Recorded.IsZero() {
				t.Error("stamped before it was complete")
			}
			events[i].Leaf, events[i].Opening = []byte{1}, []byte{2}
		}
		if failing {
			return fail
		}
		return nil
	}})
	e := stored(t, l, event())
	if string(e.Leaf) != "\x01" || string(e.Opening) != "\x02" {
		t.Errorf("got leaf %v and opening %v", e.Leaf, e.Opening)
	}
	failing = true
	if _, err := l.RecordAll(t.Context(), []activitylog.Event{event(), event()}); !errors.Is(err, fail) {
		t.Errorf("got %v, want %v", err, fail)
	}
	if n := len(all(t, l)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		store activitylog.Store
		opts  activitylog.Options
		want  string
	}{
		{"no store", nil, activitylog.Options{}, "a log needs a store"},
		{"negative timeout", memory.New(), activitylog.Options{Timeout: -1}, "must not be negative"},
		{"negative queue", memory.New(), activitylog.Options{QueueSize: -1}, "must not be negative"},
		{"small limit of text", memory.New(), activitylog.Options{Limits: activitylog.Limits{Name: 63}}, "at least 64"},
		{"negative limit of a list", memory.New(), activitylog.Options{Limits: activitylog.Limits{Labels: -1}}, "at least 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := activitylog.New(tt.store, &tt.opts)
			if !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
}
