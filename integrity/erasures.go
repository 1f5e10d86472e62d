package integrity

import (
	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// eraseAction is the action under which erasures are recorded.
const eraseAction = "audit.erase"

// erasureOf returns the events that an event says were erased.
func erasureOf(e *activitylog.Event) []uuid.UUID {
	if e.Action != eraseAction || e.Backfill {
		return nil
	}
	list, _ := e.Metadata["events"].([]any)
	var ids []uuid.UUID
	for _, x := range list {
		text, _ := x.(string)
		if id, err := uuid.Parse(text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
