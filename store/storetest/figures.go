package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

const (
	mustCount     = "Count counts what Scan would yield, up to limit (0: no limit), ignoring After, Limit and Order"
	mustAggregate = "the buckets of Aggregate with the same Values and Start add up to those of AggregateScan"
)

var figureCases = []testCase{
	{name: "count/limit", must: mustCount, needs: counts, run: func(s *subject) {
		want := list(samples(1, 30)...)
		want.add(samples(31, 50, inOrg("globex"))...)
		s.append(want.events...)
		for _, f := range []activitylog.Filter{
			{}, activitylog.ActorIs("nobody"), activitylog.Text("updated"), activitylog.TargetIs("item", "3", "40"),
			activitylog.Not(activitylog.MetaIs("n", "7")), activitylog.Any(),
		} {
			for _, org := range []string{"", "acme", "globex", "none"} {
				for _, limit := range []int64{0, 1, 2, 19, 20, 21, 30, 1000} {
					s.counts(activitylog.StoreQuery{Filter: f, Org: org}, limit, want)
				}
			}
		}
	}},
	{name: "count/ignores place and order", must: mustCount, needs: counts, run: func(s *subject) {
		want := list(samples(1, 30)...)
		s.append(want.events...)
		for i := range want.events {
			k := activitylog.KeyOf(&want.events[i])
			s.counts(activitylog.StoreQuery{After: &k, Limit: 3, Order: orders[i%2]}, 0, want)
		}
	}},
	{name: "count/random filters", must: mustCount, needs: counts, run: func(s *subject) {
		a, truth := s.random(300)
		for n := range 150 {
			org := oneOf(a.rng, []string{"", "acme", "globex"})
			s.counts(activitylog.StoreQuery{Filter: a.tree(2).filter(), Org: org}, int64(n%7*9), truth)
		}
	}},
	{name: "aggregate/one group", must: mustAggregate + "; without events there is no bucket",
		needs: aggregates, run: func(s *subject) {
			s.adds("", activitylog.Aggregation{}, list())
			want := list(samples(1, 20)...)
			s.append(want.events...)
			s.adds("", activitylog.Aggregation{}, want)
			s.adds("none", activitylog.Aggregation{}, want)
			s.adds("acme", activitylog.Aggregation{Filter: activitylog.Any()}, want)
			s.adds("acme", activitylog.Aggregation{Filter: activitylog.Text("item 7"), Step: time.Hour}, want)
		}},
	{name: "aggregate/every field", must: mustAggregate + ", whatever the fields and the step",
		needs: aggregates, run: func(s *subject) {
			_, truth := s.random(300)
			for _, field := range groupFields {
				for _, step := range []time.Duration{0, 15 * time.Minute, 24 * time.Hour} {
					s.adds("", activitylog.Aggregation{By: []string{field}, Step: step}, truth)
				}
			}
		}},
	{name: "aggregate/random", must: mustAggregate + ", whatever the fields, the step and the filter",
		needs: aggregates, run: func(s *subject) {
			a, truth := s.random(300)
			for range 120 {
				s.adds(oneOf(a.rng, []string{"", "acme", "globex"}), a.aggregation(a.tree(1).filter()), truth)
			}
		}},
}

// groupFields are what Aggregation.By may name.
var groupFields = []string{
	"org", "project", "category", "action", "actor", "actor_type", "outcome", "severity", "model", "provider",
	"currency", "session", "ip", "tool", "integration",
}

// aggregation is a random one over a filter.
func (a asker) aggregation(f activitylog.Filter) activitylog.Aggregation {
	by := slices.Clone(groupFields)
	a.rng.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
	return activitylog.Aggregation{
		Filter: f, By: by[:a.rng.IntN(4)],
		Step: oneOf(a.rng, []time.Duration{0, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}),
	}
}

// random fills the store with n random events, the same in every run.
func (s *subject) random(n int) (asker, oracle) {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	w, err := newWorld(rng)
	s.ok(err, "make a log")
	events, err := w.grow(s.ctx, n)
	s.ok(err, "make random events")
	for _, batch := range batches(rng, events) {
		s.append(batch...)
	}
	return asker{rng, w.truth.events}, w.truth
}

