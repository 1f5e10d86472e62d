package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/activitylog/activitylog"
)

const mustPrune = "Prune deletes the first limit events that Scan would yield, with all that the store derived from them"

var pruneCases = []testCase{
	{name: "prune/first in order", must: mustPrune, needs: prunes, run: func(s *subject) {
		truth := list(shuffled(samples(1, 60))...)
		truth.add(samples(1, 20, inOrg("globex"))...)
		s.append(truth.events...)
		after := activitylog.KeyOf(&truth.events[40])
		for _, q := range []activitylog.StoreQuery{
			{Order: activitylog.Oldest},
			{Order: activitylog.Newest},
			{Order: activitylog.Oldest, Org: "globex"},
			{Order: activitylog.Newest, Filter: activitylog.TargetIs("item", "30", "31", "32", "33")},
			{Order: activitylog.Oldest, Filter: activitylog.Not(activitylog.Text("item 2")), Org: "acme"},
			{Order: activitylog.Oldest, After: &after},
			{Order: activitylog.Newest, After: &after, Filter: activitylog.ActorIs("u1")},
			{Filter: activitylog.ActorIs("nobody")},
			{Order: activitylog.Oldest, Filter: activitylog.RecordedBefore(sample(15).Recorded)},
		} {
			s.prunes(q, 5, &truth)
			s.holds(truth)
		}
		s.prunes(activitylog.StoreQuery{}, 1000, &truth)
		s.holds(list())
	}},
	{name: "prune/in steps", must: mustPrune + ", so that a purge may go on in bounded steps",
		needs: prunes, run: func(s *subject) {
			truth := list(samples(1, 1500, at(start))...)
			truth.add(samples(2000, 2100)...)
			s.append(truth.events...)
			q := activitylog.StoreQuery{Order: activitylog.Oldest, Filter: activitylog.Before(sample(2050).Time)}
			for s.prunes(q, 333, &truth) > 0 {
				s.yields(activitylog.StoreQuery{Limit: 200, Order: activitylog.Oldest}, truth)
			}
			s.holds(list(samples(2050, 2100)...))
		}},
	{name: "prune/gone everywhere", must: mustPrune + ": no filter, search or figure finds them any more",
		needs: prunes, run: prunedEverywhere},
	{name: "prune/again", must: mustPrune + "; the ids are free again", needs: prunes, run: func(s *subject) {
		truth := list(samples(1, 10)...)
		s.append(truth.events...)
		s.prunes(activitylog.StoreQuery{Order: activitylog.Oldest}, 4, &truth)
		again := append(samples(1, 2), sample(3, saying("other words")), sample(9))
		s.append(again...)
		truth.add(again[:3]...)
		s.holds(truth)
		s.yields(activitylog.StoreQuery{Filter: activitylog.Text("words")}, truth)
		s.yields(activitylog.StoreQuery{Filter: activitylog.Text(`"item 1"`)}, truth)
	}},
	{name: "prune/positions", must: "Tail goes on from positions of pruned events, and " +
		"a Position is never used again, also after all was pruned",
		needs: prunes | tails, run: prunedPositions},
	{name: "prune/by keys", must: mustPruneKeys, needs: prunesKeys, run: prunedByKeys},
	{name: "prune/spaces stay", must: mustPrune + ", and nothing else: spaces stay",
		needs: prunes | keepsSpaces, run: func(s *subject) {
			truth := list(samples(1, 10)...)
			s.append(truth.events...)
			s.put("roll-up", "k", "v")
			s.prunes(activitylog.StoreQuery{}, 10, &truth)
			s.hasPairs("roll-up", "k", "v")
		}},
}

const mustPruneKeys = "PruneKeys deletes the events with the keys, of any organizations, all or none, and returns how many there were and how long others may have waited for it"

// keyPruner is what a store may offer beside Prune to those who have looked at the events already.
type keyPruner interface {
	PruneKeys(ctx context.Context, keys []activitylog.Key) (deleted int, held time.Duration, err error)
}

// prunedByKeys prunes over organizations whose names and ids are alike, and what is not there.
func prunedByKeys(s *subject) {
	const odd = `odd "name", {1,2} \ 'x' NULL`
	truth := list(samples(1, 40)...)
	truth.add(samples(1, 40, inOrg("globex"))...) // the same ids
	truth.add(samples(50, 60, inOrg(odd))...)
	s.append(truth.events...)
	prune := func(want int, keys ...activitylog.Key) {
		began := time.Now()
		n, held, err := s.store.(keyPruner).PruneKeys(s.ctx, keys)
		s.ok(err, "prune %d keys", len(keys))
		if n != want {
			s.fatalf("PruneKeys says that it deleted %d events, not %d", n, want)
		}
		if took := time.Since(began); held < 0 || held > took || n > 0 && held == 0 {
			s.fatalf("PruneKeys says that it held others up for %s, and took %s", held, took)
		}
		gone := map[activitylog.Key]bool{}
		for _, k := range keys {
			gone[k] = true
		}
		truth.remove(func(e *activitylog.Event) bool { return gone[activitylog.KeyOf(e)] })
		s.holds(truth)
		s.yields(activitylog.StoreQuery{Filter: activitylog.Text("item 3")}, truth)
	}
	key := func(n int, org string) activitylog.Key {
		e := sample(n, inOrg(org))
		return activitylog.KeyOf(&e)
	}
	prune(0)
	prune(3, key(3, "acme"), key(7, "globex"), key(30, "globex"))
	prune(1, key(3, "acme"), key(4, "acme"))
	moved := key(5, "acme")
	moved.Time = moved.Time.Add(time.Microsecond)
	prune(0, moved, key(5, "nobody"), key(99, "acme"))
	prune(2, key(50, odd), key(51, odd))
	var all []activitylog.Key
	for i := range truth.events {
		all = append(all, activitylog.KeyOf(&truth.events[i]))
	}
	prune(len(all), all...)
}

