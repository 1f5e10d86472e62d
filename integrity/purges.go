package integrity

import (
	"encoding/json"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// purgeAction is the action under which package retention records purges: one event before, which plans, and one after.
const purgeAction = "audit.purge"

// purgeEvent is what an event tells of a purge.
type purgeEvent struct {
	id    uuid.UUID // of the event that planned it
	count int64     // planned, or deleted
	over  bool
}

func purgeOf(e *activitylog.Event) (purgeEvent, bool) {
	if e.Action != purgeAction || e.Backfill {
		return purgeEvent{}, false
	}
	if e.Outcome == activitylog.InProgress {
		n, ok := number(e.Metadata["planned"])
		return purgeEvent{id: e.ID, count: n}, ok
	}
	n, ok := number(e.Metadata["deleted"]) // one that was abandoned told no number and leaves its plan standing
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
