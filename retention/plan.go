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
		p.Held, err = k.count(ctx, org, s.without().due(now))
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

func (k *Keeper) count(ctx context.Context, org string, f activitylog.Filter) (int64, error) {
	return k.reader(org).Count(ctx, f, 0)
}

func (k *Keeper) plan(ctx context.Context, org string, due activitylog.Filter, now time.Time) (Plan, error) {
	p := Plan{At: now, Filter: due}
	parts := map[partKey]*PlanPart{}
	add := func(o PlanPart) {
		part := parts[partKey{o.Org, o.Category}]
		if part == nil {
			part = &PlanPart{Org: o.Org, Category: o.Category, Oldest: o.Oldest, Newest: o.Newest}
			parts[partKey{o.Org, o.Category}] = part
		}
		part.Events += o.Events
		if o.Oldest.Before(part.Oldest) {
			part.Oldest = o.Oldest
		}
		if o.Newest.After(part.Newest) {
			part.Newest = o.Newest
		}
		p.Events += o.Events
	}
	for b, err := range k.reader(org).Aggregate(ctx, activitylog.Aggregation{Filter: due, By: []string{"org", "category"}}) {
		if err != nil {
			return Plan{}, err
		}
		add(PlanPart{b.Values[0], b.Values[1], b.Count, b.MinTime, b.MaxTime})
	}
	// Figures leave pending events out, but they grow old too. Mostly there are none, which a count tells sooner.
	pending := activitylog.Query{Filter: activitylog.OutcomeIs(activitylog.InProgress).And(due)}
	if n, err := k.count(ctx, org, pending.Filter); err != nil || n == 0 {
		return p.sorted(parts), err
	}
	for e, err := range k.reader(org).Events(ctx, pending) {
		if err != nil {
			return Plan{}, err
		}
		add(PlanPart{e.Org, e.Category, 1, e.Time, e.Time})
	}
	return p.sorted(parts), nil
}

func (p Plan) sorted(parts map[partKey]*PlanPart) Plan {
	for _, part := range parts {
		p.Parts = append(p.Parts, *part)
	}
	slices.SortFunc(p.Parts, func(a, b PlanPart) int {
		return slices.Compare([]string{a.Org, a.Category}, []string{b.Org, b.Category})
	})
	return p
}

type partKey struct{ org, category string }
