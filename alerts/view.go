package alerts

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// view is what the judges look at: the figures before an instant, in order, by actor and by day of the organization. All
// judges look at once, so none changes it.
type view struct {
	f        *Figures
	c        Config
	from, at time.Time
	cells    []*cell // by quarter of an hour
	marks    []*Mark // by time, then id
	days     localDays
	actors   []*actorView // by id; those without an id are left out
	byNumber []*actorView // by the numbers of their names; nil for other texts
	currency uint32       // of most priced events
	start    time.Time    // the organization's first event
	refused  uint32       // the outcomes, by their numbers
	failure  uint32
}

// actorView is one actor. An id is one actor, whatever types it comes with.
type actorView struct {
	id    string
	kind  activitylog.ActorType
	first int32     // day of the organization
	cells []int32   // into view.cells
	days  []*daySum // in order; days without events are left out
	past  int32     // how many sums there are of it before all that
	since int32     // the first of their quarters
	work  []worked  // see clocks.people
}

// daySum is what one actor did on one day of the organization.
type daySum struct {
	day      int32
	messages Sum // AI messages
	priced   Sum // events whose cost is known
	tokens   int64
	hours    uint32 // of UTC in which there was something, as bits
	cells    []int32
}

// newView takes what happened before at.
func newView(f *Figures, from, at time.Time, c Config) *view {
	v := &view{f: f, c: c, from: from, at: at}
	if first, ok := f.firsts[firstKey{dim: ofOrg}]; ok {
		v.start = first.Time
	}
	v.refused, v.failure = v.outcome(activitylog.Denied), v.outcome(activitylog.Failure)
	end := quarterOf(at)
	currencies := map[uint32]int64{}
	if at.Equal(timeOf(end)) {
		end--
	}
	v.cells = f.joinQuarters(f.byQuarter(end))
	v.days = newLocalDays(v.cells, f.past, c.Zone)
	for i := range v.cells {
		if k := &v.cells[i].key; k.priced {
			currencies[k.currency] += v.cells[i].sum.Count
		}
	}
	if len(v.cells) > 0 {
		if t := timeOf(v.cells[0].key.quarter); v.start.IsZero() || t.Before(v.start) {
			v.start = t
		}
	}
	for _, sums := range f.past {
		for i := range sums {
			if p := &sums[i]; p.priced {
				currencies[p.currency] += p.count
			}
		}
		if t := timeOf(sums[0].quarter); v.start.IsZero() || t.Before(v.start) {
			v.start = t
		}
	}
	most := int64(0)
	for k, n := range currencies {
		if n > most || n == most && f.names.text(k) < f.names.text(v.currency) {
			v.currency, most = k, n
		}
	}
	for _, m := range f.marks {
		if m.Time.Before(at) {
			v.marks = append(v.marks, m)
		}
	}
	slices.SortFunc(v.marks, func(a, b *Mark) int { return cmp.Or(a.Time.Compare(b.Time), bytes.Compare(a.ID[:], b.ID[:])) })
	v.sortActors()
	return v
}

