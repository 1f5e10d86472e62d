package activitylog_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

const word = "open-sesame"

// hush is a hook that takes the word out of reasons and metadata.
func hush(e *activitylog.Event) error {
	e.Reason = strings.ReplaceAll(e.Reason, word, "[gone]")
	for k, v := range e.Metadata {
		if s, ok := v.(string); ok {
			e.Metadata[k] = strings.ReplaceAll(s, word, "[gone]")
		}
	}
	return nil
}

// told is an event that says the word where every path has it: before and after its beginning.
func told() activitylog.Event {
	return event(func(e *activitylog.Event) {
		e.Reason, e.Metadata = "said "+word, map[string]any{"note": word}
	})
}

func TestRedactOnEveryPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		record func(ctx context.Context, l *activitylog.Log) error
	}{
		{"Record", func(ctx context.Context, l *activitylog.Log) error {
			_, err := l.Record(ctx, told())
			return err
		}},
		{"RecordAll", func(ctx context.Context, l *activitylog.Log) error {
			_, err := l.RecordAll(ctx, []activitylog.Event{told(), told()})
			return err
		}},
		{"RecordTx", func(ctx context.Context, l *activitylog.Log) error {
			_, err := l.RecordTx(ctx, nil, told())
			return err
		}},
		{"Submit", func(ctx context.Context, l *activitylog.Log) error {
			p, err := l.Submit(ctx, told())
			if err != nil {
				return err
			}
			return p.Wait(ctx)
		}},
		{"Begin and End", func(ctx context.Context, l *activitylog.Log) error {
			op, err := l.Begin(ctx, told())
			if err != nil {
				return err
			}
			op.Event.Reason, op.Event.Metadata["later"] = word, word
			_, err = op.End(ctx, errors.New(word))
			return err
		}},
		{"what the context fills in", func(ctx context.Context, l *activitylog.Log) error {
			e := told()
			e.Actor = activitylog.Actor{}
			_, err := l.Record(activitylog.WithActor(ctx, ana), e)
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &seen{Store: memory.New()}
			l := logOver(t, store, &activitylog.Options{Redact: func(e *activitylog.Event) error {
				if e.Actor.ID == "" || e.Org == "" || e.Time.IsZero() {
					t.Error("redacted before it was complete")
				}
				return hush(e)
			}})
			require.NoError(t, tt.record(t.Context(), l))
			if len(store.events) == 0 {
				t.Fatal("nothing was stored")
			}
			for _, e := range store.events {
				text := e.AppendJSON(nil)
				if bytes.Contains(text, []byte(word)) || !bytes.Contains(text, []byte("[gone]")) {
					t.Errorf("the store got %s", text)
				}
			}
		})
	}
}

// seen is a store that keeps what it got, in transactions too.
type seen struct {
	*memory.Store
	events []activitylog.Event
}

func (s *seen) Append(ctx context.Context, events []activitylog.Event) error {
	s.events = append(s.events, events...)
	return s.Store.Append(ctx, events)
}

func (s *seen) AppendTx(_ context.Context, _ activitylog.Tx, events []activitylog.Event) error {
	s.events = append(s.events, events...)
	return nil
}

func TestRedactBeforeCutsAndHashes(t *testing.T) {
	t.Parallel()
	var stamped string
	l := newLog(t, &activitylog.Options{
		Redact: func(e *activitylog.Event) error {
			e.Reason = strings.ReplaceAll(e.Reason, word, "")
			return nil
		},
		Stamp: func(events []activitylog.Event) error {
			stamped = events[0].Reason
			return nil
		},
	})
	e := stored(t, l, event(func(e *activitylog.Event) { e.Reason = strings.Repeat(word, 100) + "the end" }))
	if e.Reason != "the end" || stamped != "the end" || len(e.Truncated) != 0 {
		t.Errorf("got reason %q, stamped %q, cuts %v", e.Reason, stamped, e.Truncated)
	}
}