// counts compares a count with the list. A store that cannot count is not asked.
func (s *subject) counts(q activitylog.StoreQuery, limit int64, truth oracle) {
	c, ok := s.store.(activitylog.Counter)
	if !ok {
		return
	}
	want := int64(len(truth.selected(activitylog.StoreQuery{Org: q.Org, Filter: q.Filter})))
	if limit > 0 {
		want = min(want, limit)
	}
	got, err := c.Count(s.ctx, q, limit)
	s.ok(err, "count %s", describe(q))
	if got != want {
		s.fatalf("Count up to %d is %d, not %d: %s", limit, got, want, describe(q))
	}
}

// adds compares an aggregation with that of the list.
func (s *subject) adds(org string, a activitylog.Aggregation, truth oracle) {
	q := activitylog.StoreQuery{Org: org, Filter: a.Filter}
	want, err := sums(activitylog.AggregateScan(truth.Scan(s.ctx, q), a))
	s.ok(err, "aggregate the list")
	got, err := sums(s.store.(activitylog.Aggregator).Aggregate(s.ctx, org, a))
	what := fmt.Sprintf("aggregate by %q in steps of %v, org %q, filter {%s}", a.By, a.Step, org, a.Filter)
	s.ok(err, "%s", what)
	if d := differentBuckets(got, want); d != "" {
		s.fatalf("%s: %s", what, d)
	}
}

// sums adds buckets with the same Values and Start up and brings them into an order.
func sums(buckets iter.Seq2[activitylog.Bucket, error]) ([]activitylog.Bucket, error) {
	groups := map[string]*activitylog.Bucket{}
	for b, err := range buckets {
		switch {
		case err != nil:
			return nil, err
		case b.Count <= 0:
			return nil, fmt.Errorf("a bucket counts %d events", b.Count)
		case !b.Start.IsZero() && (b.Start.UnixMicro()%(15*time.Minute).Microseconds() != 0 || b.Start.Location() != time.UTC):
			return nil, fmt.Errorf("the start %v is not a whole quarter-hour of UTC", b.Start)
		}
		key := fmt.Sprintf("%d %q", b.Start.Unix(), b.Values)
		if groups[key] == nil {
			groups[key] = &b
			continue
		}
		into(groups[key], &b)
	}
	var list []activitylog.Bucket
	for _, b := range groups {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(x, y activitylog.Bucket) int {
		return cmp.Or(x.Start.Compare(y.Start), slices.Compare(x.Values, y.Values))
	})
	return list, nil
}

// into adds o to b.
func into(b, o *activitylog.Bucket) {
	b.Count += o.Count
	b.Failures += o.Failures
	b.CostMicros += o.CostMicros
	b.Priced += o.Priced
	b.InputTokens += o.InputTokens
	b.OutputTokens += o.OutputTokens
	b.CachedTokens += o.CachedTokens
	b.CacheWriteTokens += o.CacheWriteTokens
	b.ReasoningTokens += o.ReasoningTokens
	if o.MinTime.Before(b.MinTime) {
		b.MinTime = o.MinTime
	}
	if o.MaxTime.After(b.MaxTime) {
		b.MaxTime = o.MaxTime
	}
	if bytes.Compare(o.MinID[:], b.MinID[:]) < 0 {
		b.MinID = o.MinID
	}
	if bytes.Compare(o.MaxID[:], b.MaxID[:]) > 0 {
		b.MaxID = o.MaxID
	}
}

// differentBuckets says where two lists of buckets differ first, or "".
func differentBuckets(got, want []activitylog.Bucket) string {
	for i := range min(len(got), len(want)) {
		if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", want[i]); g != w {
			return fmt.Sprintf("bucket %d of %d is\n\t%s, not\n\t%s", i+1, len(want), g, w)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d buckets instead of %d", len(got), len(want))
	}
	return ""
}
