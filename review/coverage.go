package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// Window is a span of time: From is inside, To is not.
type Window struct{ From, To time.Time }

// Finding is what may be wrong with an action.
type Finding string

// The findings.
const (
	NeverSeen    Finding = "never seen"     // required, and not once in the log before the end of the window
	Unregistered Finding = "not registered" // seen in the window, and not in the catalogue
	GoneSilent   Finding = "gone silent"    // seen regularly before the window, and not in it
)

// Regularly is on how many days before the window, as many as it has and no more than it is long, an action must have
// been seen to be missed in it.
const regularly = 3

// Item is one finding about one action in one organization.
type Item struct {
	Org      string // empty where the reader holds no events at all
	Action   string
	Finding  Finding
	Required bool
	Seen     int64     // in the window, or where it has gone silent in the span before it
	Last     time.Time // when it was seen last; zero: never
}

// Coverage is what Cover found, sorted by organization, finding and action.
type Coverage struct {
	Window Window
	Orgs   []string // that had events before the end of the window
	Items  []Item
}

// Missing returns the items about required actions that were never seen.
func (c Coverage) Missing() []Item {
	var list []Item
	for _, i := range c.Items {
		if i.Finding == NeverSeen {
			list = append(list, i)
		}
	}
	return list
}

// Cover compares what a reader holds with a catalogue, for each organization that has events. An action has gone silent
// when it was seen on at least three days in the span of the same length before the window, and not in the window.
func Cover(ctx context.Context, r Reader, c *activitylog.Catalog, w Window) (Coverage, error) {
	if c == nil || !w.From.Before(w.To) {
		return Coverage{}, fmt.Errorf("review: %w: coverage needs a catalogue and a window that ends after it begins", activitylog.ErrInvalid)
	}
	ever, err := seen(ctx, r, activitylog.Before(w.To), 0)
	if err != nil {
		return Coverage{}, err
	}
	now, err := seen(ctx, r, activitylog.Since(w.From).And(activitylog.Before(w.To)), 0)
	if err != nil {
		return Coverage{}, err
	}
	span := activitylog.Since(w.From.Add(-w.To.Sub(w.From))).And(activitylog.Before(w.From))
	before, err := seen(ctx, r, span, 24*time.Hour)
	if err != nil {
		return Coverage{}, err
	}
	out := Coverage{Window: w}
	for k := range ever {
		if !slices.Contains(out.Orgs, k.org) {
			out.Orgs = append(out.Orgs, k.org)
		}
	}
	slices.Sort(out.Orgs)
	for _, a := range c.Actions() {
		orgs := out.Orgs
		if len(orgs) == 0 {
			orgs = []string{""}
		}
		for _, org := range orgs {
			if _, ok := ever[key{org, a.Name}]; a.Required && !ok && org != activitylog.SystemOrg {
				out.Items = append(out.Items, Item{Org: org, Action: a.Name, Finding: NeverSeen, Required: true})
			}
		}
	}
	for k, s := range now {
		if _, ok := c.Lookup(k.action); !ok {
			out.Items = append(out.Items, Item{Org: k.org, Action: k.action, Finding: Unregistered, Seen: s.n, Last: s.last})
		}
	}
	for k, s := range before {
		if _, ok := now[k]; !ok && s.days >= regularly {
			a, _ := c.Lookup(k.action)
			out.Items = append(out.Items, Item{Org: k.org, Action: k.action, Finding: GoneSilent, Required: a.Required, Seen: s.n, Last: s.last})
		}
	}
	slices.SortFunc(out.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Finding, b.Finding), cmp.Compare(a.Action, b.Action))
	})
	return out, nil
}

type key struct{ org, action string }

// sighting is how often and when an action was seen.
type sighting struct {
	n    int64
	days int // steps in which it was seen
	last time.Time
}

func seen(ctx context.Context, r Reader, f activitylog.Filter, step time.Duration) (map[key]sighting, error) {
	all := map[key]sighting{}
	a := activitylog.Aggregation{Filter: f, By: []string{"org", "action"}, Step: step, Zone: time.UTC}
	for b, err := range r.Aggregate(ctx, a) {
		if err != nil {
			return nil, fmt.Errorf("review: coverage: %w", err)
		}
		k := key{b.Values[0], b.Values[1]}
		s := all[k]
		s.n += b.Count
		s.days++
		if b.MaxTime.After(s.last) {
			s.last = b.MaxTime
		}
		all[k] = s
	}
	return all, nil
}
