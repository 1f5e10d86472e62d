package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// twoOrgs is a log with events a0 … a4 of acme and o0 … o2 of other.
func twoOrgs(t *testing.T, store activitylog.Store) *activitylog.Log {
	t.Helper()
	l := logOver(t, store, nil)
	for org, n := range map[string]int{"acme": 5, "other": 3} {
		for i := range n {
			e := titled(fmt.Sprintf("%c%d", org[0], i))
			e.Org, e.ID = org, id(i)
			_, err := l.Record(t.Context(), e)
			require.NoError(t, err)
		}
	}
	return l
}

// stores are one with all capabilities and one with none.
func stores() map[string]activitylog.Store {
	return map[string]activitylog.Store{"capable": memory.New(), "plain": plain{memory.New()}}
}

func TestReadersKeepToTheirScope(t *testing.T) {
	t.Parallel()
	for name, store := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := twoOrgs(t, store)
			widening := []activitylog.Filter{
				{}, activitylog.Any(activitylog.Filter{}), activitylog.Not(activitylog.Any()), activitylog.IDIs(id(0), id(1), id(2), id(3), id(4)),
				mustParse(t, "org:other or org:acme"), mustParse(t, "-org:acme or org:acme"),
			}
			for scope, want := range map[activitylog.Reader]int{l.Org("acme"): 5, l.Org("other"): 3, l.Org("none"): 0, l.AllOrgs(): 8} {
				for _, f := range widening {
					n, err := scope.Count(t.Context(), f, 0)
					require.NoError(t, err)
					p, err := scope.Page(t.Context(), activitylog.Query{Filter: f})
					require.NoError(t, err)
					list := collect(t, scope.Events(t.Context(), activitylog.Query{Filter: f}))
					if int(n) != want || len(p.Events) != want || len(list) != want {
						t.Errorf("%s: counted %d, paged %d, listed %d, want %d", f, n, len(p.Events), len(list), want)
					}
				}
			}
			if n, _ := l.Org("acme").Count(t.Context(), mustParse(t, "org:other"), 0); n != 0 {
				t.Errorf("a filter for another organization finds %d", n)
			}
		})
	}
}

func mustParse(t *testing.T, text string) activitylog.Filter {
	t.Helper()
	f, err := activitylog.ParseFilter(text)
	require.NoError(t, err)
	return f
}

