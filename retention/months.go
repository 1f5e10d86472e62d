package retention

import (
	"context"
	"time"

	"github.com/activitylog/activitylog"
)

// monthPruner is a store that holds months apart and can drop one at once, as store/sqlstore on partitions of PostgreSQL.
type monthPruner interface {
	// Months returns the first moments of the months that are held apart and hold events, oldest first.
	Months(ctx context.Context) ([]time.Time, error)
	// PruneMonth deletes all events of a month if keep means none of them, and returns how many. Nothing can come into
	// the month between the look and the deletion. It deletes nothing if keep means one, or others use the month.
	PruneMonth(ctx context.Context, month time.Time, keep activitylog.Filter) (deleted int64, err error)
}

// months drops the months in which everything is due. They are those of all organizations, so that a purge of one
// organization cannot, and one with an archive goes event by event.
func (p *purge) months(ctx context.Context) error {
	store, ok := p.k.store.(monthPruner)
	if !ok || p.org != "" || p.o.Archive != "" {
		return nil
	}
	months, err := store.Months(ctx)
	if err != nil {
		return err
	}
	for _, m := range months {
		if err := p.month(ctx, store, m); err != nil {
			return err
		}
	}
	return nil
}

func (p *purge) month(ctx context.Context, store monthPruner, m time.Time) error {
	within := activitylog.Since(m).And(activitylog.Before(m.AddDate(0, 1, 0)))
	orgs := map[string]int64{}
	t, err := p.k.turn.take(ctx)
	if err != nil {
		return err
	}
	drop := func() error {
		if err := p.refresh(ctx, t); err != nil {
			return err
		}
		due := p.state.due(p.plan.At)
		gone, err := p.k.plan(ctx, "", due.And(within), p.plan.At)
		if err != nil || gone.Events == 0 {
			return err
		}
		for _, part := range gone.Parts {
			orgs[part.Org] += part.Events
		}
		ctx, cancel := context.WithTimeout(ctx, p.k.turn.lease/2)
		defer cancel()
		n, err := store.PruneMonth(ctx, m, activitylog.Not(due))
		if err != nil || n == 0 {
			return err
		}
		p.report.Deleted += n
		p.report.Months++
		for org, n := range orgs {
			p.count(org, n)
		}
		p.told(time.Time{})
		return nil
	}
	return t.end(ctx, false, drop())
}
