package review

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// State is what the recorded changes say about a target at a moment.
type State struct {
	Target activitylog.Target // as the last event before the moment named it
	At     time.Time
	// Fields are the values by Change.Path. A field that was changed only later has the value from before that. What no
	// change tells of is not there; secret values are marks.
	Fields map[string]any
	// Since are the events that changed it after the moment, oldest first, with who did it.
	Since []activitylog.Event
}

// StateAt returns the state of a target at a moment, from the successful events whose first target it is. What was
// recorded without changes, or was pruned, cannot count.
func StateAt(ctx context.Context, r Reader, kind, id string, at time.Time) (State, error) {
	if kind == "" || id == "" {
		return State{}, fmt.Errorf("review: %w: a state needs the type and the id of a target", activitylog.ErrInvalid)
	}
	s := State{Target: activitylog.Target{Type: kind, ID: id}, At: at, Fields: map[string]any{}}
	known := map[string]bool{}
	f := activitylog.TargetIs(kind, id).And(activitylog.OutcomeIs(activitylog.Success))
	for e, err := range r.Events(ctx, activitylog.Query{Filter: f, Order: activitylog.Oldest}) {
		if err != nil {
			return State{}, fmt.Errorf("review: state: %w", err)
		}
		if t := e.Targets[0]; t.Type != kind || t.ID != id {
			continue // the changes are those of another
		}
		later := e.Time.After(at)
		if !later {
			s.Target = e.Targets[0]
		}
		if later && len(e.Changes) > 0 {
			s.Since = append(s.Since, e)
		}
		for _, c := range e.Changes {
			switch {
			case !later:
				set(s.Fields, c.Path, c.New)
			case !known[c.Path]:
				set(s.Fields, c.Path, c.Old)
			}
			known[c.Path] = true
		}
	}
	return s, nil
}

func set(fields map[string]any, path string, v any) {
	if v == nil {
		delete(fields, path)
		return
	}
	fields[path] = v
}

// Drifted is a field of a target that differs between two times.
type Drifted struct {
	Target        activitylog.Target
	Path          string
	Before, After any                 // nil: it was not there
	By            []activitylog.Actor // who changed it in between, each once, in order
	Changes       int
	First, Last   time.Time // of these changes
}

// Drift returns what differs in the targets of a project between two times, sorted by target and field. What was changed
// and changed back does not differ. An empty project stands for events without one.
func Drift(ctx context.Context, r Reader, project string, w Window) ([]Drifted, error) {
	if !w.From.Before(w.To) {
		return nil, fmt.Errorf("review: %w: drift needs a window that ends after it begins", activitylog.ErrInvalid)
	}
	type field struct{ kind, id, path string }
	drift := map[field]*Drifted{}
	f := activitylog.All(activitylog.ProjectIs(project), activitylog.OutcomeIs(activitylog.Success),
		activitylog.Since(w.From), activitylog.Before(w.To))
	for e, err := range r.Events(ctx, activitylog.Query{Filter: f, Order: activitylog.Oldest}) {
		if err != nil {
			return nil, fmt.Errorf("review: drift: %w", err)
		}
		if len(e.Targets) == 0 {
			continue
		}
		t := e.Targets[0]
		for _, c := range e.Changes {
			d := drift[field{t.Type, t.ID, c.Path}]
			if d == nil {
				d = &Drifted{Path: c.Path, Before: c.Old, First: e.Time}
				drift[field{t.Type, t.ID, c.Path}] = d
			}
			d.Target, d.After, d.Last = t, c.New, e.Time
			d.Changes++
			if !slices.ContainsFunc(d.By, func(a activitylog.Actor) bool { return a.Type == e.Actor.Type && a.ID == e.Actor.ID }) {
				d.By = append(d.By, e.Actor)
			}
		}
	}
	var list []Drifted
	for d := range maps.Values(drift) {
		// What was replaced behind a mark looks the same and may be another value.
		if !same(d.Before, d.After) || d.Before == secretMark || d.Before == hiddenMark {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(a, b Drifted) int {
		return cmp.Or(cmp.Compare(a.Target.Type, b.Target.Type), cmp.Compare(a.Target.ID, b.Target.ID), cmp.Compare(a.Path, b.Path))
	})
	return list, nil
}

// Marks that stand for values: the log keeps no secrets, and package access hides.
const (
	secretMark = "[secret]"
	hiddenMark = "[hidden]"
)

// same compares JSON values by the form in which events hold them.
func same(a, b any) bool {
	form := func(v any) string {
		e := activitylog.Event{Changes: []activitylog.Change{{New: v}}}
		return string(e.AppendJSON(nil))
	}
	return form(a) == form(b)
}
