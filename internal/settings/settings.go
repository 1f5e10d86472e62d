// Package settings keeps the settings of the log as decisions in it: each change is an event with before and after, the
// current value is that of the newest one. Imported events decide nothing, and nobody but the log's own packages can
// record others.
package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// Home is the organization whose log holds the decisions about org; empty stands for what concerns all.
func Home(org string) string {
	if org == "" {
		return activitylog.SystemOrg
	}
	return org
}

// maxValue bounds the JSON form of a value, in bytes: metadata over its limit would be cut.
const maxValue = 12 << 10

// Get decodes the value of a setting into v and returns the event that set it. Without one it leaves v as it is and
// returns an event without ID.
func Get(ctx context.Context, log *activitylog.Log, org, name string, v any) (activitylog.Event, error) {
	f := activitylog.All(activitylog.ActionIs(decision.Setting), activitylog.TargetIs("setting", name))
	for e, err := range log.Org(Home(org)).Events(ctx, activitylog.Query{Filter: f}) {
		if err != nil {
			return activitylog.Event{}, err
		}
		if !Decides(&e) {
			continue
		}
		if err := Decode(&e, v); err != nil {
			return activitylog.Event{}, fmt.Errorf("the setting %s of event %s: %w", name, e.ID, err)
		}
		return e, nil
	}
	return activitylog.Event{}, nil
}

// Decides tells whether an event is a decision that counts: at first hand and whole.
func Decides(e *activitylog.Event) bool {
	return !e.Backfill && e.Outcome == activitylog.Success && len(e.Targets) > 0 && !cut(e)
}

// cut tells whether what decides was over a limit. A reason may be.
func cut(e *activitylog.Event) bool {
	return slices.ContainsFunc(e.Truncated, func(c activitylog.Cut) bool {
		return strings.HasPrefix(c.Path, "metadata") || strings.HasPrefix(c.Path, "targets")
	})
}

// Set records a new value, in place of that of the event before. It refuses one that the log would cut.
func Set(ctx context.Context, log *activitylog.Log, now time.Time, before activitylog.Event, org, name string, v any, changes []activitylog.Change, reason string) error {
	value, err := Encode(v)
	if err != nil {
		return err
	}
	return Record(ctx, log, now, before, activitylog.Event{
		Org: Home(org), Action: decision.Setting, Reason: reason, Changes: fit(changes),
		Targets:  []activitylog.Target{{Type: "setting", ID: name, Name: name}},
		Metadata: value,
	})
}

// fit keeps the changes of a decision within the limits of an event: the whole value stands in the metadata.
func fit(changes []activitylog.Change) []activitylog.Change {
	const most, longest = 60, 2 << 10
	if len(changes) > most {
		return []activitylog.Change{{Path: "entries that changed", New: len(changes)}}
	}
	for i := range changes {
		for _, v := range []*any{&changes[i].Old, &changes[i].New} {
			if s, ok := (*v).(string); ok && len(s) > longest {
				*v = strings.ToValidUTF8(s[:longest], "") + "…"
			}
		}
	}
	return changes
}

var errCut = fmt.Errorf("%w: the decision is larger than the log's limits and was cut; it decides nothing", activitylog.ErrInvalid)

// Record records a decision and makes sure that it counts: that nothing of it was cut, and that it comes after the one
// that it replaces, whatever the clocks of two hosts say.
func Record(ctx context.Context, log *activitylog.Log, now time.Time, before, e activitylog.Event) error {
	e.Changes = fit(e.Changes)
	if before.ID != uuid.Nil && !now.After(before.Time) {
		e.Time = before.Time.Add(time.Microsecond)
	}
	id, err := log.Record(decision.With(ctx), e)
	if err != nil {
		return err
	}
	stored, err := log.Org(e.Org).Get(ctx, id)
	if err == nil && cut(&stored) {
		err = errCut
	}
	return err
}

// Encode returns the metadata that hold v.
func Encode(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(b) > maxValue {
		return nil, fmt.Errorf("%w: the decision has %d bytes; at most %d fit into an event", activitylog.ErrInvalid, len(b), maxValue)
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return map[string]any{"value": value}, nil
}

// Decode reads what Encode made. A field that v does not know is an error: it may come from a newer version, and half a
// decision is another one.
func Decode(e *activitylog.Event, v any) error {
	value, ok := e.Metadata["value"]
	if !ok {
		return errors.New("it holds no value")
	}
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
