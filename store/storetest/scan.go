package storetest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

const (
	mustExactly = "Scan must yield exactly the events that q selects"
	mustOrder   = "Scan must yield the events in q.Order: by Time, then by ID, Org last"
	mustAfter   = "Scan must yield events strictly after q.After"
)

var scanCases = []testCase{
	{name: "scan/order", must: mustOrder + ", whatever the order of Append", run: func(s *subject) {
		events := shuffled(samples(0, 99))
		want := list(events...)
		for batch := range slices.Chunk(events, 7) {
			s.append(batch...)
		}
		s.holds(want)
		// Backdated events go between those that are there.
		for n := range 30 {
			e := sample(1000+n, at(start.Add(time.Duration(n*3_000_001)*time.Microsecond)))
			s.append(e)
			want.add(e)
		}
		s.holds(want)
	}},
	{name: "scan/ties", must: mustOrder, run: func(s *subject) { ties(s, 40) }},
	{name: "scan/many ties", must: mustOrder + ", however many events share a microsecond",
		run: func(s *subject) { ties(s, 1300) }},
	{name: "scan/order of ids", must: mustOrder + "; ids compare as bytes", run: func(s *subject) {
		var events []activitylog.Event
		for i, b := range []byte{0x7f, 0x80, 0x00, 0xff, 0x61, 0x41, 0x0a, 0x30} {
			for place := range 16 {
				e := sample(i, at(start))
				e.ID = uuid.UUID(bytes.Repeat([]byte{0x55}, 16))
				e.ID[place] = b
				events = append(events, e)
			}
		}
		s.append(shuffled(events)...)
		s.walks(activitylog.StoreQuery{}, list(events...), 5)
	}},
	{name: "scan/order of organizations", must: mustOrder + "; text compares as bytes, whatever the collation",
		run: func(s *subject) {
			var events []activitylog.Event
			for _, org := range []string{
				"a", "B", "b", "A", "_", "ä", "a b", "a-b", "ab", "a\u0301", "ß", "ss", "z", "Z", "\U0001f600", "\uffee", "1", "10", "9", "日",
			} {
				events = append(events, sample(1, inOrg(org)), sample(2, inOrg(org), at(start)))
			}
			s.append(shuffled(events)...)
			s.walks(activitylog.StoreQuery{}, list(events...), 3)
		}},
	{name: "scan/after", must: mustAfter + ", be it the place of an event or between two", run: scanAfter},
	{name: "scan/time alone is no place", must: mustAfter + "; a place is (Time, ID, Org)", run: func(s *subject) {
		var events []activitylog.Event
		for n := range 25 {
			events = append(events, sample(n, at(start.Add(time.Duration(n/10)*time.Microsecond))))
			if n%5 == 0 {
				events = append(events, sample(n, at(start.Add(time.Duration(n/10)*time.Microsecond)), inOrg("globex")))
			}
		}
		s.append(events...)
		for limit := range 4 {
			s.walks(activitylog.StoreQuery{}, list(events...), limit+1)
		}
	}},
	{name: "scan/microseconds", must: mustOrder + "; times are whole microseconds", run: func(s *subject) {
		var events []activitylog.Event
		for n := range 50 {
			events = append(events, sample(n, at(start.Add(time.Duration(n*37%50)*time.Microsecond))))
		}
		s.append(events...)
		s.walks(activitylog.StoreQuery{}, list(events...), 4)
	}},
	{name: "scan/before 1970", must: mustOrder + ", also before 1970", run: func(s *subject) {
		var events []activitylog.Event
		for n := range 40 {
			us := int64(n-20) * int64(n%3+1) * 500_001
			events = append(events, sample(n, at(time.UnixMicro(us).UTC())))
		}
		s.append(events...)
		s.walks(activitylog.StoreQuery{}, list(events...), 6)
		s.walks(activitylog.StoreQuery{Filter: activitylog.Before(time.Unix(0, 0))}, list(events...), 6)
	}},
	{name: "scan/limit", must: mustExactly + "; Limit 0 means all", run: func(s *subject) {
		want := list(samples(1, 20)...)
		s.append(want.events...)
		for _, order := range orders {
			for _, limit := range []int{1, 2, 19, 20, 21, 1000} {
				s.yields(activitylog.StoreQuery{Order: order, Limit: limit}, want)
				s.yields(activitylog.StoreQuery{Order: order, Limit: limit, Filter: activitylog.ActorIs("nobody")}, want)
				s.yields(activitylog.StoreQuery{Order: order, Limit: limit, Filter: activitylog.TargetIs("item", "3", "4", "11")}, want)
			}
		}
	}},
	{name: "scan/organization", must: "q.Org is the scope: a query never reaches over it", run: func(s *subject) {
		var want oracle
		for _, org := range []string{"acme", "ACME", "acme ", " acme", "acm", "acmee", "%", "_cme", "ac%", "\u00e4cme", "a\u0308cme"} {
			want.add(samples(1, 3, inOrg(org))...)
		}
		s.append(want.events...)
		for _, e := range want.events {
			s.yields(activitylog.StoreQuery{Org: e.Org}, want)
			either := activitylog.Any(activitylog.ActorIs("u1"), activitylog.ProjectIs("web"))
			s.yields(activitylog.StoreQuery{Org: e.Org, Filter: either}, want)
			s.yields(activitylog.StoreQuery{Org: e.Org, Filter: activitylog.Not(activitylog.ActorIs("nobody"))}, want)
		}
		s.yields(activitylog.StoreQuery{Org: "none"}, want)
		s.yields(activitylog.StoreQuery{}, want)
	}},
	{name: "scan/organization and value", must: "q.Org is the scope: a query never reaches over it, whatever index finds its value",
		run: func(s *subject) {
			// Each organization has more events than there are with one value, so that the value is the better way to look.
			full := filled(1)
			full.Org = "acme"
			want := list(append(samples(1, 20), full)...)
			want.add(samples(101, 120, inOrg("globex"))...)
			s.append(want.events...)
			for _, e := range []activitylog.Event{full, sample(7)} {
				for _, f := range finders(&e) {
					for _, org := range []string{"globex", "acme", ""} {
						s.yields(activitylog.StoreQuery{Org: org, Filter: f}, want)
						s.yields(activitylog.StoreQuery{Org: org, Filter: f, Limit: 1, Order: activitylog.Oldest}, want)
						s.counts(activitylog.StoreQuery{Org: org, Filter: f}, 0, want)
					}
				}
			}
		}},
}

