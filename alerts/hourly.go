package alerts

import (
	"cmp"
	"math"
	"slices"

	"github.com/activitylog/activitylog"
)

// machineDays is for how long an actor must be at work around the clock to be judged by the hour.
const machineDays, machineHours = 7, 20

// isMachine tells whether an actor works more than 20 hours a day, for the last seven days: no person does.
func (v *view) isMachine(a *actorView, i int) bool {
	if !isHuman(a.kind) {
		return true
	}
	for n := range machineDays {
		j := i - 1 - n
		if j < 0 || a.days[j].day != a.days[i].day-1-int32(n) || bits(a.days[j].hours) <= machineHours {
			return false
		}
	}
	return true
}

// hourGates are what an hour must pass. Besides the mean of all active hours it is held against the largest hour of each
// day before, all days but one: a single old burst does not hide the next.
type hourGates struct {
	rule                      string
	history, learning, active int // days
	deviations, ratio, record float64
	value                     func(*cell) float64
	least                     func(i int) float64 // excess on the i-th day
}

// worstHour is the largest hour of a day.
type worstHour struct {
	hourSum
	day                        *daySum
	usual, spread, most, bound float64
	size                       int // of the baseline, in active hours
	from                       int32
}

// worstHours are, for each day of an actor around the clock, the largest hour if it passes all gates.
func (v *view) worstHours(a *actorView, first, last int32, g *hourGates) []worstHour {
	var list []worstHour
	var hours []hourSum
	for i, d := range a.days {
		if d.day < first || d.day > last || int(d.day-a.first) < g.learning || !v.isMachine(a, i) {
			continue
		}
		if hours == nil {
			hours = v.hours(a, g.value)
		}
		w := dayWindow(d.day, v.c.Zone)
		x := worstHour{day: d, from: quarterOf(w.From.AddDate(0, 0, -g.history)) / 4}
		today := between(hours, quarterOf(w.From)/4, quarterOf(w.To.Add(-1))/4+1)
		if len(today) == 0 {
			continue
		}
		x.hourSum = slices.MaxFunc(today, func(a, b hourSum) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(b.hour, a.hour)) })
		past, peaks := v.hoursBetween(a, hours, x.from, quarterOf(w.From)/4, g.rule)
		if x.size = len(past); x.size < 6*g.active {
			continue
		}
		calm := winsorized(past, 0.98)
		x.usual, x.spread, x.most = mean(calm), deviation(calm), largest(past)
		x.bound = max(x.usual+g.deviations*x.spread, g.ratio*x.usual, g.record*nearLargest(peaks))
		if x.n > x.bound && x.n-x.usual >= g.least(i) {
			list = append(list, x)
		}
	}
	return list
}

// hourFound begins the finding of an hour.
func (v *view) hourFound(a *actorView, h *worstHour, g *hourGates) Finding {
	at := timeOf(h.hour * 4)
	w := Window{at, at.Add(4 * Quarter)}
	f := Finding{
		Rule: g.rule, Kind: "hour", Severity: activitylog.Medium, Subject: Subject{"user", a.id}, Window: w, Raised: w.To,
		Observed: h.n, Expected: h.usual, Bound: h.bound,
		Baseline: Baseline{Method: "mean of active hours", Size: h.size, From: timeOf(h.from * 4), To: dayWindow(h.day.day, v.c.Zone).From, Mature: true},
	}
	if h.n > h.most {
		f.Reasons = []string{"above_record"}
	}
	f.affect(a.id)
	return f
}

// hourOf sums the cells of one hour of a day.
func (v *view) hourOf(d *daySum, hour int32, is func(cellKey) bool) (sum Sum) {
	for _, i := range d.cells {
		if ref := v.cells[i]; floorHour(ref.key.quarter) == hour && is(ref.key) {
			sum.add(&ref.sum)
		}
	}
	return sum
}

func hourName(hour int32) string { return timeOf(hour * 4).Format("15:04 on 2 January 2006") }

// hourSum is a figure of one hour of UTC.
type hourSum struct {
	hour int32
	n    float64
}

// hours are the figures of an actor by hour, in order; hours of zero are left out.
func (v *view) hours(a *actorView, value func(*cell) float64) []hourSum {
	sums := map[int32]float64{}
	for _, i := range a.cells {
		if x := value(v.cells[i]); x > 0 {
			sums[floorHour(v.cells[i].key.quarter)] += x
		}
	}
	list := make([]hourSum, 0, len(sums))
	for h, n := range sums {
		list = append(list, hourSum{h, n})
	}
	slices.SortFunc(list, func(a, b hourSum) int { return cmp.Compare(a.hour, b.hour) })
	return list
}

func floorHour(quarter int32) int32 { return quarter >> 2 }

func between(list []hourSum, from, to int32) []hourSum {
	i, _ := slices.BinarySearchFunc(list, from, func(h hourSum, x int32) int { return cmp.Compare(h.hour, x) })
	j, _ := slices.BinarySearchFunc(list, to, func(h hourSum, x int32) int { return cmp.Compare(h.hour, x) })
	return list[i:j]
}

// hoursBetween are the figures of the hours from one up to another, which is left out, and the largest of each day;
// without announced ones.
func (v *view) hoursBetween(a *actorView, list []hourSum, from, to int32, rule string) (all, peaks []float64) {
	last := int32(math.MinInt32)
	for _, h := range between(list, from, to) {
		at := timeOf(h.hour * 4)
		if v.c.Planned != nil && v.c.planned(rule, a.id, Window{at, at.Add(4 * Quarter)}) {
			continue
		}
		all = append(all, h.n)
		if day := v.day(h.hour * 4); day != last {
			peaks, last = append(peaks, h.n), day
		} else {
			peaks[len(peaks)-1] = max(peaks[len(peaks)-1], h.n)
		}
	}
	return all, peaks
}
