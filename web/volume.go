package web

import (
	"iter"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// Evidence numbers all events of an organization, and searches count what they looked at in vain. Who may read only a part
// of it would learn from both how much the others do.

// whole tells whether the reader may know how much there is in an organization; the empty one stands for all of them.
func (v *visit) whole(org string) bool {
	return slices.ContainsFunc(v.grants, func(g access.Grant) bool { return g.Allow(access.View, org) == nil })
}

// examined is how many rows were looked at in vain, for those who may know.
func (v *visit) examined(rows int) int {
	if !v.whole(v.route.scope.org) {
		return 0
	}
	return rows
}

// unnumbered takes out of an event what numbers it, for those who may not know.
func (v *visit) unnumbered(e *activitylog.Event) {
	if !v.whole(e.Org) {
		e.Leaf, e.Opening = nil, nil
	}
}

// exported are the events of a file.
func (v *visit) exported(events iter.Seq2[activitylog.Event, error]) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		for e, err := range events {
			v.unnumbered(&e)
			if !yield(e, err) {
				return
			}
		}
	}
}
