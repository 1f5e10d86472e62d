package storetest

import (
	"net/netip"

	"github.com/activitylog/activitylog"
)

const mustErase = "Erase applies Parts.Erase to at most q.Limit events that Scan would yield"

var eraseCases = []testCase{
	{name: "erase/parts", must: mustErase, needs: erases, run: eraseParts},
	{name: "erase/first in order", must: mustErase, needs: erases, run: func(s *subject) {
		truth := list(samples(1, 40)...)
		truth.add(samples(1, 10, inOrg("globex"))...)
		s.append(truth.events...)
		after := activitylog.KeyOf(&truth.events[30])
		for i, q := range []activitylog.StoreQuery{
			{Order: activitylog.Oldest, Limit: 3},
			{Order: activitylog.Newest, Limit: 3},
			{Order: activitylog.Newest, Limit: 100, Org: "globex", Filter: activitylog.TargetIs("item", "4", "5")},
			{Order: activitylog.Oldest, Limit: 2, After: &after},
			{Order: activitylog.Oldest, Limit: 2, Filter: activitylog.Text("item 3")},
			{Limit: 5, Filter: activitylog.ActorIs("nobody")},
			{Org: "globex"},
		} {
			s.erases(q, []activitylog.Parts{activitylog.ActorPart, activitylog.ContentPart}[i%2], &truth)
			s.holds(truth)
		}
	}},
	{name: "erase/canary", must: mustErase + ", and nothing that the store derived still holds it: no search and no id finds it",
		needs: erases, run: eraseCanary},
	{name: "erase/is final", must: mustErase + "; appending the event again must not bring back what was erased",
		needs: erases, run: func(s *subject) {
			truth := list(samples(1, 5)...)
			s.append(truth.events...)
			s.erases(activitylog.StoreQuery{Filter: activitylog.IDIs(id(3)), Limit: 1}, activitylog.AllParts, &truth)
			again := sample(3)
			err := s.store.Append(s.ctx, []activitylog.Event{again})
			if s.h.NoConflict {
				s.ok(err, "append an erased event again")
			} else {
				s.refuse(err, &again)
			}
			s.holds(truth)
		}},
	{name: "erase/followers", must: mustTail + "; an erased event is no new one, and Tail returns what is left of it",
		needs: erases | tails, run: func(s *subject) {
			truth := list(samples(1, 10)...)
			s.append(truth.events...)
			before := s.tailed(10)
			s.erases(activitylog.StoreQuery{Order: activitylog.Oldest, Limit: 5}, activitylog.AllParts, &truth)
			s.follow("").expect(truth.events...)
			f := s.follow(before[9].Position)
			if f.read(10) != 0 {
				s.fatalf("Tail returned an erased event again")
			}
			s.append(sample(11))
			f.expect(sample(11))
		}},
}

// erases erases parts in the store and in the list.
func (s *subject) erases(q activitylog.StoreQuery, parts activitylog.Parts, truth *oracle) {
	var changed []activitylog.Event
	for _, e := range truth.selected(q) {
		c := e.Clone()
		parts.Erase(&c)
		changed = append(changed, c)
	}
	n, err := s.store.(activitylog.Eraser).Erase(s.ctx, q, parts)
	s.ok(err, "erase %s", describe(q))
	if n != len(changed) {
		s.fatalf("Erase says that it erased %d events, not %d: %s", n, len(changed), describe(q))
	}
	truth.replace(changed...)
}

func eraseParts(s *subject) {
	var truth oracle
	for parts := activitylog.Parts(1); parts <= activitylog.AllParts; parts++ {
		e := filled(int(parts))
		e.Org = "acme"
		truth.add(e)
	}
	bare := sample(1, func(e *activitylog.Event) { e.Targets, e.Labels, e.Metadata = nil, nil, nil })
	truth.add(bare, sample(2))
	s.append(truth.events...)
	for parts := activitylog.Parts(1); parts <= activitylog.AllParts; parts++ {
		s.erases(activitylog.StoreQuery{Filter: activitylog.IDIs(filled(int(parts)).ID), Limit: 1}, parts, &truth)
	}
	s.erases(activitylog.StoreQuery{Filter: activitylog.IDIs(bare.ID)}, activitylog.AllParts, &truth)
	s.holds(truth)
}

