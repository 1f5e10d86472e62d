package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// probe is one way to put a question to a store: by pages, from a place on, as a number or as an aggregation.
type probe struct {
	kind    string
	org     string // empty: all organizations
	order   activitylog.Order
	limit   int  // events per page or in all
	early   bool // by the log that gives up early
	whole   bool // all pages rather than a few
	content bool // compare whole events, not only which they are
	after   activitylog.Key
	agg     activitylog.Aggregation
	seed    uint64             // of what is decided on the way
	filter  activitylog.Filter // as it was read from its text form
}

// probeKinds are the kinds of probes, some more often than others.
var probeKinds = []string{
	"pages", "pages", "pages", "scan", "scan", "scan", "events", "count", "count", "count", "aggregate",
}

// zones are where the days of an aggregation begin.
var zones = []*time.Location{nil, time.UTC, time.FixedZone("Nepal", 20700), time.FixedZone("west", -34200)}

func newProbe(rng *rand.Rand, events []activitylog.Event) probe {
	e := oneOf(rng, events)
	p := probe{
		kind: oneOf(rng, probeKinds), org: e.Org, order: oneOf(rng, orders), limit: 1 + rng.IntN(1+rng.IntN(24)),
		early: chance(rng, 4), whole: chance(rng, 30), content: chance(rng, 3), after: activitylog.KeyOf(&e),
		seed: rng.Uint64(),
	}
	if chance(rng, 6) {
		p.org = ""
	}
	switch rng.IntN(6) {
	case 0:
		p.after.Time = p.after.Time.Add(time.Duration(rng.IntN(3)-1) * time.Microsecond)
	case 1:
		if p.org == "" { // a place within one organization is one of its own
			p.after.Org = oneOf(rng, []string{"", "b", "zzz"})
		}
	case 2:
		p.after.ID = oneOf(rng, []uuid.UUID{uuid.Nil, uuid.Max})
	}
	p.agg = asker{rng, events}.aggregation(activitylog.Filter{})
	if rng.IntN(2) == 0 {
		p.agg.Zone = oneOf(rng, zones)
	}
	return p
}

// String says what is asked.
func (p probe) String() string {
	q := activitylog.StoreQuery{Org: p.org, Filter: p.filter, Order: p.order, Limit: p.limit}
	switch p.kind {
	case "scan":
		q.After = &p.after
	case "count":
		return fmt.Sprintf("Count up to %d, org %q", p.countLimit(), p.org)
	case "aggregate":
		return fmt.Sprintf("Aggregate by %q in steps of %v in %v, org %q", p.agg.By, p.agg.Step, p.agg.Zone, p.org)
	case "pages":
		return fmt.Sprintf("pages of %s, gives up early: %v", describe(q), p.early)
	}
	return p.kind + ": " + describe(q)
}

func (p probe) countLimit() int64 { return int64(p.seed % 3 * uint64(p.limit)) }

func (p probe) reader(log *activitylog.Log) activitylog.Reader {
	if p.org == "" {
		return log.AllOrgs()
	}
	return log.Org(p.org)
}

// put asks one store and compares its answer with what should be found.
func (p probe) put(ctx context.Context, d *differential, c contender, f activitylog.Filter, found []activitylog.Event) error {
	log := c.logs[0]
	if p.early {
		log = c.logs[1]
	}
	r := p.reader(log)
	switch p.kind {
	case "pages":
		return p.pages(ctx, r, found)
	case "scan":
		return p.scan(ctx, c.store, found)
	case "events":
		var got []activitylog.Event
		for e, err := range r.Events(ctx, activitylog.Query{Filter: p.filter, Order: p.order, Limit: p.limit}) {
			if err != nil {
				return err
			}
			got = append(got, e)
		}
		return p.same(got, found[:min(len(found), p.limit)])
	case "count":
		want, limit := int64(len(found)), p.countLimit()
		if limit > 0 {
			want = min(want, limit)
		}
		n, err := r.Count(ctx, p.filter, limit)
		if err == nil && n != want {
			err = fmt.Errorf("the count is %d, not %d", n, want)
		}
		return err
	}
	return p.aggregate(ctx, r, p.reader(d.truth), f)
}

// scan reads a part from a place on that may be that of no match.
func (p probe) scan(ctx context.Context, store activitylog.Store, found []activitylog.Event) error {
	var want []activitylog.Event
	for i := range found {
		if behind(activitylog.KeyOf(&found[i]), p.after, p.order) && len(want) < p.limit {
			want = append(want, found[i])
		}
	}
	got, err := collect(ctx, store, activitylog.StoreQuery{Org: p.org, Filter: p.filter, Order: p.order, After: &p.after, Limit: p.limit})
	if err != nil {
		return err
	}
	return p.same(got, want)
}

func (p probe) aggregate(ctx context.Context, r, truth activitylog.Reader, f activitylog.Filter) error {
	collect := func(r activitylog.Reader, f activitylog.Filter) (list []activitylog.Bucket, err error) {
		a := p.agg
		a.Filter = f
		for b, err := range r.Aggregate(ctx, a) {
			if err != nil {
				return nil, err
			}
			list = append(list, b)
		}
		return list, nil
	}
	want, err := collect(truth, f)
	if err != nil {
		return err
	}
	got, err := collect(r, p.filter)
	if err != nil {
		return err
	}
	if d := differentBuckets(got, want); d != "" {
		return fmt.Errorf("the aggregation differs: %s", d)
	}
	return nil
}

// same compares events and shows the first that differs.
func (p probe) same(got, want []activitylog.Event) error {
	for i := range max(len(got), len(want)) {
		switch {
		case i == len(got):
			return fmt.Errorf("%d events instead of %d; the first that is missing:\n%s", len(got), len(want), want[i].AppendJSON(nil))
		case i == len(want):
			return fmt.Errorf("%d events instead of %d; the first too many:\n%s", len(got), len(want), got[i].AppendJSON(nil))
		}
		g, w := &got[i], &want[i]
		if g.ID != w.ID || g.Org != w.Org {
			return fmt.Errorf("event %d of %d is\n%s\n\tnot\n%s", i+1, len(want), g.AppendJSON(nil), w.AppendJSON(nil))
		}
		if !p.content {
			continue
		}
		if d := different(g, w); d != "" {
			return fmt.Errorf("event %d of %d came back changed: %s\n%s", i+1, len(want), d, w.AppendJSON(nil))
		}
	}
	return nil
}