func TestGet(t *testing.T) {
	t.Parallel()
	l := twoOrgs(t, memory.New())
	if e, err := l.Org("other").Get(t.Context(), id(1)); err != nil || e.Message != "o1" {
		t.Errorf("got %q, %v", e.Message, err)
	}
	if e, err := l.AllOrgs().Get(t.Context(), id(4)); err != nil || e.Message != "a4" {
		t.Errorf("got %q, %v", e.Message, err)
	}
	for _, r := range []activitylog.Reader{l.Org("other"), l.Org("none")} {
		if e, err := r.Get(t.Context(), id(4)); !errors.Is(err, activitylog.ErrNotFound) {
			t.Errorf("an event of another organization: %q, %v", e.Message, err)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for name, store := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := twoOrgs(t, store)
			for limit, want := range map[int64]int64{0: 5, 1: 1, 4: 4, 5: 5, 6: 5, 1 << 40: 5} {
				if n, err := l.Org("acme").Count(t.Context(), activitylog.Filter{}, limit); err != nil || n != want {
					t.Errorf("limit %d: %d, %v, want %d", limit, n, err, want)
				}
			}
			if _, err := l.Org("acme").Count(t.Context(), activitylog.Filter{}, -1); !errors.Is(err, activitylog.ErrInvalid) {
				t.Errorf("negative limit: %v", err)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	l := twoOrgs(t, memory.New())
	r := l.Org("acme")
	q := activitylog.Query{Order: activitylog.Oldest}
	if got := messages(collect(t, r.Events(t.Context(), q))); got != "a0 a1 a2 a3 a4" {
		t.Errorf("got %s", got)
	}
	for e, err := range r.Events(t.Context(), q) { // stops when the caller does
		if err != nil || e.Message != "a0" {
			t.Errorf("got %s, %v", e.Message, err)
		}
		break
	}
	q.Limit = 2
	p, err := r.Page(t.Context(), q)
	require.NoError(t, err)
	q.Cursor = p.Next
	if got := messages(collect(t, r.Events(t.Context(), q))); got != "a2 a3" {
		t.Errorf("from a cursor, two: %s", got)
	}
	q.Limit = 0
	if got := messages(collect(t, r.Events(t.Context(), q))); got != "a2 a3 a4" {
		t.Errorf("from a cursor, all: %s", got)
	}
	p, err = r.Page(t.Context(), activitylog.Query{Order: activitylog.Oldest, Limit: 2, Cursor: p.Next})
	require.NoError(t, err)
	for name, q := range map[string]activitylog.Query{
		"negative limit": {Limit: -1}, "backward": {Order: activitylog.Oldest, Cursor: p.Prev}, "order": {Order: 7},
	} {
		for _, err := range r.Events(t.Context(), q) {
			if !errors.Is(err, activitylog.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The loop body may use the log, even one that takes one caller at a time.
func TestLoopBodyMayUseTheLog(t *testing.T) {
	t.Parallel()
	l := twoOrgs(t, memory.New())
	n := 0
	for e, err := range l.Org("acme").Events(t.Context(), activitylog.Query{Order: activitylog.Oldest, Limit: 5}) {
		require.NoError(t, err)
		_, err = l.Record(t.Context(), titled("again "+e.Message))
		require.NoError(t, err)
		n++
	}
	if n != 5 {
		t.Errorf("%d events, want 5", n)
	}
}

func TestReaderWithoutOrganization(t *testing.T) {
	t.Parallel()
	l := twoOrgs(t, memory.New())
	r := l.Org("")
	first := func(s iter.Seq2[activitylog.Event, error]) error {
		for _, err := range s {
			return err
		}
		return nil
	}
	errs := map[string]error{"Events": first(r.Events(t.Context(), activitylog.Query{}))}
	_, errs["Get"] = r.Get(t.Context(), id(1))
	_, errs["Page"] = r.Page(t.Context(), activitylog.Query{})
	_, errs["Count"] = r.Count(t.Context(), activitylog.Filter{}, 0)
	for _, err := range r.Aggregate(t.Context(), activitylog.Aggregation{}) {
		errs["Aggregate"] = err
	}
	for _, err := range r.Watch(t.Context(), "", activitylog.Filter{}) {
		errs["Watch"] = err
	}
	if len(errs) != 6 {
		t.Errorf("only %v", errs)
	}
	for name, err := range errs {
		if !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// failing is a store that cannot be read after some events.
type failing struct {
	*memory.Store
	after int
	err   error
}

func (f failing) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		n := 0
		for e, err := range f.Store.Scan(ctx, q) {
			if n++; n > f.after {
				yield(activitylog.Event{}, f.err)
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func TestErrorsOfTheStoreReachTheReader(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	l := twoOrgs(t, plain{failing{memory.New(), 2, broken}})
	r := l.Org("acme")
	if _, err := r.Page(t.Context(), activitylog.Query{}); !errors.Is(err, broken) {
		t.Errorf("Page: %v", err)
	}
	if _, err := r.Count(t.Context(), activitylog.Filter{}, 0); !errors.Is(err, broken) {
		t.Errorf("Count: %v", err)
	}
	n := 0
	for _, err := range r.Events(t.Context(), activitylog.Query{}) {
		if n++; (n <= 2) != (err == nil) || err != nil && !errors.Is(err, broken) {
			t.Errorf("Events: %v at %d", err, n)
		}
	}
	for _, err := range r.Aggregate(t.Context(), activitylog.Aggregation{}) {
		if !errors.Is(err, broken) {
			t.Errorf("Aggregate: %v", err)
		}
	}
	if n != 3 {
		t.Errorf("Events yielded %d times, want 3", n)
	}
}

func TestSweepOverAStoreThatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	for readable, want := range []int{0, 1} { // of two operations that expired
		store := memory.New()
		recordAll(t, logOver(t, store, nil), slices.Repeat([]activitylog.Event{event(func(e *activitylog.Event) {
			e.Outcome, e.Time, e.Expires = activitylog.InProgress, noon, noon
		})}, 2)...)
		l := logOver(t, plain{failing{store, readable, broken}}, nil)
		if n, err := l.Sweep(t.Context()); n != want || !errors.Is(err, broken) {
			t.Errorf("closed %d, %v, want %d and %v", n, err, want, broken)
		}
		if n := len(all(t, logOver(t, store, nil))); n != 2+want {
			t.Errorf("%d events, want %d", n, 2+want)
		}
	}
}
