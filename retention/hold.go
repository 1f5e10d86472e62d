package retention

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/settings"
	"github.com/google/uuid"
)

// Hold keeps events whatever the rules say.
type Hold struct {
	ID     string             // unique within its organization; empty: a new one
	Org    string             // empty: the events of all organizations
	Filter activitylog.Filter // which events; the zero value means all
	Reason string             // such as the number of the case

	By activitylog.Actor // who set it; ignored by SetHold
	At time.Time         // when; ignored by SetHold
}

// holdJSON is what an audit.hold.set event holds.
type holdJSON struct {
	Filter string `json:"filter"`
}

// SetHold sets a hold and returns it as it is kept. Once it has returned, no purge removes what it means. One with the
// ID of an active hold is refused: lift that first, so that the log tells what was kept when.
func (k *Keeper) SetHold(ctx context.Context, h Hold) (Hold, error) {
	if h.ID == "" {
		h.ID = uuid.Must(uuid.NewV7()).String()
	}
	if bad := unwritable(h.Filter); bad != "" {
		return Hold{}, fmt.Errorf("retention: %w: the hold %s", activitylog.ErrInvalid, bad)
	}
	value, err := settings.Encode(holdJSON{h.Filter.String()})
	if err != nil {
		return Hold{}, fmt.Errorf("retention: set hold: %w", err)
	}
	err = k.decide(ctx, "set hold", func() error {
		before, active, err := k.last(ctx, h.Org, h.ID)
		if err == nil && active {
			err = fmt.Errorf("%w: there is an active hold %q; lift it first", activitylog.ErrInvalid, h.ID)
		}
		if err != nil {
			return err
		}
		return settings.Record(ctx, k.log, k.now(), before, activitylog.Event{
			Org: settings.Home(h.Org), Action: decision.SetHold, Reason: h.Reason, Metadata: value,
			Targets: []activitylog.Target{{Type: "hold", ID: h.ID}},
			Changes: []activitylog.Change{{Path: "filter", New: h.Filter.String()}},
		})
	})
	if err != nil {
		return Hold{}, err
	}
	e, active, err := k.last(ctx, h.Org, h.ID)
	if err == nil && !active {
		err = fmt.Errorf("hold %q was lifted at once: %w", h.ID, activitylog.ErrNotFound)
	}
	if err == nil {
		h, err = holdOf(&e)
	}
	if err != nil {
		return Hold{}, fmt.Errorf("retention: set hold: %w", err)
	}
	return h, nil
}

// LiftHold ends a hold. One that is not active is not found.
func (k *Keeper) LiftHold(ctx context.Context, org, id, reason string) error {
	return k.decide(ctx, "lift hold", func() error {
		before, active, err := k.last(ctx, org, id)
		if err == nil && !active {
			err = fmt.Errorf("hold %q: %w", id, activitylog.ErrNotFound)
		}
		if err != nil {
			return err
		}
		h, err := holdOf(&before)
		if err != nil {
			return err
		}
		return settings.Record(ctx, k.log, k.now(), before, activitylog.Event{
			Org: settings.Home(org), Action: decision.LiftHold, Reason: reason,
			Targets: []activitylog.Target{{Type: "hold", ID: id}},
			Changes: []activitylog.Change{{Path: "filter", Old: h.Filter.String()}},
		})
	})
}

// Holds returns the active holds of an organization, or those over all organizations for the empty org, newest first.
func (k *Keeper) Holds(ctx context.Context, org string) ([]Hold, error) {
	var holds []Hold
	seen := map[string]bool{}
	for e, err := range k.holdEvents(ctx, org, activitylog.TargetIs("hold")) {
		if err != nil {
			return nil, fmt.Errorf("retention: holds: %w", err)
		}
		if seen[e.Targets[0].ID] {
			continue
		}
		seen[e.Targets[0].ID] = true
		if e.Action == decision.LiftHold {
			continue
		}
		h, err := holdOf(&e)
		if err != nil {
			return nil, fmt.Errorf("retention: holds: %w", err)
		}
		holds = append(holds, h)
	}
	return holds, nil
}

// last returns the newest decision about a hold, if there is one, and whether it is active.
func (k *Keeper) last(ctx context.Context, org, id string) (e activitylog.Event, active bool, err error) {
	for e, err := range k.holdEvents(ctx, org, activitylog.TargetIs("hold", id)) {
		return e, err == nil && e.Action == decision.SetHold, err
	}
	return activitylog.Event{}, false, nil
}

// holdEvents yields the decisions about holds that count, newest first.
func (k *Keeper) holdEvents(ctx context.Context, org string, f activitylog.Filter) iter.Seq2[activitylog.Event, error] {
	q := activitylog.Query{Filter: activitylog.ActionIs(decision.SetHold, decision.LiftHold).And(f)}
	return func(yield func(activitylog.Event, error) bool) {
		for e, err := range k.log.Org(settings.Home(org)).Events(ctx, q) {
			if err == nil && !settings.Decides(&e) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// holdOf reads a hold. One that cannot be read is an error: whoever purges must not go by half of the holds.
func holdOf(e *activitylog.Event) (Hold, error) {
	var j holdJSON
	h := Hold{ID: e.Targets[0].ID, Org: e.Org, Reason: e.Reason, By: e.Actor, At: e.Time}
	if h.Org == activitylog.SystemOrg {
		h.Org = ""
	}
	err := settings.Decode(e, &j)
	if err == nil {
		h.Filter, err = activitylog.ParseFilter(j.Filter)
	}
	if err != nil {
		return Hold{}, fmt.Errorf("the hold of event %s: %w", e.ID, err)
	}
	return h, nil
}
