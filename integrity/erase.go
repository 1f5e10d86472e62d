package integrity

import (
	"context"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/retention"
	"github.com/google/uuid"
)

// Erasure says what is to be erased and why.
type Erasure struct {
	Org    string
	Filter activitylog.Filter // which events, such as activitylog.ActorIs of the person
	Parts  activitylog.Parts  // what of them; zero means all
	Ground string             // the legal ground, which the log keeps
	// Keeper tells what is held or written once; nil: one with the default options, over the store.
	Keeper *retention.Keeper
}

// eraseBatch is how many events one record of an erasure names.
const eraseBatch = 200

// Erase takes the parts out of all events that the filter means, with what opens their evidence, and returns how many
// those were. Before anything goes, audit.erase events say which events lose what, on what ground, and that the actor
// of ctx did it. The leaves stay, so that everything else can still be proved. It may be repeated after an error.
//
// Of decisions about the log and of records of purges only who and from where goes: what was decided still holds.
//
// If a hold keeps any of the events, or the organization is written once, nothing is erased and the error wraps
// retention.ErrKept. A hold that is set meanwhile stops it.
//
// The store may also be a retention.Archived that a purge of this log filled; then Keeper should be that of the log.
//
// The database may keep what was erased in free pages, and backups do: see docs/integrity.md.
func Erase(ctx context.Context, log *activitylog.Log, store activitylog.Store, x Erasure) (erased int, err error) {
	if _, ok := store.(activitylog.Eraser); !ok {
		return 0, fmt.Errorf("integrity: this store cannot erase: %w", errors.ErrUnsupported)
	}
	if x.Org == "" || x.Ground == "" {
		return 0, fmt.Errorf("integrity: %w: an erasure needs an organization and a ground", activitylog.ErrInvalid)
	}
	switch {
	case x.Parts&^activitylog.AllParts != 0: // no record could name it
		return 0, fmt.Errorf("integrity: %w: Parts has what is no part of an event; combine those of activitylog.AllParts", activitylog.ErrInvalid)
	case x.Parts == 0:
		x.Parts = activitylog.AllParts
	case x.Parts&activitylog.OpeningPart != 0 && x.Parts != activitylog.AllParts:
		return 0, fmt.Errorf("integrity: %w: what opens the evidence of all parts goes with all of them; leave out OpeningPart", activitylog.ErrInvalid)
	}
	if x.Keeper == nil {
		if x.Keeper, err = retention.New(log, store, nil); err != nil {
			return 0, fmt.Errorf("integrity: erase: %w", err)
		}
	}
	kept, err := x.Keeper.Kept(ctx, x.Org)
	if err == nil {
		err = x.unlessKept(ctx, store, x.Filter, kept)
	}
	if archive, ok := store.(*retention.Archived); ok && err == nil { // what died there may have left parts of the events
		err = archive.Tidy(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("integrity: erase: %w", err)
	}
	q := activitylog.StoreQuery{Org: x.Org, Filter: x.Filter.And(activitylog.Not(activitylog.ActionIs(decision.Erase))), Order: activitylog.Oldest}
	var ids, deciding []uuid.UUID
	for e, err := range store.Scan(ctx, q) {
		switch {
		case err != nil:
			return 0, fmt.Errorf("integrity: erase: %w", err)
		case decision.Reserved(e.Action):
			deciding = append(deciding, e.ID)
		default:
			ids = append(ids, e.ID)
		}
	}
	erased, err = x.erase(ctx, log, store, ids)
	if err == nil {
		// What was decided stays: rules and holds are a fold over it.
		x.Parts &= activitylog.ActorPart | activitylog.ClientPart
		var n int
		n, err = x.erase(ctx, log, store, deciding)
		erased += n
	}
	if err != nil {
		return erased, fmt.Errorf("integrity: erase: %w", err)
	}
	return erased, nil
}

// erase erases some events in batches.
func (x *Erasure) erase(ctx context.Context, log *activitylog.Log, store activitylog.Store, ids []uuid.UUID) (erased int, err error) {
	for len(ids) > 0 && x.Parts != 0 && err == nil {
		batch := ids[:min(len(ids), eraseBatch)]
		err = x.Keeper.Step(ctx, x.Org, func(ctx context.Context, kept activitylog.Filter) error {
			if err := x.unlessKept(ctx, store, activitylog.IDIs(batch...), kept); err != nil {
				return err
			}
			n, err := eraseSome(ctx, log, store.(activitylog.Eraser), x, batch)
			erased += n
			return err
		})
		ids = ids[len(batch):]
	}
	return erased, err
}

// unlessKept is an error if any of the events is kept.
func (x *Erasure) unlessKept(ctx context.Context, store activitylog.Store, events, kept activitylog.Filter) error {
	for _, err := range store.Scan(ctx, activitylog.StoreQuery{Org: x.Org, Filter: events.And(kept), Limit: 1}) {
		if err != nil {
			return err
		}
		until, err := x.Keeper.WriteOnce(ctx, x.Org)
		if err == nil {
			err = fmt.Errorf("%w by a hold", retention.ErrKept)
		}
		if !until.IsZero() {
			err = fmt.Errorf("%w by a hold, or until %s", retention.ErrKept, stamp(until))
		}
		return err
	}
	return nil
}

// eraseSome records the erasure of some events, and erases them.
func eraseSome(ctx context.Context, log *activitylog.Log, eraser activitylog.Eraser, x *Erasure, ids []uuid.UUID) (int, error) {
	names := make([]any, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	var parts []any
	for _, name := range partNames(x.Parts) {
		parts = append(parts, name)
	}
	_, err := log.Record(decision.With(ctx), activitylog.Event{
		Org: x.Org, Action: decision.Erase, Reason: x.Ground,
		Targets:  []activitylog.Target{{Type: "log range", ID: fmt.Sprintf("%d events", len(ids))}},
		Metadata: map[string]any{"events": names, "count": len(ids), "parts": parts},
	})
	if err != nil {
		return 0, fmt.Errorf("nothing more was erased, since it could not be recorded: %w", err)
	}
	return eraser.Erase(ctx, activitylog.StoreQuery{Org: x.Org, Filter: activitylog.IDIs(ids...), Limit: len(ids)}, x.Parts)
}
