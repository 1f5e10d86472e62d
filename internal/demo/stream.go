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
	pending []made // not yet yielded
	early   bool   // events before from are let through
}

func newWorld(o Options) *world {
	w := &world{Options: o.withDefaults(), zones: map[string]*time.Location{}}
	w.from = w.End.AddDate(0, 0, -w.Days)
	for zone := range countries {
		w.zones[zone] = location(zone)
	}
	for _, s := range orgSpecs {
		w.orgs = append(w.orgs, s.begin(w))
	}
	w.plan = plan(w)
	return w
}

// made is an event that is made but for what depends on the events before it.
type made struct {
	*activitylog.Event
	finish func() // nil: nothing does
}

// add takes an event, in any order.
func (w *world) add(m made) {
	if m.Time.Before(w.End) && (w.early || !m.Time.Before(w.from)) {
		w.pending = append(w.pending, m)
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
			o.turnOver(roll(w.Seed, o.id+"/files", day.Unix()), day)
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

// stage makes the events of the incidents that begin from..to.
func (w *world) stage(from, to time.Time) {
	for i := range w.plan {
		for _, m := range w.plan[i].moments {
			if !m.at.Before(from) && m.at.Before(to) {
				m.play(w)
			}
		}
	}
}

// flush yields what lies before a moment, in order.
func (w *world) flush(before time.Time, yield func(activitylog.Event) bool) bool {
	slices.SortFunc(w.pending, func(a, b made) int { return activitylog.KeyOf(a.Event).Compare(activitylog.KeyOf(b.Event)) })
	n := 0
	for ; n < len(w.pending) && w.pending[n].Time.Before(before); n++ {
		if finish := w.pending[n].finish; finish != nil {
			finish()
		}
		if !yield(*w.pending[n].Event) {
			return false
		}
	}
	w.pending = slices.Delete(w.pending, 0, n)
	return true
}
