package integrity

import (
	"encoding/json"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// purgeEvent is what an event tells of a purge, of which there are two: one before, which plans, and one after.
type purgeEvent struct {
	id    uuid.UUID // of the event that planned it
	count int64     // planned, or deleted
	over  bool
}

func purgeOf(e *activitylog.Event) (purgeEvent, bool) {
	if e.Action != decision.Purge || e.Backfill {
		return purgeEvent{}, false
	}
	if e.Outcome == activitylog.InProgress {
		n, ok := number(e.Metadata["planned"])
		return purgeEvent{id: e.ID, count: n}, ok
	}
	if e.Outcome == activitylog.Unknown { // a sweeper repeats what began, and leaves the plan standing
		return purgeEvent{}, false
	}
	n, ok := number(e.Metadata["deleted"])
	return purgeEvent{id: e.Completes, count: n, over: true}, ok
}

func number(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil && i >= 0
}

// purge notes how many rows may be gone.
func (t *tree) purge(p purgeEvent) {
	t.Purging = slices.DeleteFunc(t.Purging, func(x purging) bool { return x.ID == p.id })
	if p.over {
		t.Gone += p.count
		return
	}
	t.Purging = append(t.Purging, purging{ID: p.id, Planned: p.count})
}
