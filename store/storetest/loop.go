package storetest

import (
	"context"
	"errors"
	"iter"

	"github.com/activitylog/activitylog"
)

const mustNotHold = "Scan must hold no lock, transaction or connection while the caller's loop body runs"

var loopCases = []testCase{
	{name: "loop/scan inside", must: mustNotHold, run: func(s *subject) {
		want := list(samples(1, 30)...)
		s.append(want.events...)
		n := 0
		for e, err := range s.store.Scan(s.ctx, activitylog.StoreQuery{Limit: 12}) {
			s.ok(err, "the outer scan")
			q := activitylog.StoreQuery{Filter: activitylog.IDIs(e.ID)}
			for inner, err := range s.store.Scan(s.ctx, q) {
				s.ok(err, "the scan inside")
				if inner.ID != e.ID {
					s.fatalf("the scan inside found %s, not %s", short(&inner), short(&e))
				}
				s.yields(activitylog.StoreQuery{Order: activitylog.Oldest, Limit: 5}, want)
				n++
			}
		}
		if n != 12 {
			s.fatalf("12 events found each other %d times", n)
		}
	}},
	{name: "loop/append inside", must: mustNotHold, run: func(s *subject) {
		s.append(samples(1, 20)...)
		n := 0
		for e, err := range s.store.Scan(s.ctx, activitylog.StoreQuery{Order: activitylog.Newest}) {
			s.ok(err, "scan")
			s.append(e, sample(1000+n)) // newer than all, so that the scan does not meet it
			n++
		}
		if n != 20 {
			s.fatalf("the scan yielded %d of 20 events", n)
		}
		s.holds(list(append(samples(1, 20), samples(1000, 1019)...)...))
	}},
	{name: "loop/capabilities inside", must: mustNotHold, run: capabilitiesInside},
	{name: "loop/two at once", must: mustNotHold, run: func(s *subject) {
		s.append(samples(1, 40)...)
		up, stopUp := iter.Pull2(s.store.Scan(s.ctx, activitylog.StoreQuery{Order: activitylog.Oldest}))
		defer stopUp()
		down, stopDown := iter.Pull2(s.store.Scan(s.ctx, activitylog.StoreQuery{Order: activitylog.Newest}))
		defer stopDown()
		for n := 1; n <= 40; n++ {
			a, err, _ := up()
			s.ok(err, "the first scan")
			b, err, _ := down()
			s.ok(err, "the second scan")
			s.same([]activitylog.Event{a, b}, []activitylog.Event{sample(n), sample(41 - n)}, "two scans step by step")
		}
	}},
	{name: "loop/break", must: mustNotHold + ", nor after it was left early", run: func(s *subject) {
		want := list(samples(1, 1500)...)
		s.append(want.events...)
		for n := range 60 {
			i := 0
			for e, err := range s.store.Scan(s.ctx, activitylog.StoreQuery{Order: activitylog.Oldest}) {
				s.ok(err, "scan %d", n+1)
				s.same([]activitylog.Event{e}, want.events[i:i+1], "a scan that is left early")
				if i++; i > n {
					break
				}
			}
		}
		s.append(sample(2000))
		want.add(sample(2000))
		s.yields(activitylog.StoreQuery{}, want)
	}},
	{name: "loop/canceled before", must: "a store must honour its context; Scan must yield one (zero, err) and then stop",
		run: func(s *subject) {
			s.append(samples(1, 3)...)
			ctx, cancel := context.WithCancel(s.ctx)
			cancel()
			events, err := collect(ctx, s.store, activitylog.StoreQuery{})
			if !errors.Is(err, context.Canceled) || len(events) > 0 {
				s.fatalf("a scan with a canceled context yielded %d events and the error %v", len(events), err)
			}
		}},
	{name: "loop/canceled inside", must: "a scan that does not yield all events must end with an error",
		run: func(s *subject) {
			all := samples(1, 2500)
			s.append(all...)
			for _, stop := range []int{1, 100, 2000} {
				ctx, cancel := context.WithCancel(s.ctx)
				n, end := 0, error(nil)
				for _, err := range s.store.Scan(ctx, activitylog.StoreQuery{Order: activitylog.Oldest}) {
					if end != nil {
						s.fatalf("the scan went on after its error %v", end)
					}
					if end = err; err != nil {
						continue
					}
					if n++; n == stop {
						cancel()
					}
				}
				cancel()
				if end == nil && n < len(all) {
					s.fatalf("canceled after %d events, the scan ended after %d of %d without an error", stop, n, len(all))
				}
			}
		}},
	{name: "loop/appends meanwhile", must: mustExactly + ": those that were there before, each once, whatever is appended meanwhile",
		run: func(s *subject) {
			s.append(samples(1, 300)...)
			for _, order := range orders {
				next, seen := 10_000*(int(order)+1), map[string]bool{}
				var last *activitylog.Key
				n := 0
				for e, err := range s.store.Scan(s.ctx, activitylog.StoreQuery{Order: order}) {
					s.ok(err, "scan")
					k := activitylog.KeyOf(&e)
					if last != nil && !behind(k, *last, order) {
						s.fatalf("%s came out of order", short(&e))
					}
					last = &k
					seen[e.ID.String()] = true
					if n++; n%10 == 0 && n < 400 {
						s.append(sample(next, at(start)), sample(next+1, at(e.Time)), sample(next+2, at(start.AddDate(1, 0, 0))))
						next += 3
					}
				}
				for _, e := range samples(1, 300) {
					if !seen[e.ID.String()] {
						s.fatalf("the scan skipped %s", short(&e))
					}
				}
			}
		}},
}

// capabilitiesInside uses whatever the store can do inside the body of a scan.
func capabilitiesInside(s *subject) {
	s.append(samples(1, 20)...)
	n := 0
	for e, err := range s.store.Scan(s.ctx, activitylog.StoreQuery{Order: activitylog.Oldest}) {
		s.ok(err, "scan")
		n++
		me := activitylog.StoreQuery{Filter: activitylog.IDIs(e.ID)}
		if c, ok := s.store.(activitylog.Counter); ok {
			_, err := c.Count(s.ctx, me, 0)
			s.ok(err, "count inside")
		}
		if a, ok := s.store.(activitylog.Aggregator); ok {
			for _, err := range a.Aggregate(s.ctx, "", activitylog.Aggregation{By: []string{"actor"}}) {
				s.ok(err, "aggregate inside")
			}
		}
		if t, ok := s.store.(activitylog.Tailer); ok {
			_, _, err := t.Tail(s.ctx, "", 3)
			s.ok(err, "tail inside")
		}
		if sp, ok := s.store.(activitylog.Spacer); ok {
			put := func(tx activitylog.SpaceTx) error { return tx.Put(e.ID[:], nil) }
			s.ok(sp.Space("inside").Update(s.ctx, put), "update a space inside")
		}
		if x, ok := s.store.(activitylog.Eraser); ok {
			_, err := x.Erase(s.ctx, me, activitylog.ActorPart)
			s.ok(err, "erase inside")
		}
		if p, ok := s.store.(activitylog.Pruner); ok && n%2 == 0 {
			_, err := p.Prune(s.ctx, me, 1)
			s.ok(err, "prune inside")
		}
	}
	if n != 20 {
		s.fatalf("the scan yielded %d of 20 events", n)
	}
}
