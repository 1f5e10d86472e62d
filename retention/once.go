package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/settings"
)

// ErrKept is the error of what would touch events that a hold keeps, or that an organization keeps as they were written.
var ErrKept = errors.New("retention: the events are kept")

const onceName = "write_once"

// onceJSON is the value of the setting.
type onceJSON struct {
	Until time.Time `json:"until"`
}

// SetWriteOnce keeps all events of an organization, or of all organizations for the empty org, as they are until a
// moment: once it has returned, no purge removes and no erasure empties any of them. It cannot be taken back, and a
// moment before the one that holds is refused.
func (k *Keeper) SetWriteOnce(ctx context.Context, org string, until time.Time, reason string) error {
	until = until.UTC().Truncate(time.Microsecond)
	return k.decide(ctx, "set write-once", func() error {
		var before onceJSON
		event, err := settings.Get(ctx, k.log, org, onceName, &before)
		switch {
		case err != nil:
			return err
		case !until.After(k.now()):
			return fmt.Errorf("%w: %s has passed", activitylog.ErrInvalid, until.Format(time.RFC3339))
		case !until.After(before.Until):
			return fmt.Errorf("%w: the events are kept until %s, which may only move later", activitylog.ErrInvalid, before.Until.Format(time.RFC3339))
		}
		change := activitylog.Change{Path: "until", New: until.Format(time.RFC3339Nano)}
		if !before.Until.IsZero() {
			change.Old = before.Until.Format(time.RFC3339Nano)
		}
		return settings.Set(ctx, k.log, k.now(), event, org, onceName, onceJSON{until}, []activitylog.Change{change}, reason)
	})
}

// WriteOnce is until when the events of an organization stay as they are, by its own decision or that of the platform.
// The zero time means that nobody decided so.
func (k *Keeper) WriteOnce(ctx context.Context, org string) (until time.Time, err error) {
	for _, of := range []string{"", org} {
		var x onceJSON
		if _, err := settings.Get(ctx, k.log, of, onceName, &x); err != nil {
			return time.Time{}, fmt.Errorf("retention: write-once: %w", err)
		}
		until = later(until, x.Until)
	}
	return until, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// once tells whether the events of an organization must stay as they are.
func (s *state) once(org string, now time.Time) bool {
	return now.Before(later(s.onces[""], s.onces[org]))
}

// kept is what neither a purge nor an erasure may touch in an organization.
func (s *state) kept(org string, now time.Time) activitylog.Filter {
	if s.once(org, now) {
		return activitylog.Filter{}
	}
	var list []activitylog.Filter
	for _, h := range s.holds[""] {
		list = append(list, h.Filter)
	}
	if org != "" {
		for _, h := range s.holds[org] {
			list = append(list, h.Filter)
		}
	}
	return activitylog.Any(list...)
}

// Kept is what neither a purge nor an erasure may touch in an organization now: what is held, or all of it where it is
// written once.
func (k *Keeper) Kept(ctx context.Context, org string) (activitylog.Filter, error) {
	s, err := k.fold(ctx, org)
	if err != nil {
		return activitylog.Filter{}, fmt.Errorf("retention: kept: %w", err)
	}
	return s.kept(org, k.now()), nil
}

// Step runs f while nobody decides what is kept, and no purge goes on, with what is kept in an organization. It takes
// its turn for a short time: f must end with its context, and its work be undone when it does. Then f is called again;
// after five times the error wraps context.DeadlineExceeded.
func (k *Keeper) Step(ctx context.Context, org string, f func(ctx context.Context, kept activitylog.Filter) error) error {
	for slow := 1; ; slow++ {
		outlasted, err := k.step(ctx, org, f)
		switch {
		case err == nil || !outlasted:
			return err
		case slow == mostSlow:
			return fmt.Errorf("retention: step: %w: %w", context.DeadlineExceeded, k.turn.tooSlow(err))
		}
	}
}

// step is one turn of Step, and tells whether it lasted too long.
func (k *Keeper) step(ctx context.Context, org string, f func(ctx context.Context, kept activitylog.Filter) error) (outlasted bool, err error) {
	t, err := k.turn.take(ctx)
	if err != nil {
		return false, fmt.Errorf("retention: step: %w", err)
	}
	within, cancel := context.WithDeadline(ctx, t.deadline)
	defer cancel()
	kept, err := k.Kept(within, org)
	if err == nil {
		err = f(within, kept)
	}
	outlasted = within.Err() != nil && ctx.Err() == nil
	err = t.end(ctx, false, err)
	if err == nil && k.turn.space != nil {
		err = pause(ctx, courtesy)
	}
	return outlasted, err
}
