package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// lossy is a log that takes one submitted event at a time, over a store that does what fail says.
func lossy(t *testing.T, fail *error, opts activitylog.Options) (*activitylog.Log, *hooked) {
	t.Helper()
	store := &hooked{Store: memory.New(), hook: func(context.Context, []activitylog.Event) error { return *fail }}
	return logOver(t, store, &opts), store
}

// gapsOf returns the gap events, oldest first.
func gapsOf(t *testing.T, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	return collect(t, l.AllOrgs().Events(t.Context(), activitylog.Query{Filter: activitylog.ActionIs("audit.gap"), Order: activitylog.Oldest}))
}

func TestLossesAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("disk full")
		fail := down
		var told []activitylog.Loss
		l, _ := lossy(t, &fail, activitylog.Options{Now: time.Now, OnLoss: func(x activitylog.Loss) { told = append(told, x) }})
		start := time.Now().UTC()
		submitAt := func(org, action string, after time.Duration) {
			e := event()
			e.Org, e.Action, e.Time = org, action, start.Add(after)
			p, err := l.Submit(t.Context(), e)
			require.NoError(t, err)
			if err := p.Wait(t.Context()); !errors.Is(err, down) {
				t.Errorf("Wait: %v, want %v", err, down)
			}
		}
		submitAt("acme", "auth.login", 5*time.Second)
		submitAt("acme", "project.create", time.Second)
		submitAt("acme", "auth.logout", 3*time.Second)
		submitAt("other", "ai.message.send", 0)

		if len(told) != 4 || !errors.Is(told[0].Err, down) || told[3].Events[0].Action != "ai.message.send" || told[0].Events[0].Message == "" {
			t.Errorf("OnLoss was told %+v", told)
		}
		if s := l.Stats(); s.Lost != 4 || s.Recorded != 0 {
			t.Errorf("stats %+v, want 4 lost", s)
		}
		if len(gapsOf(t, l)) != 0 {
			t.Error("a gap before recording works again")
		}
		fail = nil
		stored(t, l, event())
		synctest.Wait()
		gaps := gapsOf(t, l)
		if len(gaps) != 2 || gaps[0].Org != "acme" || gaps[1].Org != "other" {
			t.Fatalf("got gaps %+v, want one for each organization", gaps)
		}
		g := gaps[0]
		want := map[string]any{
			"count": number("3"), "categories": []any{"auth", "project"},
			"first": start.Add(time.Second).Format(time.RFC3339Nano), "last": start.Add(5 * time.Second).Format(time.RFC3339Nano),
		}
		require.Equal(t, want, g.Metadata)
		if g.Category != "audit" || g.Severity != activitylog.High || g.Actor.Type != activitylog.System ||
			!strings.Contains(g.Message, "3 submitted events") || !strings.Contains(g.Reason, "disk full") {
			t.Errorf("gap event %s", g.AppendJSON(nil))
		}
		stored(t, l, event())
		synctest.Wait()
		if n := len(gapsOf(t, l)); n != 2 {
			t.Errorf("%d gap events after a further record, want 2", n)
		}
	})
}

// While recording fails, the log does not make it worse with gap events.
func TestNoGapEventsWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := errors.New("disk full")
		l, store := lossy(t, &fail, activitylog.Options{})
		for i := range 5 {
			_ = submit(t, l, fmt.Sprint(i)).Wait(t.Context())
		}
		if n := len(store.sizes()); n != 5*4 {
			t.Errorf("%d attempts for five events of four attempts each", n)
		}
		fail = nil
	})
}

func TestGapEventIsWrittenOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := errors.New("disk full")
		l, store := lossy(t, &fail, activitylog.Options{})
		_ = submit(t, l, "lost").Wait(t.Context())
		fail = nil
		// The gap event is stored, but its answer gets lost.
		store.hook = func(ctx context.Context, events []activitylog.Event) error {
			if events[0].Action != "audit.gap" {
				return nil
			}
			require.NoError(t, store.Store.Append(ctx, events))
			return activitylog.ErrOutcomeUnknown
		}
		stored(t, l, titled("1"))
		synctest.Wait()
		store.does(nil)
		time.Sleep(time.Hour)
		stored(t, l, titled("2"))
		synctest.Wait()
		gaps := gapsOf(t, l)
		if len(gaps) != 1 || gaps[0].Metadata["count"] != number("1") {
			t.Errorf("gaps %+v, want one of one event", gaps)
		}
	})
}

// Between two attempts to tell of a gap more may be lost; all of it is told in the end.
func TestGapsAddUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, store := lossy(t, new(error), activitylog.Options{})
		store.hook = func(_ context.Context, events []activitylog.Event) error {
			if events[0].Message != "kept" {
				return errors.New("disk full")
			}
			return nil
		}
		for range 3 {
			_ = submit(t, l, "lost").Wait(t.Context())
			_ = submit(t, l, "lost").Wait(t.Context())
			stored(t, l, titled("kept"))
			synctest.Wait()
		}
		store.does(nil)
		stored(t, l, titled("kept"))
		synctest.Wait()
		sum := 0
		for _, g := range gapsOf(t, l) {
			var n int
			_, err := fmt.Sscan(string(g.Metadata["count"].(interface{ String() string }).String()), &n)
			require.NoError(t, err)
			sum += n
		}
		if sum != 6 || l.Stats().Lost != 6 {
			t.Errorf("gap events tell of %d events, stats %+v, want 6", sum, l.Stats())
		}
	})
}

func TestCloseTellsOfGaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := errors.New("disk full")
		l, _ := lossy(t, &fail, activitylog.Options{})
		_ = submit(t, l, "lost").Wait(t.Context())
		fail = nil
		require.NoError(t, l.Close(t.Context()))
		if n := len(gapsOf(t, l)); n != 1 {
			t.Errorf("%d gap events after Close, want 1", n)
		}
	})
}

// A host's own catalogue need not know of gaps, even in strict mode.
func TestGapsWithAStrictCatalog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := new(activitylog.Catalog).With(activitylog.Action{Name: "project.create"})
		require.NoError(t, err)
		fail := errors.New("disk full")
		l, _ := lossy(t, &fail, activitylog.Options{Catalog: c, Strict: true})
		_ = submit(t, l, "lost").Wait(t.Context())
		fail = nil
		stored(t, l, event())
		synctest.Wait()
		if n := len(gapsOf(t, l)); n != 1 {
			t.Errorf("%d gap events, want 1", n)
		}
	})
}

// A host may keep what was lost in the log itself, once it has mended what was wrong with it.
func TestOnLossMayRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *activitylog.Log
		l = newLog(t, &activitylog.Options{OnLoss: func(x activitylog.Loss) {
			e := x.Events[0]
			e.ID = (activitylog.Event{}).ID
			if _, err := l.Record(t.Context(), e); err != nil {
				t.Error(err)
			}
		}})
		e := titled("first")
		e.ID = id(1)
		stored(t, l, e)
		e.Message = "second"
		p, err := l.Submit(t.Context(), e)
		require.NoError(t, err)
		if err := p.Wait(t.Context()); !errors.Is(err, activitylog.ErrConflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		synctest.Wait()
		list := all(t, l)
		if len(list) != 3 || list[1].Message != "second" || list[2].Action != "audit.gap" {
			t.Errorf("stored %s", messages(list))
		}
	})
}
