package monitor

import (
	"context"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// batch is what follows from some events that come one after the other in the log. The events themselves are not kept.
type batch struct {
	n       int
	next    activitylog.Position // behind them
	more    bool                 // whether others may wait there
	figures alerts.Fold
	notices map[uuid.UUID]delivery // that their decisions ask for
	decided map[string]bool        // organizations with decisions about their alerts
	urgent  map[string]bool        // and those with events of which urgent rules take note
}

// fold folds at most batchSize events behind a position, ending with the one at until if it is among them.
func (r *Rollups) fold(ctx context.Context, after, until activitylog.Position) (*batch, error) {
	b := &batch{notices: map[uuid.UUID]delivery{}, decided: map[string]bool{}, urgent: map[string]bool{}}
	read, done := 0, false
	more := map[string]bool{} // of which actions more than a brief event is needed
	needsMore := func(e *activitylog.Event) bool {
		needs, ok := more[e.Action]
		if !ok {
			needs = alerts.NeedsMore(e.Action) || strings.HasPrefix(e.Action, decision.Alerts+".")
			more[e.Action] = needs
		}
		return needs
	}
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

func (b *batch) add(e *activitylog.Event) {
	b.n++
	if b.figures.Add(e) {
		b.urgent[e.Org] = true
	}
	if isDecision(e) {
		b.decided[e.Org] = true
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
