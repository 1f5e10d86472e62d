package demo

import (
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// world is all organizations on their way through the days. Each iteration over the events has its own.
type world struct {
	Options
	from    time.Time
	zones   map[string]*time.Location
	orgs    []*org
	plan    []incident
	pending []*activitylog.Event // made, and not yet yielded
	early   bool                 // events before from are let through
}

func newWorld(o Options) *world {
	w := &world{Options: o.withDefaults(), zones: map[string]*time.Location{}}
	w.from = w.End.AddDate(0, 0, -w.Days)
	for zone := range countries {
		w.zones[zone] = location(zone)
	}
	for _, s := range orgSpecs {
		w.orgs = append(w.orgs, s.build(w))
	}
	w.plan = plan(w)
	return w
}

// add takes an event, in any order.
func (w *world) add(e *activitylog.Event) {
	if e.Time.Before(w.End) && (w.early || !e.Time.Before(w.from)) {
		w.pending = append(w.pending, e)
	}
}

// eastmost is how far ahead of UTC a day can begin.
const eastmost = 14 * time.Hour

// run makes the events day by day and yields those that nothing can come before any more.
func (w *world) run(yield func(activitylog.Event) bool) {
	first, last := dayOf(w.from, time.UTC).AddDate(0, 0, -1), dayOf(w.End, time.UTC).AddDate(0, 0, 1)
	w.early = true
	w.stage(time.Time{}, first)
	w.early = false
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		next := day.AddDate(0, 0, 1)
		w.stage(day, next)
		w.platformDay(day)
		for _, o := range w.orgs {
			if day.Before(o.opened) {
				continue
			}
			o.errands(w, day)
			for _, p := range o.people {
				o.personDay(w, p, day)
			}
			o.machines(w, day)
		}
		if !w.flush(next.Add(-eastmost), yield) {
			return
		}
	}
	w.flush(w.End, yield)
}

// stage makes the events of the incidents whose scenes begin on a day from..to of UTC.
func (w *world) stage(from, to time.Time) {
	for i := range w.plan {
		for _, s := range w.plan[i].scenes {
			if !s.at.Before(from) && s.at.Before(to) {
				s.play(w)
			}
		}
	}
}

// flush yields what lies before a moment, in order.
func (w *world) flush(before time.Time, yield func(activitylog.Event) bool) bool {
	slices.SortFunc(w.pending, func(a, b *activitylog.Event) int {
		return activitylog.KeyOf(a).Compare(activitylog.KeyOf(b))
	})
	n := 0
	for ; n < len(w.pending) && w.pending[n].Time.Before(before); n++ {
		if !yield(*w.pending[n]) {
			return false
		}
	}
	w.pending = slices.Delete(w.pending, 0, n)
	return true
}
