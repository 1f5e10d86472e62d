package retention

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// Plan says exactly what a purge at one moment would remove.
type Plan struct {
	At     time.Time
	Filter activitylog.Filter // of what would go, within the organization or over all
	Events int64
	Held   int64      // events that the rules would let go, and which a hold or write-once keeps
	Parts  []PlanPart // sorted by organization, then by category
}

// PlanPart is what would go of one category in one organization.
type PlanPart struct {
	Org, Category  string
	Events         int64
	Oldest, Newest time.Time // Event.Time, within these
}

// span is from when to when the events lie that would go.
func (p Plan) span() (oldest, newest time.Time) {
	for i, part := range p.Parts {
		if i == 0 || part.Oldest.Before(oldest) {
			oldest = part.Oldest
		}
		if i == 0 || part.Newest.After(newest) {
			newest = part.Newest
		}
	}
	return oldest, newest
}

// Plan is the dry run: what a purge of an organization, or of all for the empty org, would remove now.
func (k *Keeper) Plan(ctx context.Context, org string) (Plan, error) {
	s, err := k.fold(ctx, org)
	if err != nil {
		return Plan{}, fmt.Errorf("retention: plan: %w", err)
	}
	now := k.now()
	c, err := k.plan(ctx, newJudge(s, now))
	p := c.plan(s.due(now), now)
	if err == nil && (len(s.onces) > 0 || slices.ContainsFunc(slices.Collect(maps.Values(s.holds)), func(h []Hold) bool { return len(h) > 0 })) {
		c, err = k.plan(ctx, newJudge(s.without(), now))
		p.Held = c.plan(activitylog.Filter{}, now).Events - p.Events
	}
	if err != nil {
		return Plan{}, fmt.Errorf("retention: plan: %w", err)
	}
	return p, nil
}

// without is the state as it would be without holds and with nothing written once.
func (s *state) without() *state {
	c := *s
	c.holds, c.onces = nil, nil
	return &c
}

func (k *Keeper) reader(org string) activitylog.Reader {
	if org == "" {
		return k.log.AllOrgs()
	}
	return k.log.Org(org)
}

func (k *Keeper) count(ctx context.Context, org string, f activitylog.Filter, limit int64) (int64, error) {
	return k.reader(org).Count(ctx, f, limit)
}

// tallier is a store that counts by organization and category and nothing else.
type tallier interface {
	Tally(ctx context.Context, org string, f activitylog.Filter) ([]activitylog.Bucket, error)
}

// plan counts what is due and what all filters mean.
func (k *Keeper) plan(ctx context.Context, j *judge, filters ...activitylog.Filter) (counts, error) {
	c, also := counts{}, activitylog.All(filters...)
	count := func(org string, f activitylog.Filter, skip []string) error {
		return k.tally(ctx, org, f.And(also), func(b activitylog.Bucket) {
			if _, ok := slices.BinarySearch(skip, b.Values[0]); !ok {
				c.add(b)
			}
		})
	}
	if err := count(j.s.org, j.in(j.s.org), j.skipped()); err != nil {
		return nil, err
	}
	for _, org := range j.skipped() {
		if err := count(org, j.in(org), nil); err != nil {
			return nil, err
		}
	}
	for i := range j.s.protected {
		e := &j.s.protected[i]
		if (j.s.org == "" || j.s.org == e.Org) && j.in(e.Org).Match(e) && also.Match(e) {
			c.subtract(e)
		}
	}
	return c, nil
}

// tally hands the counts of a filter to each.
func (k *Keeper) tally(ctx context.Context, org string, f activitylog.Filter, each func(activitylog.Bucket)) error {
	if store, ok := k.store.(tallier); ok {
		parts, err := store.Tally(ctx, org, f)
		for _, b := range parts {
			each(b)
		}
		return err
	}
	for b, err := range k.reader(org).Aggregate(ctx, activitylog.Aggregation{Filter: f, By: []string{"org", "category"}}) {
		if err != nil {
			return err
		}
		each(b)
	}
	// Figures leave pending events out, but they grow old too.
	pending := activitylog.Query{Filter: activitylog.OutcomeIs(activitylog.InProgress).And(f)}
	for e, err := range k.reader(org).Events(ctx, pending) {
		if err != nil {
			return err
		}
		each(activitylog.Bucket{Values: []string{e.Org, e.Category}, Count: 1, MinTime: e.Time, MaxTime: e.Time})
	}
	return nil
}

// counts are parts of a plan by organization and category.
type counts map[[2]string]*PlanPart

func (c counts) add(b activitylog.Bucket) {
	key := [2]string{b.Values[0], b.Values[1]}
	part := c[key]
	if part == nil {
		part = &PlanPart{Org: key[0], Category: key[1], Oldest: b.MinTime, Newest: b.MaxTime}
		c[key] = part
	}
	part.Events += b.Count
	if b.MinTime.Before(part.Oldest) {
		part.Oldest = b.MinTime
	}
	if b.MaxTime.After(part.Newest) {
		part.Newest = b.MaxTime
	}
}

// subtract takes out an event that was counted and stays.
func (c counts) subtract(e *activitylog.Event) {
	key := [2]string{e.Org, e.Category}
	if part := c[key]; part != nil {
		if part.Events--; part.Events <= 0 {
			delete(c, key)
		}
	}
}

func (c counts) plan(due activitylog.Filter, now time.Time) Plan {
	p := Plan{At: now, Filter: due}
	for _, part := range c {
		p.Parts = append(p.Parts, *part)
		p.Events += part.Events
	}
	slices.SortFunc(p.Parts, func(a, b PlanPart) int {
		return slices.Compare([]string{a.Org, a.Category}, []string{b.Org, b.Category})
	})
	return p
}
