package activitylog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func idsOf(events []activitylog.Event) []uuid.UUID {
	var list []uuid.UUID
	for i := range events {
		list = append(list, events[i].ID)
	}
	return list
}

// scattered is a log whose events come in any order, some at one time, in two organizations with the same ids.
func scattered(t *testing.T, r *rand.Rand, n int, opts *activitylog.Options) *activitylog.Log {
	t.Helper()
	l := newLog(t, opts)
	for _, i := range r.Perm(n) {
		e := titled(fmt.Sprint("m", i, " ", pick(r, "rare", "often", "often", "often", "often")))
		e.ID, e.Time, e.Org = id(i), noon.Add(time.Duration(r.IntN(n/3))*time.Second), pick(r, "acme", "other")
		_, err := l.Record(t.Context(), e)
		require.NoError(t, err)
		if r.IntN(10) == 0 {
			e.Org = map[string]string{"acme": "other", "other": "acme"}[e.Org]
			_, err := l.Record(t.Context(), e)
			require.NoError(t, err)
		}
	}
	return l
}

// walk pages through a query, forward or backward from a cursor, and returns the events in the order of the query.
func walk(t *testing.T, r activitylog.Reader, q activitylog.Query, back bool) (list []activitylog.Event, pages []activitylog.Page) {
	t.Helper()
	for len(pages) < 10_000 {
		p, err := r.Page(t.Context(), q)
		require.NoError(t, err)
		pages = append(pages, p)
		if len(p.Events) > q.Limit {
			t.Fatalf("page of %d events, want at most %d", len(p.Events), q.Limit)
		}
		if back {
			list = append(slices.Clone(p.Events), list...)
			q.Cursor = p.Prev
		} else {
			list = append(list, p.Events...)
			q.Cursor = p.Next
		}
		if q.Cursor.IsZero() {
			return list, pages
		}
	}
	t.Fatal("the pages do not end")
	return nil, nil
}

func sameEvents(a, b []activitylog.Event) bool {
	return slices.EqualFunc(a, b, func(x, y activitylog.Event) bool { return x.ID == y.ID && x.Org == y.Org })
}

func TestPagesBothWaysEqualTheList(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	for _, examine := range []int{0, 1, 3, 7} { // rows that a page may look at in vain
		l := scattered(t, r, 90, &activitylog.Options{Examine: examine})
		for range 60 {
			reader := pick(r, l.AllOrgs(), l.Org("acme"), l.Org("other"), l.Org("none"))
			q := activitylog.Query{
				Filter: activitylog.Text(pick(r, "", "rare", "often", "none", "m1")), Order: pick(r, activitylog.Newest, activitylog.Oldest), Limit: 1 + r.IntN(9),
			}
			name := fmt.Sprintf("examine %d, %+v", examine, q)
			want := collect(t, reader.Events(t.Context(), activitylog.Query{Filter: q.Filter, Order: q.Order}))
			got, pages := walk(t, reader, q, false)
			if !sameEvents(got, want) {
				t.Fatalf("%s: forward gave %s, want %s", name, messages(got), messages(want))
			}
			if !pages[0].Prev.IsZero() {
				t.Fatalf("%s: something comes before the first page", name)
			}
			// From any page, what lies before and behind it is the rest.
			at := r.IntN(len(pages))
			before := 0
			for _, p := range pages[:at] {
				before += len(p.Events)
			}
			if at > 0 {
				q.Cursor = pages[at].Prev
				if back, _ := walk(t, reader, q, true); !sameEvents(back, want[:before]) {
					t.Fatalf("%s: back from page %d of %d (%d events) gave %s, want %s", name, at, len(pages), len(pages[at].Events),
						messages(back), messages(want[:before]))
				}
			}
			if q.Cursor = pages[at].Next; !q.Cursor.IsZero() {
				if rest, _ := walk(t, reader, q, false); !sameEvents(rest, want[before+len(pages[at].Events):]) {
					t.Fatalf("%s: on from page %d gave %s", name, at, messages(rest))
				}
			}
		}
	}
}

