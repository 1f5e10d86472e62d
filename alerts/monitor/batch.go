package monitor

import (
	"context"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/google/uuid"
)

// batch is what follows from some events that come one after the other in the log. The events themselves are not kept.
type batch struct {
	n       int
	next    activitylog.Position       // behind them
	more    bool                       // whether others may wait there
	figures map[string]*alerts.Figures // by organization
	notices map[uuid.UUID]delivery     // that their decisions ask for
	decided map[string]bool            // organizations with decisions about their alerts
	urgent  map[string]bool            // and those with events of which urgent rules take note
}

// fold folds at most batchSize events behind a position, ending with the one at until if it is among them.
func (r *Rollups) fold(ctx context.Context, after, until activitylog.Position) (*batch, error) {
	b := &batch{figures: map[string]*alerts.Figures{}, notices: map[uuid.UUID]delivery{}, decided: map[string]bool{}, urgent: map[string]bool{}}
	read, done := 0, false
	next, err := r.log.TailBrief(ctx, after, batchSize, needsMore, func(e *activitylog.Event, at activitylog.Position) {
		read++
		if done {
			return
		}
		b.add(e)
		if at == until {
			done, b.next = true, at
		}
	})
	if !done {
		b.next, b.more = next, read == batchSize
	}
	return b, err
}

// needsMore tells of which events more than their brief form is needed.
func needsMore(e *activitylog.Event) bool { return alerts.NeedsMore(e) || isDecision(e) }

func (b *batch) add(e *activitylog.Event) {
	b.n++
	f := b.figures[e.Org]
	if f == nil {
		f = &alerts.Figures{}
		b.figures[e.Org] = f
	}
	f.Add(e)
	if isDecision(e) {
		b.decided[e.Org] = true
	}
	if alerts.Urgent(e) {
		b.urgent[e.Org] = true
	}
	if _, ok := noticeOf(e); ok {
		b.notices[e.ID] = delivery{Org: e.Org, Decided: e.Time}
	}
}

// enqueue puts the notices on their way.
func (b *batch) enqueue(tx activitylog.SpaceTx) error {
	for id, d := range b.notices {
		if err := putDelivery(tx, id, d); err != nil {
			return err
		}
	}
	return nil
}
