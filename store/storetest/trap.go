package storetest

import (
	"strings"

	"github.com/activitylog/activitylog"
)

// trap is a place where databases are known to answer otherwise than Filter.Match.
type trap struct {
	name   string
	must   string
	events []activitylog.Event // a, b, c, … in this order
	meant  []meaning
	built  []builtMeaning
}

// meaning says which events a filter means, by their letters.
type meaning struct{ text, want string }

// builtMeaning is a meaning whose filter is easier to build than to write.
type builtMeaning struct {
	filter activitylog.Filter
	want   string
}

func trapCases() []testCase {
	var cases []testCase
	for _, list := range [][]trap{valueTraps, structureTraps, textTraps} {
		for _, t := range list {
			must := "Filter.Match defines what a filter means, in every store: " + t.must
			cases = append(cases, testCase{name: "trap/" + t.name, must: must, run: t.run})
		}
	}
	return cases
}

func (t trap) run(s *subject) {
	all := list(t.events...)
	s.append(t.events...)
	meant := t.built
	for _, m := range t.meant {
		f, err := activitylog.ParseFilter(m.text)
		s.ok(err, "the suite is wrong: parse {%s}", m.text)
		meant = append(meant, builtMeaning{f, m.want})
	}
	for _, m := range meant {
		found := all.selected(activitylog.StoreQuery{Filter: m.filter, Order: activitylog.Oldest})
		if got := t.letters(found); got != m.want {
			s.fatalf("the suite is wrong: filter {%s} means %q, not %q", m.filter, got, m.want)
		}
		none := activitylog.Any()
		for _, f := range []activitylog.Filter{
			m.filter, activitylog.Not(m.filter), m.filter.And(activitylog.Not(none)), activitylog.Any(none, m.filter),
		} {
			for _, order := range orders {
				s.yields(activitylog.StoreQuery{Filter: f, Order: order}, all)
			}
			s.counts(activitylog.StoreQuery{Filter: f}, 0, all)
		}
		s.yields(activitylog.StoreQuery{Filter: m.filter, Limit: 1, Org: "acme"}, all)
	}
}

// letters names events by their place in the trap.
func (t trap) letters(events []activitylog.Event) string {
	var b strings.Builder
	for i := range t.events {
		for j := range events {
			if events[j].ID == t.events[i].ID {
				b.WriteByte(byte('a' + i))
			}
		}
	}
	return b.String()
}

// each makes one event of every change.
func each(changes ...func(e *activitylog.Event)) []activitylog.Event {
	var events []activitylog.Event
	for i, c := range changes {
		events = append(events, sample(i, c))
	}
	return events
}

// with makes one event of every value.
func with[T any](set func(e *activitylog.Event, v T), values ...T) []activitylog.Event {
	var events []activitylog.Event
	for i, v := range values {
		events = append(events, sample(i, func(e *activitylog.Event) { set(e, v) }))
	}
	return events
}

// setAll puts one value into every field that a filter compares.
func setAll(e *activitylog.Event, v string) {
	e.Project, e.Category, e.Action, e.Actor.ID, e.Actor.Type = v, v, v, v, activitylog.ActorType(v)
	e.Outcome, e.Severity = activitylog.Outcome(v), activitylog.Severity(v)
	e.Targets = []activitylog.Target{{Type: v, ID: v}}
	e.Request = activitylog.Request{ID: v, SessionID: v, CorrelationID: v}
	e.AI = &activitylog.AIUsage{Model: v, Provider: v}
	e.Labels = map[string]string{"k": v, v: ""}
	e.Metadata = map[string]any{"k": v, v: v}
}

func setAction(e *activitylog.Event, action string)       { e.Action = action }
func setMessage(e *activitylog.Event, message string)     { e.Message = message }
func setMetadata(e *activitylog.Event, m map[string]any)  { e.Metadata = m }
func setLabels(e *activitylog.Event, m map[string]string) { e.Labels = m }
func setTargets(e *activitylog.Event, t []activitylog.Target) {
	e.Targets = t
}
