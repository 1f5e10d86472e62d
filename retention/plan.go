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
	Held   int64      // events that the rules would let go and a hold keeps
	Parts  []PlanPart // sorted by organization, then by category
}

// PlanPart is what would go of one category in one organization.
type PlanPart struct {
	Org, Category  string
	Events         int64
	Oldest, Newest time.Time // by Event.Time
}

// Plan is the dry run: what a purge of an organization, or of all for the empty org, would remove now.
func (k *Keeper) Plan(ctx context.Context, org string) (Plan, error) {
	s, err := k.fold(ctx, org)
	if err != nil {
		return Plan{}, fmt.Errorf("retention: plan: %w", err)
	}
	now := k.now()
	p, err := k.plan(ctx, org, s.due(now), now)
	if err == nil && slices.ContainsFunc(slices.Collect(maps.Values(s.holds)), func(h []Hold) bool { return len(h) > 0 }) {
		p.Held, err = k.count(ctx, org, s.without().due(now), 0)
		p.Held -= p.Events
	}
	if err != nil {
		return Plan{}, fmt.Errorf("retention: plan: %w", err)
	}
	return p, nil
}

// without is the state as it would be without holds.
func (s *state) without() *state {
	c := *s
	c.holds = nil
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

// plan counts what is due.
func (k *Keeper) plan(ctx context.Context, org string, due activitylog.Filter, now time.Time) (Plan, error) {
	c := counts{}
	if store, ok := k.store.(tallier); ok {
		parts, err := store.Tally(ctx, org, due)
		for _, b := range parts {
			c.add(b)
		}
		return c.plan(due, now), err
	}
	for b, err := range k.reader(org).Aggregate(ctx, activitylog.Aggregation{Filter: due, By: []string{"org", "category"}}) {
		if err != nil {
			return Plan{}, err
		}
		c.add(b)
	}
	// Figures leave pending events out, but they grow old too.
	pending := activitylog.Query{Filter: activitylog.OutcomeIs(activitylog.InProgress).And(due)}
	for e, err := range k.reader(org).Events(ctx, pending) {
		if err != nil {
			return Plan{}, err
		}
		c.add(activitylog.Bucket{Values: []string{e.Org, e.Category}, Count: 1, MinTime: e.Time, MaxTime: e.Time})
	}
	return c.plan(due, now), nil
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