// A reader that turns the pages this way and that sees each page's neighbours whole.
func TestTurningPagesBackAndForth(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	l := scattered(t, r, 90, &activitylog.Options{Examine: 4})
	for range 40 {
		reader := pick(r, l.AllOrgs(), l.Org("acme"))
		q := activitylog.Query{Filter: activitylog.Text("rare"), Order: pick(r, activitylog.Newest, activitylog.Oldest), Limit: 1 + r.IntN(3)}
		want := collect(t, reader.Events(t.Context(), activitylog.Query{Filter: q.Filter, Order: q.Order}))
		start := 0 // how many events lie before the page
		size := 0
		var trail []string
		for range 60 {
			p, err := reader.Page(t.Context(), q)
			require.NoError(t, err)
			if q.Cursor.IsZero() {
				start = 0
			} else if trail[len(trail)-1] == "next" {
				start += size
			} else {
				start -= len(p.Events)
			}
			size = len(p.Events)
			if start < 0 || start+size > len(want) || !sameEvents(p.Events, want[start:start+size]) {
				t.Fatalf("%+v: after %v got %s at %d of %s", q, trail, messages(p.Events), start, messages(want))
			}
			if p.Prev.IsZero() && start != 0 || p.Next.IsZero() && start+size != len(want) {
				t.Fatalf("%+v: after %v there is no way on from %d to %d of %d", q, trail, start, start+size, len(want))
			}
			switch {
			case !p.Next.IsZero() && (p.Prev.IsZero() || r.IntN(2) == 0):
				q.Cursor, trail = p.Next, append(trail, "next")
			case !p.Prev.IsZero():
				q.Cursor, trail = p.Prev, append(trail, "prev")
			}
		}
	}
}

func TestExaminedRowsAreBounded(t *testing.T) {
	t.Parallel()
	l := newLog(t, &activitylog.Options{Examine: 100})
	for i := range 1000 {
		e := titled(fmt.Sprint("m", i))
		if i == 500 {
			e.Message = "needle"
		}
		_, err := l.Record(t.Context(), e)
		require.NoError(t, err)
	}
	q := activitylog.Query{Filter: activitylog.Text("needle"), Limit: 10}
	found, pages := walk(t, l.AllOrgs(), q, false)
	if len(found) != 1 || len(pages) < 9 || len(pages) > 11 {
		t.Errorf("found %d on %d pages", len(found), len(pages))
	}
	for i, p := range pages[:len(pages)-1] {
		if p.Examined == 0 || p.Examined > 100 || p.Next.IsZero() {
			t.Errorf("page %d examined %d rows", i, p.Examined)
		}
	}
	if last := pages[len(pages)-1]; last.Examined != 0 || !last.Next.IsZero() {
		t.Errorf("last page: %+v", last)
	}
	if n := len(collect(t, l.AllOrgs().Events(t.Context(), q))); n != 1 {
		t.Errorf("Events found %d", n)
	}
}

// When what followed a page was purged, the way back still shows that page whole.
func TestPagesAfterAPurge(t *testing.T) {
	t.Parallel()
	for order, want := range map[activitylog.Order]string{activitylog.Oldest: "m0 m1 m2", activitylog.Newest: "m8 m7 m6"} {
		store := memory.New()
		l := logOver(t, store, nil)
		for i := range 9 {
			_, err := l.Record(t.Context(), titled(fmt.Sprint("m", i)))
			require.NoError(t, err)
		}
		q := activitylog.Query{Order: order, Limit: 3}
		first, err := l.AllOrgs().Page(t.Context(), q)
		require.NoError(t, err)
		keep := activitylog.IDIs(idsOf(first.Events)...)
		_, err = store.Prune(t.Context(), activitylog.StoreQuery{Filter: activitylog.Not(keep)}, 100)
		require.NoError(t, err)
		q.Cursor = first.Next
		empty, err := l.AllOrgs().Page(t.Context(), q)
		require.NoError(t, err)
		if len(empty.Events) != 0 || !empty.Next.IsZero() {
			t.Errorf("after the purge: %s", messages(empty.Events))
		}
		q.Cursor = empty.Prev
		back, err := l.AllOrgs().Page(t.Context(), q)
		require.NoError(t, err)
		if got := messages(back.Events); got != want || !back.Prev.IsZero() {
			t.Errorf("back from there: %s, want %s", got, want)
		}
	}
}

func TestPageRefuses(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	for _, tt := range []struct {
		query activitylog.Query
		want  string
	}{
		{activitylog.Query{Limit: -1}, "use 1 to 1000"}, {activitylog.Query{Limit: 1001}, "use 1 to 1000"}, {activitylog.Query{Order: 2}, "unknown order 2"},
	} {
		if _, err := l.AllOrgs().Page(t.Context(), tt.query); !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.query, err)
		}
	}
	if p, err := l.AllOrgs().Page(t.Context(), activitylog.Query{}); err != nil || len(p.Events) != 0 || !p.Next.IsZero() || !p.Prev.IsZero() {
		t.Errorf("empty log: %+v, %v", p, err)
	}
}