// byQuarter are the sums up to a quarter of an hour in the order of time, by counting: there are far more of them than
// quarters of an hour. One cell may have several.
func (f *Figures) byQuarter(end int32) []*cell {
	blocks := f.blocks
	if len(f.cells) > 0 {
		single := make([]cell, 0, len(f.cells))
		for k, sum := range f.cells {
			single = append(single, cell{k, *sum})
		}
		blocks = append(slices.Clip(blocks), single)
	}
	n, first, last := 0, int32(math.MaxInt32), int32(math.MinInt32)
	for _, b := range blocks {
		for i := range b {
			if q := b[i].key.quarter; q <= end {
				n++
				first, last = min(first, q), max(last, q)
			}
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]*cell, n)
	if scattered(first, last, n) {
		out = out[:0]
		for _, b := range blocks {
			for i := range b {
				if b[i].key.quarter <= end {
					out = append(out, &b[i])
				}
			}
		}
		slices.SortFunc(out, func(a, b *cell) int { return cmp.Compare(a.key.quarter, b.key.quarter) })
		return out
	}
	next := make([]int32, last-first+2) // where the next of each quarter goes
	for _, b := range blocks {
		for i := range b {
			if q := b[i].key.quarter; q <= end {
				next[q-first+1]++
			}
		}
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	for _, b := range blocks {
		for i := range b {
			if q := b[i].key.quarter; q <= end {
				out[next[q-first]] = &b[i]
				next[q-first]++
			}
		}
	}
	return out
}

// within are the cells from one quarter of an hour up to another, which is left out.
func (v *view) within(from, to int32) []*cell {
	find := func(q int32) int {
		i, _ := slices.BinarySearchFunc(v.cells, q, func(c *cell, q int32) int { return cmp.Compare(c.key.quarter, q) })
		return i
	}
	return v.cells[find(from):find(to)]
}

func (v *view) sortActors() {
	v.byNumber = v.actorViews()
	message := make([]int8, len(v.f.names.list)) // actions that are messages: 1, or not: -1
	for i := range v.cells {
		k, sum := &v.cells[i].key, &v.cells[i].sum
		if k.actor == 0 {
			continue
		}
		a := v.byNumber[k.actor]
		day := v.day(k.quarter)
		n := len(a.days)
		if n == 0 || a.days[n-1].day != day {
			a.days = append(a.days, &daySum{day: day, cells: a.cells[len(a.cells):]})
			n++
		}
		a.cells = append(a.cells, int32(i))
		d := a.days[n-1]
		d.cells = d.cells[:len(d.cells)+1] // of the actor's
		d.hours |= 1 << (uint32(k.quarter/4) % 24)
		if message[k.action] == 0 {
			message[k.action] = -1
			if isMessage(v.f.names.text(k.action)) {
				message[k.action] = 1
			}
		}
		if message[k.action] > 0 {
			d.messages.add(sum)
		}
		if k.priced && k.currency == v.currency {
			d.priced.add(sum)
		}
		d.tokens += sum.Tokens()
	}
	slices.SortFunc(v.actors, func(a, b *actorView) int { return strings.Compare(a.id, b.id) })
	for _, a := range v.actors {
		a.first = math.MaxInt32
		if len(a.days) > 0 {
			a.first = a.days[0].day
		}
		if a.past > 0 {
			a.first = min(a.first, v.day(a.since))
		}
		if k, ok := v.f.known(ofActor, a.id, ""); ok {
			if f, ok := v.f.firsts[k]; ok {
				a.first = min(a.first, v.day(quarterOf(f.Time)))
			}
		}
	}
}

// actorViews are the actors by the numbers of their names, with room for what they did and with their past.
func (v *view) actorViews() []*actorView {
	n := max(1, len(v.f.names.list))
	cells, past := make([]int32, n), make([]int32, n)
	for i := range v.cells {
		cells[v.cells[i].key.actor]++
	}
	for _, sums := range v.f.past {
		for i := range sums {
			past[sums[i].actor]++
		}
	}
	cells[0], past[0] = 0, 0 // nobody
	views, last := make([]*actorView, n), make([]uint32, n)
	kind := func(actor, kind uint32) {
		if last[actor] == kind {
			return
		}
		last[actor] = kind
		if t := activitylog.ActorType(v.f.names.text(kind)); t > views[actor].kind {
			views[actor].kind = t
		}
	}
	for actor := range views {
		if cells[actor]+past[actor] > 0 {
			a := &actorView{id: v.f.names.text(uint32(actor)), cells: make([]int32, 0, cells[actor]), past: past[actor], since: math.MaxInt32}
			views[actor], v.actors = a, append(v.actors, a)
		}
	}
	for i := range v.cells {
		if k := &v.cells[i].key; k.actor != 0 {
			kind(k.actor, k.kind)
		}
	}
	for _, sums := range v.f.past {
		for i := range sums {
			if p := &sums[i]; p.actor != 0 {
				kind(p.actor, p.kind)
				views[p.actor].since = min(views[p.actor].since, p.quarter)
			}
		}
	}
	return views
}

// messageAction is the action of which all AI messages are.
const messageAction = "ai.message"

func isMessage(action string) bool {
	return action == messageAction || strings.HasPrefix(action, messageAction+".")
}

// day is the number of the organization's day that a quarter of an hour lies in.
func (v *view) day(quarter int32) int32 { return v.days.of(quarter) }

// dayWindow is the time of a day of zone; one of a clock change is longer or shorter, or begins after midnight.
func dayWindow(day int32, zone *time.Location) Window {
	return Window{startOfDay(day, zone), startOfDay(day+1, zone)}
}

func startOfDay(day int32, zone *time.Location) time.Time {
	t := time.Date(1970, 1, 1+int(day), 0, 0, 0, 0, zone)
	if localDay(t, zone) != day {
		// The clock skips midnight, and Date gave a time before the change: the day begins with the change.
		_, t = t.ZoneBounds()
	}
	return t.UTC()
}

// began tells whether a window began in the time that is judged.
func (v *view) began(w Window) bool { return !w.From.Before(v.from) && w.From.Before(v.at) }

// daysJudged are the organization's days whose windows began in the time that is judged.
func (v *view) daysJudged() (first, last int32) {
	first = localDay(v.from, v.c.Zone)
	if startOfDay(first, v.c.Zone).Before(v.from) {
		first++
	}
	last = localDay(v.at.Add(-1), v.c.Zone)
	return first, last
}
