package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

var logCases = []testCase{
	{name: "log/what databases refuse", must: "the Log replaces NUL and invalid UTF-8, so that every store takes every text",
		run: func(s *subject) {
			bad, good := "a\x00b\xffc\xed\xa0\x80", "a\ufffdb\ufffdc\ufffd"
			log := s.log()
			e := sample(1, func(e *activitylog.Event) {
				setAll(e, bad)
				e.Org, e.Message, e.Reason, e.Actor.Name, e.Targets[0].Name = bad, bad, bad, bad, bad
				e.Changes = []activitylog.Change{{Path: bad, Old: bad, New: object{bad: bad}}}
			})
			_, err := log.Record(s.ctx, e)
			s.ok(err, "record")
			page, err := log.Org(bad).Page(s.ctx, activitylog.Query{Filter: activitylog.All(
				activitylog.ActorIs(bad), activitylog.TargetIs(bad, bad), activitylog.MetaIs(bad, bad),
				activitylog.LabelIs(bad), activitylog.Text(bad),
			)})
			s.ok(err, "page")
			if len(page.Events) != 1 {
				s.fatalf("the event is not found by its own values")
			}
			if got := page.Events[0]; got.Message != good || got.Org != good || got.Changes[0].Path != good {
				s.fatalf("the event came back with message %q instead of %q", got.Message, good)
			}
		}},
	{name: "log/record, page, get and count", must: "a Log works on every store", run: throughLog},
	{name: "log/back over a gap", must: "a page that is empty because the store gave up loses no event, forward and backward",
		run: backOverGap},
	{name: "log/watch", must: mustTail + ": Watch yields every event exactly once", needs: tails, run: func(s *subject) {
		log := s.log()
		record := func(from, to int) {
			for n := from; n <= to; n++ {
				_, err := log.Record(s.ctx, sample(n))
				s.ok(err, "record")
			}
		}
		record(1, 30)
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		var seen oracle
		for t, err := range log.Org("acme").Watch(ctx, "", activitylog.Not(activitylog.TargetIs("item", "7"))) {
			s.ok(err, "watch")
			t.Event.Recorded = sample(0).Recorded
			seen.add(t.Event)
			if n := len(seen.events); n == 29 || n == 49 {
				record(n+2, n+21)
			} else if n == 69 {
				break
			}
		}
		want := list(append(samples(1, 6), samples(8, 70)...)...)
		for i := range want.events {
			want.events[i].Recorded = sample(0).Recorded
		}
		s.same(seen.events, want.events, "what Watch yielded, sorted")
	}},
}

// backOverGap goes to and fro between two matches that lie further apart than the log examines for one page.
func backOverGap(s *subject) {
	needle := func(e *activitylog.Event) { e.Metadata = object{"needle": true} }
	s.append(samples(2, 199)...)
	s.append(sample(1, needle), sample(200, needle))
	reader := s.log().AllOrgs()
	next := func(p activitylog.Page) activitylog.Cursor { return p.Next }
	prev := func(p activitylog.Page) activitylog.Cursor { return p.Prev }
	for _, order := range orders {
		q := activitylog.Query{Filter: activitylog.MetaIs("needle"), Order: order, Limit: 5}
		var page activitylog.Page
		turn := func(direction func(p activitylog.Page) activitylog.Cursor) {
			q.Cursor = direction(page)
			var err error
			page, err = reader.Page(s.ctx, q)
			s.ok(err, "page")
		}
		seek := func(want int, direction func(p activitylog.Page) activitylog.Cursor) {
			turn(direction)
			for n := 0; len(page.Events) == 0; n++ {
				if direction(page).IsZero() || n == 200 {
					s.fatalf("the pages do not lead to event %d, order %d", want, order)
				}
				turn(direction)
			}
			if len(page.Events) != 1 || page.Events[0].ID != id(want) {
				s.fatalf("the pages lead to %s, not to event %d, order %d", short(&page.Events[0]), want, order)
			}
		}
		first, last := 200, 1
		if order == activitylog.Oldest {
			first, last = last, first
		}
		seek(first, next)
		seek(last, next)
		turn(prev) // into the gap
		seek(last, next)
		seek(first, prev)
		turn(next)
		seek(first, prev)
		seek(last, next)
	}
}

// log is a Log over the store, closed at the end of the test.
func (s *subject) log() *activitylog.Log {
	log, err := activitylog.New(s.store, &activitylog.Options{PollEvery: 20 * time.Millisecond, Examine: 25})
	s.ok(err, "make a log")
	s.tb.Cleanup(func() {
		if err := log.Close(context.Background()); err != nil {
			s.tb.Errorf("close the log: %v", err)
		}
	})
	return log
}

func throughLog(s *subject) {
	log := s.log()
	s.together(8, func(i int) error {
		for n := range 12 {
			if _, err := log.Record(s.ctx, sample(i*12+n)); err != nil {
				return err
			}
		}
		return nil
	})
	truth := list(samples(0, 95)...)
	reader := log.Org("acme")
	for n := range 96 {
		e, err := reader.Get(s.ctx, id(n))
		s.ok(err, "get")
		e.Recorded = sample(n).Recorded // the log's own
		s.same([]activitylog.Event{e}, []activitylog.Event{sample(n)}, "get")
	}
	if _, err := reader.Get(s.ctx, id(1000)); !errors.Is(err, activitylog.ErrNotFound) {
		s.fatalf("Get of an event that is not there returned the error %v", err)
	}
	if _, err := log.Org("globex").Get(s.ctx, id(1)); !errors.Is(err, activitylog.ErrNotFound) {
		s.fatalf("Get of an event of another organization returned the error %v", err)
	}
	for _, f := range []activitylog.Filter{{}, activitylog.Text("item 4"), activitylog.MetaIs("n", "33"),
		activitylog.Not(activitylog.MetaIs("n", "33"))} {
		for _, order := range orders {
			var got, want strings.Builder
			q := activitylog.Query{Filter: f, Order: order, Limit: 10}
			for range 30 {
				page, err := reader.Page(s.ctx, q)
				s.ok(err, "page")
				for _, e := range page.Events {
					fmt.Fprintln(&got, e.ID)
				}
				if q.Cursor = page.Next; q.Cursor.IsZero() {
					break
				}
			}
			selected := truth.selected(activitylog.StoreQuery{Filter: f, Order: order})
			for _, e := range selected {
				fmt.Fprintln(&want, e.ID)
			}
			if got.String() != want.String() {
				s.fatalf("the pages of {%s} hold\n%snot\n%s", f, &got, &want)
			}
			n, err := reader.Count(s.ctx, f, 0)
			s.ok(err, "count")
			if n != int64(len(selected)) {
				s.fatalf("Count of {%s} is %d, not %d", f, n, len(selected))
			}
		}
	}
}
