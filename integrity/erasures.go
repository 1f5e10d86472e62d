package integrity

import (
	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// erasureOf returns the events that an event says were erased.
func erasureOf(e *activitylog.Event) []uuid.UUID {
	if e.Action != decision.Erase || e.Backfill {
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
