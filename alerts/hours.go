package alerts

import (
	"cmp"
	"slices"
	"time"
)

// worked is how much a person did in one quarter of an hour.
type worked struct {
	quarter int32
	day     int32 // of the person
	hour    int   // of the person's clock
	weekend bool
	n       int64
	ref     int32
}

// judgeHours finds people at work at hours that are unusual for them, in their own zone, one finding for each day. Service
// accounts, agents and keys have no hours.
func judgeHours(v *view) []Finding {
	if v.c.OffHours.Calendar != nil {
		return v.byCalendar()
	}
	clock := newClocks(v)
	people := make([][]worked, len(v.actors))
	for i, a := range v.actors {
		if isHuman(a.kind) {
			people[i] = clock.work(a, v)
		}
	}
	org := newPrior(people)
	var list []Finding
	for i, a := range v.actors {
		list = append(list, v.learned(a, people[i], org)...)
	}
	return list
}

// clocks turn quarters of an hour into people's hours and days.
type clocks struct {
	zones map[uint32]*time.Location
	seen  map[zoneQuarter]worked
}

type zoneQuarter struct {
	zone    uint32
	quarter int32
}

func newClocks(v *view) *clocks {
	return &clocks{zones: map[uint32]*time.Location{0: v.c.Zone}, seen: map[zoneQuarter]worked{}}
}

// at is the local time of a quarter of an hour. A zone that is not known counts as the organization's.
func (c *clocks) at(v *view, k cellKey) worked {
	key := zoneQuarter{k.zone, k.quarter}
	w, ok := c.seen[key]
	if ok {
		return w
	}
	zone, ok := c.zones[k.zone]
	if !ok {
		var err error
		if zone, err = zoneOf(v.f.names.text(k.zone)); err != nil {
			zone = v.c.Zone
		}
		c.zones[k.zone] = zone
	}
	t := timeOf(k.quarter).In(zone)
	day := t.Weekday()
	w = worked{quarter: k.quarter, day: localDay(t, zone), hour: t.Hour(), weekend: day == time.Saturday || day == time.Sunday}
	c.seen[key] = w
	return w
}

// achieved tells whether the events of a cell did not fail.
func (v *view) achieved(k cellKey) bool {
	return k.outcome != v.refused && k.outcome != v.failure
}

// work is what a person did by quarters of an hour, in order.
func (c *clocks) work(a *actorView, v *view) []worked {
	list := make([]worked, 0, len(a.cells))
	for _, i := range a.cells {
		ref := v.cells[i]
		if !v.achieved(ref.key) {
			continue // to be refused is nobody's work
		}
		w := c.at(v, ref.key)
		w.n, w.ref = ref.sum.Count, i
		list = append(list, w)
	}
	order := func(a, b worked) int { return cmp.Or(cmp.Compare(a.quarter, b.quarter), cmp.Compare(a.day, b.day)) }
	if !slices.IsSortedFunc(list, order) { // it is unless zones differ
		slices.SortFunc(list, order)
	}
	return list
}
