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

// A month that somebody uses is tried again.
const (
	monthAttempts = 3
	monthPause    = 200 * time.Millisecond
)

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
	var first, last time.Time // of what is due
	for _, part := range p.plan.Parts {
		if first.IsZero() || part.Oldest.Before(first) {
			first = part.Oldest
		}
		if part.Newest.After(last) {
			last = part.Newest
		}
	}
	for _, m := range months {
		if m.After(last) || !m.AddDate(0, 1, 0).After(first) {
			continue
		}
		if err := p.month(ctx, store, m); err != nil {
			return err
		}
	}
	return nil
}

// month drops one month, if all in it is due.
func (p *purge) month(ctx context.Context, store monthPruner, m time.Time) error {
	t, err := p.k.turn.take(ctx)
	if err != nil {
		return err
	}
	return t.end(ctx, false, p.drop(ctx, t, store, m))
}

func (p *purge) drop(ctx context.Context, t *taken, store monthPruner, m time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, t.deadline) // nothing is deleted without the lease
	defer cancel()
	if err := p.refresh(ctx, t); err != nil {
		return err
	}
	due := p.state.due(p.plan.At)
	within := activitylog.Since(m).And(activitylog.Before(m.AddDate(0, 1, 0)))
	// Looked at without a lock first: what is true of most months should disturb nobody.
	if kept, err := p.k.log.AllOrgs().Count(ctx, within.And(activitylog.Not(due)), 1); err != nil || kept > 0 {
		return err
	}
	gone, err := p.k.plan(ctx, "", within, p.plan.At)
	if err != nil {
		return err
	}
	var n int64
	for range monthAttempts {
		if n, err = store.PruneMonth(ctx, m, activitylog.Not(due)); err != nil || n > 0 {
			break
		}
		if err = pause(ctx, monthPause); err != nil {
			return err
		}
	}
	if err != nil || n == 0 {
		return err // batch by batch, then
	}
	p.report.Deleted += n
	p.report.Months++
	for _, part := range gone.Parts {
		p.count(part.Org, part.Events)
	}
	p.told(time.Time{})
	return nil
}
