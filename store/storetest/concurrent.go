package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/activitylog/activitylog"
)

const mustBeSafe = "a store must be safe for concurrent use"

var concurrentCases = []testCase{
	{name: "concurrent/same events", must: mustBeSafe + "; " + mustSkip, run: func(s *subject) {
		want := list(samples(1, 100)...)
		s.together(16, func(int) error { return s.store.Append(s.ctx, want.events) })
		s.holds(want)
	}},
	{name: "concurrent/same events in any order",
		must: mustBeSafe + "; two calls that touch the same events in different orders must not fail each other", run: func(s *subject) {
			events := samples(1, 100)
			s.together(16, func(i int) error {
				rng := rand.New(rand.NewPCG(uint64(i), 0))
				for range 3 {
					var batch []activitylog.Event
					for _, n := range rng.Perm(len(events)) {
						batch = append(batch, events[n])
					}
					if err := s.store.Append(s.ctx, batch); err != nil {
						return fmt.Errorf("append all in another order: %w", err)
					}
				}
				return nil
			})
			s.holds(list(events...))
		}},
	{name: "concurrent/one by one", must: mustBeSafe + "; " + mustAll, run: func(s *subject) {
		s.together(16, func(i int) error {
			for n := range 25 {
				if err := s.store.Append(s.ctx, []activitylog.Event{sample(i*100 + n), sample(n + 10_000)}); err != nil {
					return err
				}
			}
			return nil
		})
		want := list(samples(10_000, 10_024)...)
		for i := range 16 {
			want.add(samples(i*100, i*100+24)...)
		}
		s.holds(want)
	}},
	{name: "concurrent/conflict", must: mustBeSafe + "; " + mustFail, needs: conflicts, run: concurrentConflict},
	{name: "concurrent/more callers than connections", must: mustBeSafe + ": callers may wait for each other but not for ever",
		run: func(s *subject) {
			s.together(64, func(i int) error {
				if err := s.store.Append(s.ctx, samples(10*i, 10*i+4)); err != nil {
					return err
				}
				if sp, ok := s.store.(activitylog.Spacer); ok {
					put := func(tx activitylog.SpaceTx) error { return tx.Put(fmt.Appendf(nil, "%d", i), nil) }
					err := sp.Space("x").Update(s.ctx, put)
					if err != nil {
						return err
					}
				}
				_, err := collect(s.ctx, s.store, activitylog.StoreQuery{Limit: 3})
				return err
			})
			var want oracle
			for i := range 64 {
				want.add(samples(10*i, 10*i+4)...)
			}
			s.holds(want)
		}},
	{name: "concurrent/readers", must: mustBeSafe + "; " + mustExactly, run: concurrentReaders},
}

// concurrentConflict lets writers claim the same id for different events: one wins, and nothing of the others is stored.
func concurrentConflict(s *subject) {
	for round := range 10 {
		claimed := 1000 * (round + 1)
		var winner, winners atomic.Int64
		s.together(8, func(i int) error {
			mine := sample(claimed, saying(fmt.Sprintf("writer %d", i)))
			err := s.store.Append(s.ctx, []activitylog.Event{sample(claimed + 10 + i), mine, sample(claimed + 20 + i)})
			switch conflict := (*activitylog.ConflictError)(nil); {
			case err == nil:
				winner.Store(int64(i))
				winners.Add(1)
			case !errors.As(err, &conflict) || conflict.ID != mine.ID:
				return fmt.Errorf("got %w instead of a ConflictError for %s", err, mine.ID)
			}
			return nil
		})
		if n := winners.Load(); n != 1 {
			s.fatalf("%d of 8 writers claimed the same id for different events", n)
		}
		w := int(winner.Load())
		want := list(sample(claimed, saying(fmt.Sprintf("writer %d", w))), sample(claimed+10+w), sample(claimed+20+w))
		since := activitylog.Since(sample(claimed).Time)
		s.same(s.scan(activitylog.StoreQuery{Filter: since}), want.selected(activitylog.StoreQuery{}), "after writers claimed one id")
	}
}

// concurrentReaders reads and pages while others append. A batch is there as a whole or not at all.
func concurrentReaders(s *subject) {
	const writers, batches, size = 4, 15, 5
	before := list(samples(90_000, 90_050)...)
	s.append(before.events...)
	s.together(2*writers, func(i int) error {
		if i < writers {
			for b := range batches {
				n := i*1000 + b*size
				if err := s.store.Append(s.ctx, samples(n, n+size-1)); err != nil {
					return err
				}
			}
			return nil
		}
		for n := range 20 {
			b := (i-writers)*1000 + n%batches*size
			part, err := collect(s.ctx, s.store, activitylog.StoreQuery{Filter: activitylog.IDIs(ids(samples(b, b+size-1))...)})
			if err != nil {
				return err
			}
			if len(part) != 0 && len(part) != size {
				return fmt.Errorf("a scan saw %d of %d events of one batch", len(part), size)
			}
			q := activitylog.StoreQuery{Order: orders[n%2], Filter: activitylog.IDIs(ids(before.events)...)}
			old, err := collect(s.ctx, s.store, q)
			if err != nil {
				return err
			}
			if d := differentLists(old, before.selected(q)); d != "" {
				return fmt.Errorf("events that were there before: %s", d)
			}
		}
		return nil
	})
	for i := range writers {
		before.add(samples(i*1000, i*1000+batches*size-1)...)
	}
	s.holds(before)
}
