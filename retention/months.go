package retention

import (
	"context"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// monthPruner is a store that holds months apart and can drop one at once, as store/sqlstore on partitions of PostgreSQL.
type monthPruner interface {
	// Months returns the first moments of the months that are held apart and hold events, oldest first.
	Months(ctx context.Context) ([]time.Time, error)
	// LookMonth counts the events of a month by organization and category, and tells when the first and the last were
	// recorded. It returns no parts if there are none, or the last was recorded at before or later.
	LookMonth(ctx context.Context, month, before time.Time) (parts []activitylog.Bucket, first, last time.Time, seen string, err error)
	// PruneMonth deletes all events of a month if keep means none of them and they are those that were seen, and returns
	// how many. Nothing can come into the month between the look and the deletion. Else, or while others use the month,
	// it deletes nothing.
	PruneMonth(ctx context.Context, month time.Time, keep activitylog.Filter, seen string) (deleted int64, err error)
}

// A month that somebody uses is tried again: to delete it event by event takes far longer than most readers do.
const (
	monthPatience = 20 * time.Second
	monthPause    = 200 * time.Millisecond
)

// monthDue is a month of which everything is due.
type monthDue struct {
	month time.Time
	parts []activitylog.Bucket
	keep  activitylog.Filter // what is still to be made sure of
	seen  string
}

func (m *monthDue) within() activitylog.Filter {
	return activitylog.Since(m.month).And(activitylog.Before(m.month.AddDate(0, 1, 0)))
}

func (m *monthDue) outside() activitylog.Filter {
	return activitylog.Any(activitylog.Before(m.month), activitylog.Since(m.month.AddDate(0, 1, 0)))
}

// monthStore is the store if months can go at once. They are those of all organizations, so that a purge of one
// organization cannot, and one with an archive goes event by event.
func (p *purge) monthStore() monthPruner {
	store, ok := p.k.store.(monthPruner)
	if !ok || p.org != "" || p.o.Archive != "" {
		return nil
	}
	return store
}

// findMonths finds the months that can go at once.
func (p *purge) findMonths(ctx context.Context) error {
	store := p.monthStore()
	if store == nil {
		return nil
	}
	months, err := store.Months(ctx)
	if err != nil {
		return err
	}
	for _, month := range months {
		if month.AddDate(0, 1, 0).After(p.plan.At) { // what came too early goes event by event
			continue
		}
		m, err := p.lookAt(ctx, store, month)
		if err != nil {
			return err
		}
		if m != nil {
			p.whole = append(p.whole, m)
		}
	}
	return nil
}

// lookAt returns a month if everything in it is due. It disturbs nobody, and looks at most months only in passing.
func (p *purge) lookAt(ctx context.Context, store monthPruner, month time.Time) (*monthDue, error) {
	m := &monthDue{month: month, keep: activitylog.Any()}
	inMonth := func(e activitylog.Event) bool { return m.within().Match(&e) }
	youngest := p.state.youngest()
	if youngest == 0 || slices.ContainsFunc(p.state.protected, inMonth) {
		return nil, nil
	}
	old := p.plan.At.Add(-youngest.Duration()).Add(time.Microsecond)
	var first, last time.Time
	var err error
	if m.parts, first, last, m.seen, err = store.LookMonth(ctx, month, old); err != nil || len(m.parts) == 0 {
		return nil, err
	}
	sure := true
	for _, part := range m.parts {
		switch meansAll(p.judge.in(part.Values[0]).Expr(), group{part.Values[0], part.Values[1], part.MinTime, part.MaxTime, first, last}) {
		case none:
			return nil, nil
		case unknown:
			sure = false
		}
	}
	if sure {
		return m, nil
	}
	if len(p.judge.own) >= manyOrgs {
		return nil, nil
	}
	m.keep = activitylog.Not(p.state.dueAnywhere(p.plan.At))
	kept, err := p.k.count(ctx, "", m.within().And(m.keep), 1)
	if err != nil || kept > 0 {
		return nil, err
	}
	return m, nil
}

// months drops the months that were found.
func (p *purge) months(ctx context.Context) error {
	store := p.monthStore()
	for _, m := range p.whole {
		for end := time.Now().Add(monthPatience); m != nil; {
			n, err := p.month(ctx, store, m)
			if err != nil {
				return err
			}
			if n > 0 || time.Now().After(end) {
				break
			}
			if err := pause(ctx, monthPause); err != nil {
				return err
			}
			if m, err = p.lookAt(ctx, store, m.month); err != nil {
				return err
			}
		}
	}
	return nil
}

// month drops one month, if it still is as it was seen. If not it goes batch by batch, or stays.
func (p *purge) month(ctx context.Context, store monthPruner, m *monthDue) (n int64, err error) {
	t, err := p.k.turn.take(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = t.end(ctx, false, err) }()
	ctx, cancel := context.WithDeadline(ctx, t.deadline) // nothing is deleted without the lease
	defer cancel()
	before := p.state
	if err := p.refresh(ctx, t); err != nil {
		return 0, err
	}
	if !sameDecisions(p.state, before) {
		return 0, nil // decided otherwise meanwhile: look again
	}
	if n, err = store.PruneMonth(ctx, m.month, m.keep, m.seen); err != nil || n == 0 {
		return 0, err
	}
	p.report.Deleted += n
	p.report.Months++
	for _, part := range m.parts {
		p.count(part.Values[0], part.Count)
	}
	p.told(time.Time{})
	return n, nil
}
