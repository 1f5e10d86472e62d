package integrity

import (
	"context"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Erasure says what is to be erased and why.
type Erasure struct {
	Org    string
	Filter activitylog.Filter // which events, such as activitylog.ActorIs of the person
	Parts  activitylog.Parts  // what of them; zero means all
	Ground string             // the legal ground, which the log keeps
}

// eraseBatch is how many events one record of an erasure names.
const eraseBatch = 200

// Erase takes the parts out of all events that the filter means, with what opens their evidence, and returns how many
// those were. Before anything goes, audit.erase events say which events lose what, on what ground, and that the actor
// of ctx did it. The leaves stay, so that everything else can still be proved. It may be repeated after an error.
//
// The database may keep what was erased in free pages, and backups do: see docs/integrity.md.
func Erase(ctx context.Context, log *activitylog.Log, store activitylog.Store, x Erasure) (erased int, err error) {
	eraser, ok := store.(activitylog.Eraser)
	if !ok {
		return 0, fmt.Errorf("integrity: this store cannot erase: %w", errors.ErrUnsupported)
	}
	if x.Org == "" || x.Ground == "" {
		return 0, fmt.Errorf("integrity: %w: an erasure needs an organization and a ground", activitylog.ErrInvalid)
	}
	if x.Parts == 0 {
		x.Parts = activitylog.AllParts
	}
	q := activitylog.StoreQuery{Org: x.Org, Filter: x.Filter.And(activitylog.Not(activitylog.ActionIs(eraseAction))), Order: activitylog.Oldest}
	var ids []uuid.UUID
	for e, err := range store.Scan(ctx, q) {
		if err != nil {
			return 0, fmt.Errorf("integrity: erase: %w", err)
		}
		ids = append(ids, e.ID)
	}
	for len(ids) > 0 {
		batch := ids[:min(len(ids), eraseBatch)]
		n, err := eraseSome(ctx, log, eraser, x, batch)
		if erased += n; err != nil {
			return erased, fmt.Errorf("integrity: erase: %w", err)
		}
		ids = ids[len(batch):]
	}
	return erased, nil
}

// eraseSome records the erasure of some events, and erases them.
func eraseSome(ctx context.Context, log *activitylog.Log, eraser activitylog.Eraser, x Erasure, ids []uuid.UUID) (int, error) {
	names := make([]any, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	_, err := log.Record(ctx, activitylog.Event{
		Org: x.Org, Action: eraseAction, Reason: x.Ground,
		Targets:  []activitylog.Target{{Type: "log range", ID: fmt.Sprintf("%d events", len(ids))}},
		Metadata: map[string]any{"events": names, "count": len(ids), "parts": partNames(x.Parts)},
	})
	if err != nil {
		return 0, fmt.Errorf("nothing more was erased, since it could not be recorded: %w", err)
	}
	return eraser.Erase(ctx, activitylog.StoreQuery{Org: x.Org, Filter: activitylog.IDIs(ids...), Limit: len(ids)}, x.Parts)
}

func partNames(p activitylog.Parts) []any {
	var names []any
	for g := range textGroup {
		if p>>g&1 != 0 {
			names = append(names, groupNames[g])
		}
	}
	return names
}
