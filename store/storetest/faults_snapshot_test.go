package storetest

import (
	"context"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

type (
	readsSnapshot = func(activitylog.Tailer, activitylog.Spacer) error
	readsEvidence = func(*activitylog.Event, activitylog.Position)
	moreOf        = func(*activitylog.Event) bool
)

// frozenSpaces gives the spaces of the live store, which can still only be read.
type frozenSpaces struct{ activitylog.Spacer }

func (f frozenSpaces) Space(name string) activitylog.Space {
	return oddSpace{Space: f.Spacer.Space(name), update: func(context.Context, activitylog.Space, func(activitylog.SpaceTx) error) error { return errNoSQL }}
}

// snapshotFaults are about what package integrity reads by.
var snapshotFaults = []fault{
	{name: "shows what comes later in a snapshot", cases: []string{"snapshot/one moment"},
		snapshot: func(_ context.Context, s *faulty, f readsSnapshot) error { return f(moment{s, s}, frozenSpaces{s}) }},
	{name: "shows spaces as they are later in a snapshot", cases: []string{"snapshot/one moment"},
		snapshot: func(ctx context.Context, s *faulty, f readsSnapshot) error {
			return s.Store.Snapshot(ctx, func(tail activitylog.Tailer, _ activitylog.Spacer) error {
				return f(moment{tail, s}, frozenSpaces{s})
			})
		}},
	{name: "lets a snapshot be written", cases: []string{"snapshot/reads only"},
		snapshot: func(_ context.Context, s *faulty, f readsSnapshot) error { return f(moment{s, s}, s) }},
	{name: "swallows the error of a snapshot", cases: []string{"snapshot/error of f"},
		snapshot: func(ctx context.Context, s *faulty, f readsSnapshot) error {
			_ = s.Store.Snapshot(ctx, f)
			return nil
		}},
	{name: "leaves an event out of snapshots", cases: []string{"snapshot/everything", "snapshot/one moment"},
		seen: func(list []activitylog.Tailed) []activitylog.Tailed { return list[:max(0, len(list)-1)] }},
	{name: "leaves openings out of snapshots", cases: []string{"snapshot/everything"},
		seen: func(list []activitylog.Tailed) []activitylog.Tailed {
			for i := range list {
				list[i].Event.Opening = nil
			}
			return list
		}},
	{name: "finds what is not wrong", cases: []string{"snapshot/check"},
		check: func(found func(what, org string, id uuid.UUID)) error {
			found("a column", "acme", id(1))
			return nil
		}},
	{name: "cannot check itself", cases: []string{"snapshot/check"},
		check: func(func(what, org string, id uuid.UUID)) error { return errNoSQL }},
	{name: "gives evidence without leaves", cases: []string{"evidence/as Tail"},
		evidence: func(list []activitylog.Tailed, _ position, f readsEvidence) {
			for i := range list {
				list[i].Event.Leaf = nil
				f(&list[i].Event, list[i].Position)
			}
		}},
	{name: "uses the bytes of a leaf again", cases: []string{"evidence/as Tail"},
		evidence: func(list []activitylog.Tailed, _ position, f readsEvidence) {
			room := make([]byte, 0, 100)
			for i := range list {
				list[i].Event.Leaf = append(room, list[i].Event.Leaf...)
				f(&list[i].Event, list[i].Position)
			}
		}},
	{name: "gives evidence at the end of a batch", cases: []string{"evidence/as Tail"},
		evidence: func(list []activitylog.Tailed, next position, f readsEvidence) {
			for i := range list {
				f(&list[i].Event, next)
			}
		}},
	{name: "gives more evidence than was asked for", cases: []string{"evidence/limit"}, boundless: true},
	{name: "lets one brief event show through in the next", cases: []string{"brief/as Tail"},
		brief: func(list []activitylog.Tailed, _ position, more moreOf, f readsEvidence) {
			roles := []string(nil)
			for i := range list {
				e := briefOf(&list[i].Event, more(&list[i].Event))
				if e.Actor.Roles == nil {
					e.Actor.Roles = roles
				}
				roles = e.Actor.Roles
				f(&e, list[i].Position)
			}
		}},
	{name: "gives brief events at the end of a batch", cases: []string{"brief/as Tail"},
		brief: func(list []activitylog.Tailed, next position, more moreOf, f readsEvidence) {
			for i := range list {
				e := briefOf(&list[i].Event, more(&list[i].Event))
				f(&e, next)
			}
		}},
	{name: "never gives more than brief events", cases: []string{"brief/as Tail", "brief/more is asked of each"},
		brief: func(list []activitylog.Tailed, _ position, _ moreOf, f readsEvidence) {
			for i := range list {
				e := briefOf(&list[i].Event, false)
				f(&e, list[i].Position)
			}
		}},
	{name: "asks for more before it knows the outcome", cases: []string{"brief/more is asked of each"},
		brief: func(list []activitylog.Tailed, _ position, more moreOf, f readsEvidence) {
			for i := range list {
				asked := list[i].Event
				asked.Outcome = ""
				e := briefOf(&list[i].Event, more(&asked))
				f(&e, list[i].Position)
			}
		}},
	{name: "gives more brief events than were asked for", cases: []string{"brief/limit"}, boundless: true},
	{name: "promises what nobody knows", cases: []string{"durability/a known word"}, proved: "forever"},
}
