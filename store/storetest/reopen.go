package storetest

import (
	"maps"
	"slices"

	"github.com/activitylog/activitylog"
)

var reopenCases = []testCase{
	{name: "reopen/events", must: "Append must return nil only when the events are durable",
		needs: reopens, run: func(s *subject) {
			a, truth := s.random(200)
			full := filled(1)
			s.append(full)
			truth.add(full)
			s.reopen()
			s.holds(truth)
			for range 60 {
				s.yields(activitylog.StoreQuery{Filter: a.tree(1).filter(), Limit: a.rng.IntN(40)}, truth)
			}
			s.append(truth.events[:50]...)
			s.append(sample(1))
			truth.add(sample(1))
			s.reopen()
			s.holds(truth)
		}},
	{name: "reopen/conflict", must: mustFail + ", also after the store was opened again",
		needs: reopens | conflicts, run: func(s *subject) {
			s.append(samples(1, 3)...)
			s.reopen()
			other := sample(2, saying("something else"))
			s.refuse(s.store.Append(s.ctx, []activitylog.Event{sample(4), other}), &other)
			s.holds(list(samples(1, 3)...))
		}},
	{name: "reopen/positions", must: "a Position holds as long as the store, also when it was opened again",
		needs: reopens | tails, run: func(s *subject) {
			s.append(samples(1, 10)...)
			before := s.tailed(10)
			end := s.follow(activitylog.End)
			end.read(1)
			s.reopen()
			for i, t := range before {
				s.follow(t.Position).expectTailed(before[i+1:])
			}
			s.append(samples(11, 12)...)
			s.follow(end.at).expect(samples(11, 12)...)
			s.follow("").expect(samples(1, 12)...)
		}},
	{name: "reopen/positions after prune", must: "a Position is never used again, also when all was pruned and the store was opened again",
		needs: reopens | tails | prunes, run: func(s *subject) {
			truth := list(samples(1, 5)...)
			s.append(truth.events...)
			before := s.tailed(5)
			s.prunes(activitylog.StoreQuery{}, 5, &truth)
			s.reopen()
			s.holds(list())
			s.append(samples(6, 7)...)
			for _, t := range before {
				s.follow(t.Position).expect(samples(6, 7)...)
			}
		}},
	{name: "reopen/spaces", must: mustUpdate + "; what was committed is durable",
		needs: reopens | keepsSpaces, run: func(s *subject) {
			s.put("x", "a", "1", "\x00\xff", "\xff\x00", "empty", "")
			s.put("y", "a", "2")
			s.reopen()
			s.hasPairs("x", "\x00\xff", "\xff\x00", "a", "1", "empty", "")
			s.hasPairs("y", "a", "2")
		}},
}

// reopen closes the store and opens its data again.
func (s *subject) reopen() { s.store = s.h.Reopen(s.tb, s.store) }

// sortedPairs is what a range over the map yields, as keys and values in turn.
func sortedPairs(m map[string]string, from, to string) []string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k >= from && k < to {
			list = append(list, k, m[k])
		}
	}
	return list
}