// canary is a word that stands wherever an event can hold personal data.
const canary = "zzcanary"

func canaryEvent(n int) activitylog.Event {
	return sample(n, func(e *activitylog.Event) {
		who := activitylog.Actor{
			Type: activitylog.User, ID: canary, Name: canary, Email: canary + "@x", Org: canary, Roles: []string{canary},
		}
		e.Message, e.Reason, e.Actor = "seen: "+canary, canary, who
		e.OnBehalfOf = []activitylog.Delegation{
			{Actor: who, Relation: activitylog.Impersonates}, {Actor: who, Relation: activitylog.DelegatedBy},
		}
		e.Targets = []activitylog.Target{{Type: "user", ID: canary, Name: canary}, {Type: "doc", ID: "1"}}
		e.Changes = []activitylog.Change{{Path: "name", Old: canary, New: object{"k": canary}}}
		e.Client = activitylog.Client{IP: netip.MustParseAddr("203.0.113.77"), UserAgent: canary}
		e.Request = activitylog.Request{ID: canary, SessionID: canary, CorrelationID: canary, Method: "GET"}
		e.Labels, e.Metadata = map[string]string{canary: canary, "k": canary}, object{canary: canary, "k": []any{canary}}
		e.Opening = []byte(canary)
	})
}

func eraseCanary(s *subject) {
	one, other := canaryEvent(1), canaryEvent(2)
	truth := list(one, other, sample(3))
	s.append(truth.events...)
	finds := append(finders(&one),
		activitylog.Text(canary), activitylog.Text("zzcan"), activitylog.Text(`"seen zzcanary"`),
		activitylog.Text("203.0.113.77"),
		activitylog.Impersonated(canary), activitylog.AuthorizedBy(canary),
		activitylog.IPIn(netip.MustParsePrefix("203.0.113.77/32")),
		activitylog.MetaIs("k"), activitylog.LabelIs("k", canary))
	for _, f := range finds {
		s.yields(activitylog.StoreQuery{Filter: f}, truth)
	}
	left := append(finds, activitylog.Text("erased"), activitylog.ActorIs("[erased]"), activitylog.TargetIs("user", "[erased]"))
	for parts := activitylog.ActorPart; parts <= activitylog.OpeningPart; parts <<= 1 {
		s.erases(activitylog.StoreQuery{Filter: activitylog.IDIs(one.ID)}, parts, &truth)
		for _, f := range left {
			for _, q := range []activitylog.StoreQuery{{Filter: f}, {Filter: activitylog.Not(f), Org: "acme"}} {
				s.yields(q, truth)
				s.counts(q, 0, truth)
			}
		}
		if _, ok := s.store.(activitylog.Aggregator); ok {
			s.adds("", activitylog.Aggregation{By: []string{"actor", "session", "ip"}}, truth)
		}
	}
	log, err := activitylog.New(s.store, nil)
	s.ok(err, "make a log")
	got, err := log.Org("acme").Get(s.ctx, one.ID)
	s.ok(err, "get the erased event")
	if got.Actor.ID == canary || got.Opening != nil {
		s.fatalf("Get returned what was erased")
	}
	s.prunesCanary(&truth, one, finds)
}

// prunesCanary prunes the erased event too, if the store can.
func (s *subject) prunesCanary(truth *oracle, one activitylog.Event, finds []activitylog.Filter) {
	if _, ok := s.store.(activitylog.Pruner); !ok {
		return
	}
	s.prunes(activitylog.StoreQuery{Filter: activitylog.IDIs(one.ID)}, 1, truth)
	for _, f := range append(finds, activitylog.Text("erased"), activitylog.ActorIs("[erased]")) {
		s.yields(activitylog.StoreQuery{Filter: f}, *truth)
	}
}
