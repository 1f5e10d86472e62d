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
	ref     int32 // of a cell; -1: of the past
	hour    int8  // of the person's clock
	weekend bool
	n       int64
}

// judgeHours finds people at work at hours that are unusual for them, in their own zone, one finding for each day. Service
// accounts, agents and keys have no hours.
func judgeHours(v *view) []Finding {
	if v.c.OffHours.Calendar != nil {
		return v.byCalendar()
	}
	clock := newClocks(v)
	clock.people()
	org := newPrior(clock)
	var list []Finding
	for _, a := range v.actors {
		if a.work != nil {
			list = append(list, v.learned(a, inOrder(a.work), org)...)
		}
	}
	return list
}

// inTime tells whether an actor did anything in the time that is judged.
func (v *view) inTime(a *actorView) bool {
	n := len(a.cells)
	return n > 0 && !timeOf(v.cells[a.cells[n-1]].key.quarter).Before(v.from)
}

// clocks turn quarters of an hour into people's hours and days.
type clocks struct {
	*view
	zones map[uint32]*clock
	last  *clock
	which uint32 // the last one's zone
}

// clock is that of one zone.
type clock struct {
	zone   *time.Location
	days   map[int32]*dayClock // by days of UTC
	last   *dayClock
	latest int32 // its day
}

const dayQuarters = 24 * 4

// dayClock are the quarters of an hour of one day of UTC.
type dayClock [dayQuarters]struct {
	worked       // without n and ref
	all    int64 // events of all people
}

func newClocks(v *view) *clocks { return &clocks{view: v, zones: map[uint32]*clock{}} }

// in is the clock of a zone. One that is not known counts as the organization's.
func (c *clocks) in(zone uint32) *clock {
	if c.last != nil && c.which == zone {
		return c.last
	}
	k := c.zones[zone]
	if k == nil {
		k = &clock{zone: c.c.Zone, days: map[int32]*dayClock{}}
		if zone != 0 {
			if own, err := zoneOf(c.f.names.text(zone)); err == nil {
				k.zone = own
			}
		}
		c.zones[zone] = k
	}
	c.last, c.which = k, zone
	return k
}

// day is the clock's day of UTC that a quarter of an hour lies in, and the quarter's place in it.
func (k *clock) day(quarter int32) (*dayClock, int32) {
	n := quarter % dayQuarters
	if n < 0 {
		n += dayQuarters
	}
	day := (quarter - n) / dayQuarters
	if k.last == nil || k.latest != day {
		if k.days[day] == nil {
			k.days[day] = k.newDay(quarter - n)
		}
		k.last, k.latest = k.days[day], day
	}
	return k.last, n
}

func (k *clock) newDay(first int32) *dayClock {
	d := &dayClock{}
	for i := range d {
		t := timeOf(first + int32(i)).In(k.zone)
		day := t.Weekday()
		d[i].worked = worked{quarter: first + int32(i), day: localDay(t, k.zone), hour: int8(t.Hour()), weekend: day == time.Saturday || day == time.Sunday}
	}
	return d
}

// at is the local time of a quarter of an hour.
func (k *clock) at(quarter int32) worked {
	d, n := k.day(quarter)
	return d[n].worked
}

// people adds up what all people did, and lists what each did who did anything in the time that is judged.
func (c *clocks) people() {
	human := make([]bool, len(c.byNumber))
	for i, a := range c.byNumber {
		if a != nil && isHuman(a.kind) {
			if human[i] = true; c.inTime(a) {
				a.work = make([]worked, 0, len(a.cells)+int(a.past))
			}
		}
	}
	add := func(actor, zone uint32, quarter int32, n int64, ref int32) {
		day, i := c.in(zone).day(quarter)
		day[i].all += n
		if a := c.byNumber[actor]; a.work != nil {
			w := day[i].worked
			w.n, w.ref = n, ref
			a.work = append(a.work, w)
		}
	}
	for _, sums := range c.f.past {
		for i := range sums {
			if p := &sums[i]; p.achieved && human[p.actor] {
				add(p.actor, p.zone, p.quarter, p.count, -1)
			}
		}
	}
	for i := range c.cells {
		if k := &c.cells[i].key; human[k.actor] && c.achieved(k) {
			add(k.actor, k.zone, k.quarter, c.cells[i].sum.Count, int32(i))
		}
	}
}

// achieved tells whether the events of a cell did not fail: to be refused is nobody's work.
func (v *view) achieved(k *cellKey) bool {
	return k.outcome != v.refused && k.outcome != v.failure
}

// work is what a person did by quarters of an hour, in order, without the past.
func (c *clocks) work(a *actorView) []worked {
	list := make([]worked, 0, len(a.cells))
	for _, i := range a.cells {
		ref := c.cells[i]
		if !c.achieved(&ref.key) {
			continue
		}
		w := c.in(ref.key.zone).at(ref.key.quarter)
		w.n, w.ref = ref.sum.Count, i
		list = append(list, w)
	}
	return inOrder(list)
}

// inOrder puts what a person did in the order of time; it is, unless zones differ.
func inOrder(list []worked) []worked {
	order := func(a, b worked) int { return cmp.Or(cmp.Compare(a.quarter, b.quarter), cmp.Compare(a.day, b.day)) }
	if !slices.IsSortedFunc(list, order) {
		slices.SortFunc(list, order)
	}
	return list
}
