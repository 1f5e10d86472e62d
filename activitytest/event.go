package activitytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// Event is what a test wants of an event. What is empty may be anything.
type Event struct {
	Org, Project string
	Action       string
	Outcome      activitylog.Outcome
	Reason       string
	Actor        string   // its ID
	OnBehalfOf   string   // the ID of the nearest
	Target       string   // type:id of the first
	Targets      []string // type:id of all, in order
	Changed      []string // the paths of all changes, in any order
	IP           string
	RequestID    string
	Metadata     map[string]any    // that the event holds at least; numbers compare by value
	Labels       map[string]string // that the event holds at least

	// Check says what else is wrong with an event, or nothing. It is asked last.
	Check func(*activitylog.Event) string
}

// Of returns what could be wanted of e, for messages.
func Of(e *activitylog.Event) Event {
	w := Event{
		Org: e.Org, Project: e.Project, Action: e.Action, Outcome: e.Outcome, Reason: e.Reason, Actor: e.Actor.ID,
		RequestID: e.Request.ID, Metadata: e.Metadata, Labels: e.Labels,
	}
	if len(e.OnBehalfOf) > 0 {
		w.OnBehalfOf = e.OnBehalfOf[0].ID
	}
	for _, t := range e.Targets {
		w.Targets = append(w.Targets, t.Type+":"+t.ID)
	}
	if len(w.Targets) > 0 {
		w.Target = w.Targets[0]
	}
	for _, c := range e.Changes {
		w.Changed = append(w.Changed, c.Path)
	}
	slices.Sort(w.Changed)
	if e.Client.IP.IsValid() {
		w.IP = e.Client.IP.String()
	}
	return w
}

// String is the event in one line, without what is empty.
func (w Event) String() string {
	var parts []string
	for _, f := range w.fields() {
		if !f.empty() {
			parts = append(parts, f.name+"="+f.text())
		}
	}
	if w.Check != nil {
		parts = append(parts, "and a check")
	}
	if len(parts) == 0 {
		return "any event"
	}
	return strings.Join(parts, " ")
}

// wanted is one field of an Event, under the name that messages give it.
type wanted struct {
	name  string
	value any
}

func (w Event) fields() []wanted {
	changed := slices.Sorted(slices.Values(w.Changed))
	target := w.Target
	if w.Targets != nil {
		target = "" // the list says it
	}
	return []wanted{
		{"action", w.Action}, {"outcome", string(w.Outcome)}, {"actor", w.Actor}, {"for", w.OnBehalfOf},
		{"target", target}, {"targets", w.Targets}, {"org", w.Org}, {"project", w.Project}, {"reason", w.Reason},
		{"changed", changed}, {"ip", w.IP}, {"request", w.RequestID}, {"metadata", w.Metadata}, {"labels", w.Labels},
	}
}

func (f wanted) empty() bool {
	v := reflect.ValueOf(f.value)
	return v.IsZero() || v.Kind() == reflect.Map && v.Len() == 0
}

func (f wanted) text() string {
	if s, ok := f.value.(string); ok && !strings.ContainsAny(s, " \"\n") {
		return s
	}
	b, err := json.Marshal(f.value)
	if err != nil {
		return fmt.Sprint(f.value)
	}
	return string(b)
}

// difference says in what e is not as wanted, or nothing.
func (w Event) difference(e *activitylog.Event) string {
	is := Of(e)
	if w.Targets == nil {
		is.Targets = nil
	}
	got := is.fields()
	var parts []string
	for i, f := range w.fields() {
		if !f.empty() && !holds(f.value, got[i].value) {
			parts = append(parts, fmt.Sprintf("%s is %s", f.name, got[i].text()))
		}
	}
	if len(parts) == 0 && w.Check != nil {
		return w.Check(e)
	}
	return strings.Join(parts, ", ")
}

// holds tells whether a field is as wanted: maps may hold more.
func holds(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got := got.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(want)) {
			v, ok := got[k]
			if !ok || !sameJSON(want[k], v) {
				return false
			}
		}
		return true
	case map[string]string:
		for k, v := range want {
			if g, ok := got.(map[string]string)[k]; !ok || g != v {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}

func sameJSON(a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && string(x) == string(y)
}

// nearest tells which recorded event differs least from what is wanted, and in what.
func (w Event) nearest(got []activitylog.Event) string {
	best := ""
	for i := range got {
		d := w.difference(&got[i])
		if d == "" {
			return ": one such is in another place, or stands for another that is wanted"
		}
		if best == "" || strings.Count(d, ", ") < strings.Count(best, ", ") {
			best = d
		}
	}
	if best == "" {
		return ""
	}
	return ": of the nearest " + best
}