// TestRedactMeetsPlainValues holds that no type of the host hides a text, and that the caller's event stays as it was.
func TestRedactMeetsPlainValues(t *testing.T) {
	t.Parallel()
	type config struct{ Word *string }
	w := word
	given := event(func(e *activitylog.Event) {
		e.Metadata = map[string]any{"config": config{&w}, "list": []string{w}, "map": map[string]string{"k": w}}
		e.Changes = []activitylog.Change{{Path: "config", New: config{&w}}, {Path: "key", New: w, Secret: true}}
		e.Targets = []activitylog.Target{{Type: "user", ID: "u2", Name: w}}
		e.Labels = map[string]string{"k": w}
	})
	l := newLog(t, &activitylog.Options{Redact: func(e *activitylog.Event) error {
		meta := e.Metadata
		meta["config"].(map[string]any)["Word"] = "-"
		meta["list"].([]any)[0] = "-"
		meta["map"].(map[string]any)["k"] = "-"
		e.Changes[0].New.(map[string]any)["Word"] = "-"
		if e.Changes[1].New == w {
			t.Error("the hook got the value of a secret change")
		}
		e.Targets[0].Name, e.Labels["k"] = "-", "-"
		return nil
	}})
	got := stored(t, l, given)
	if text := got.AppendJSON(nil); bytes.Contains(text, []byte(word)) {
		t.Errorf("stored %s", text)
	}
	if given.Metadata["list"].([]string)[0] != w || w != word || given.Targets[0].Name != w || given.Labels["k"] != w {
		t.Errorf("the hook changed the caller's event: %+v", given)
	}
}

func TestFailedRedactionStoresNothing(t *testing.T) {
	t.Parallel()
	cause := errors.New("no policy for this organization")
	var nobody *activitylog.AIUsage
	tests := []struct {
		name string
		hook func(*activitylog.Event) error
		want string
	}{
		{"error", func(*activitylog.Event) error { return cause }, "activitylog: redact: no policy for this organization"},
		{"panic", func(e *activitylog.Event) error { panic(e.Reason) }, "redact: the hook panicked with a string; mend it"},
		{"runtime error", func(*activitylog.Event) error { nobody.Model = ""; return nil }, "nil pointer"},
		{"no actor left", func(e *activitylog.Event) error { e.Actor = activitylog.Actor{}; return nil }, "event has no actor"},
		{"no JSON form left", func(e *activitylog.Event) error { e.Metadata["note"] = func() {}; return nil }, "has no JSON form"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t, &activitylog.Options{Redact: tt.hook})
			_, err := l.Record(t.Context(), told())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), word) {
				t.Errorf("Record: got %v, want it to say %q and not the event's text", err, tt.want)
			}
			if _, err := l.Submit(t.Context(), told()); err == nil {
				t.Error("Submit took the event")
			}
			if _, err := l.Begin(t.Context(), told()); err == nil {
				t.Error("Begin took the event")
			}
			if n := len(all(t, l)); n != 0 {
				t.Errorf("%d events were stored", n)
			}
		})
	}
}

func TestRedactValueWithoutEnd(t *testing.T) {
	t.Parallel()
	loop := map[string]any{"note": word}
	loop["loop"] = loop
	l := newLog(t, &activitylog.Options{Redact: hush})
	e := stored(t, l, event(func(e *activitylog.Event) { e.Metadata = loop }))
	if e.Metadata["note"] != "[gone]" {
		t.Errorf("got %v", e.Metadata["note"])
	}
}

// TestRedactGaps holds that the log's own notes of losses go through the hook, and wait while it fails.
func TestRedactGaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New(word + " is down")
		fail, failing := down, true
		l, _ := lossy(t, &fail, activitylog.Options{Now: time.Now, Redact: func(e *activitylog.Event) error {
			if failing && e.Action == "audit.gap" {
				return errors.New("not now")
			}
			return hush(e)
		}})
		p, err := l.Submit(t.Context(), event())
		require.NoError(t, err)
		require.ErrorIs(t, p.Wait(t.Context()), down)
		fail = nil
		stored(t, l, event())
		synctest.Wait()
		if n := len(gapsOf(t, l)); n != 0 {
			t.Fatalf("%d gap events passed a failing hook", n)
		}
		failing = false
		stored(t, l, event())
		synctest.Wait()
		gaps := gapsOf(t, l)
		if len(gaps) != 1 || gaps[0].Reason != "[gone] is down" {
			t.Errorf("got %+v", gaps)
		}
	})
}