// prunes prunes the store and the list.
func (s *subject) prunes(q activitylog.StoreQuery, limit int, truth *oracle) int {
	first := q
	first.Limit = limit
	gone := map[activitylog.Key]bool{}
	for _, e := range truth.selected(first) {
		gone[activitylog.KeyOf(&e)] = true
	}
	n, err := s.store.(activitylog.Pruner).Prune(s.ctx, q, limit)
	s.ok(err, "prune %s", describe(q))
	if n != len(gone) {
		s.fatalf("Prune of at most %d says that it deleted %d events, not %d: %s", limit, n, len(gone), describe(q))
	}
	return truth.remove(func(e *activitylog.Event) bool { return gone[activitylog.KeyOf(e)] })
}

// finders are filters that find e, each by another field.
func finders(e *activitylog.Event) []activitylog.Filter {
	list := []activitylog.Filter{
		{}, activitylog.IDIs(e.ID), activitylog.ActorIs(e.Actor.ID), activitylog.ActedBy(e.Actor.ID),
		activitylog.ActionIs(e.Action),
		activitylog.ActionUnder(e.Action), activitylog.CategoryIs(e.Category), activitylog.ProjectIs(e.Project),
		activitylog.Text(`"` + e.Message + `"`),
		activitylog.OutcomeIs(e.Outcome), activitylog.SeverityIs(e.Severity), activitylog.SessionIs(e.Request.SessionID),
		activitylog.RequestIs(e.Request.ID), activitylog.CorrelationIs(e.Request.CorrelationID), activitylog.Since(e.Time),
		activitylog.Text(e.Actor.Name), activitylog.Text(e.Actor.Email),
	}
	for _, d := range e.OnBehalfOf {
		list = append(list, activitylog.ActorIs(d.ID), activitylog.Text(d.Name))
	}
	for _, t := range e.Targets {
		list = append(list, activitylog.TargetIs(t.Type, t.ID), activitylog.TargetIs("", t.ID), activitylog.TargetIs(t.Type))
		list = append(list, activitylog.Text(t.Name))
	}
	for k, v := range e.Labels {
		list = append(list, activitylog.LabelIs(k), activitylog.LabelIs(k, v))
	}
	for k := range e.Metadata {
		list = append(list, activitylog.MetaIs(k))
	}
	if e.AI != nil {
		list = append(list, activitylog.ModelIs(e.AI.Model))
	}
	return list
}

func prunedEverywhere(s *subject) {
	full := filled(7)
	full.Org = "acme"
	truth := list(append(samples(1, 30), full)...)
	s.append(truth.events...)
	s.prunes(activitylog.StoreQuery{Filter: activitylog.IDIs(id(11), id(12), full.ID)}, 10, &truth)
	for _, gone := range []activitylog.Event{sample(11), full} {
		for _, f := range finders(&gone) {
			for _, org := range []string{"", "acme"} {
				s.yields(activitylog.StoreQuery{Filter: f, Org: org}, truth)
			}
			s.counts(activitylog.StoreQuery{Filter: f}, 0, truth)
			s.counts(activitylog.StoreQuery{Filter: f, Org: "acme"}, 0, truth)
		}
		log, err := activitylog.New(s.store, nil)
		s.ok(err, "make a log")
		if _, err := log.Org("acme").Get(s.ctx, gone.ID); !errors.Is(err, activitylog.ErrNotFound) {
			s.fatalf("Get of a pruned event returned the error %v", err)
		}
		if _, ok := s.store.(activitylog.Aggregator); ok {
			s.adds("acme", activitylog.Aggregation{By: []string{"action", "model"}}, truth)
		}
	}
	s.holds(truth)
}

// prunedPositions prunes what followers stand at, and finally all.
func prunedPositions(s *subject) {
	truth := list(samples(1, 20)...)
	for _, e := range truth.events {
		s.append(e)
	}
	before := s.tailed(20)
	s.prunes(activitylog.StoreQuery{Order: activitylog.Oldest}, 12, &truth)
	for i, t := range before {
		s.follow(t.Position).expect(truth.events[max(0, i-11):]...)
	}
	s.prunes(activitylog.StoreQuery{}, 100, &truth)
	for i, t := range before {
		if n := s.follow(t.Position).read(100); n != 0 {
			s.fatalf("Tail from position %d returned %d events after all were pruned", i+1, n)
		}
	}
	s.append(samples(21, 25)...)
	seen := map[activitylog.Position]string{}
	for _, t := range before {
		seen[t.Position] = short(&t.Event)
	}
	for i, t := range before {
		f := s.follow(t.Position)
		f.expect(samples(21, 25)...)
		for _, now := range f.got {
			if old := seen[now.Position]; old != "" {
				s.fatalf("position %q of %s is that of the pruned %s; from place %d", now.Position, short(&now.Event), old, i)
			}
		}
	}
	s.follow("").expect(samples(21, 25)...)
}