// ties lets n events share a microsecond, between others.
func ties(s *subject, n int) {
	events := samples(1, n, at(start.Add(5*time.Second)))
	events = append(events, samples(n+1, n+10, at(start.Add(5*time.Second+time.Microsecond)))...)
	events = append(events, samples(n+11, n+20, at(start.Add(5*time.Second-time.Microsecond)))...)
	events = append(events, sample(n+21, at(start)), sample(n+22, at(start.Add(time.Minute))))
	for batch := range slices.Chunk(shuffled(events), n/3) {
		s.append(batch...)
	}
	want := list(events...)
	s.holds(want)
	s.walks(activitylog.StoreQuery{}, want, n/4)
	s.walks(activitylog.StoreQuery{Org: "acme", Filter: activitylog.Since(start.Add(5 * time.Second))}, want, n/4)
	for _, order := range orders {
		for _, i := range []int{0, 1, 10, 11, 12, n / 2, n + 9, n + 10, n + 11, n + 20, n + 21} {
			after := activitylog.KeyOf(&want.events[i])
			s.yields(activitylog.StoreQuery{Order: order, After: &after, Limit: 15}, want)
			s.yields(activitylog.StoreQuery{Order: order, After: &after, Limit: 15, Filter: activitylog.Text("item 7")}, want)
		}
	}
}

// scanAfter begins behind every event and around it.
func scanAfter(s *subject) {
	var events []activitylog.Event
	for n := range 12 {
		t := start.Add(time.Duration(n/3) * time.Microsecond)
		events = append(events, sample(n, at(t)), sample(n, at(t), inOrg("b")))
	}
	s.append(events...)
	want := list(events...)
	for _, e := range want.events {
		k := activitylog.KeyOf(&e)
		lower, higher := k, k
		lower.ID[15]--
		higher.ID[15]++
		for _, place := range []activitylog.Key{
			k, lower, higher,
			{Time: k.Time.Add(-time.Microsecond), ID: k.ID, Org: k.Org},
			{Time: k.Time.Add(time.Microsecond), ID: k.ID, Org: k.Org},
			{Time: k.Time, ID: k.ID},
			{Time: k.Time, ID: k.ID, Org: "aaaa"},
			{Time: k.Time, ID: k.ID, Org: "zzzz"},
			{Time: k.Time},
			{Time: k.Time, ID: uuid.Max, Org: "zzzz"},
		} {
			for _, order := range orders {
				s.yields(activitylog.StoreQuery{Order: order, After: &place}, want)
				inside := place
				inside.Org = "b"
				for _, place := range []activitylog.Key{inside, place} { // also one of another organization
					s.yields(activitylog.StoreQuery{Order: order, After: &place, Org: "b", Limit: 2}, want)
				}
			}
		}
	}
}

// walks goes through all pages of a query in both orders and compares them with the list.
func (s *subject) walks(q activitylog.StoreQuery, want oracle, limit int) {
	q.Limit = limit
	for _, q.Order = range orders {
		q.After = nil
		for {
			got := s.scan(q)
			s.same(got, want.selected(q), "page of "+describe(q))
			if len(got) < limit {
				break
			}
			k := activitylog.KeyOf(&got[limit-1])
			q.After = &k
		}
	}
}

func shuffled(events []activitylog.Event) []activitylog.Event {
	list := slices.Clone(events)
	rng := rand.New(rand.NewPCG(uint64(len(list)), 0))
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
