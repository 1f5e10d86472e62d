package alerteval

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// perShape is how many times each shape is injected.
const perShape = 500

// daily measures a rule that judges actors by their days: volume, or cost.
type daily struct {
	set  *set
	rule string
	act  *activity
	conf alerts.Config
	from int32 // first day judged
	many int   // injections of each shape
}

func (m *daily) priced() bool { return m.rule == alerts.CostAnomalies }

// judge returns the episodes of medium severity and above between two days, from the days that its baselines look at.
func (m *daily) judge(from, to int32, on extra) []alerts.Finding {
	f := m.act.figures(from-70, to, on, m.priced())
	var list []alerts.Finding
	for _, x := range alerts.Judge(f, timeOfDay(from), timeOfDay(to+1), only(m.conf, m.rule)) {
		if atLeast(x.Severity, activitylog.Medium) {
			list = append(list, x)
		}
	}
	return list
}

// only switches all other rules off.
func only(c alerts.Config, rule string) alerts.Config {
	c.Off = nil
	for _, r := range alerts.Rules() {
		if r != rule {
			c.Off = append(c.Off, r)
		}
	}
	return c
}

func atLeast(s, least activitylog.Severity) bool {
	order := []activitylog.Severity{activitylog.Info, activitylog.Low, activitylog.Medium, activitylog.High, activitylog.Critical}
	return slices.Index(order, s) >= slices.Index(order, least)
}

// place is where something is injected: an actor who is known well enough to be judged, and a day.
type place struct {
	actor string
	day   int32
	usual float64 // of an active day before
}

// places are all that there are, by day and actor.
func (m *daily) places() []place {
	d := m.conf.Defaults()
	learning, active := d.Volume.Learning, d.Volume.Active
	var list []place
	for _, id := range m.act.actors {
		days := m.act.days[id]
		first := m.act.last + 1
		for x := range days {
			first = min(first, x)
		}
		for x := max(m.from, first+int32(learning)); x <= m.act.last; x++ {
			if _, a := past(days, x, d.Volume.History); len(a) >= active {
				list = append(list, place{id, x, mean(a)})
			}
		}
	}
	slices.SortFunc(list, func(a, b place) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.actor, b.actor)) })
	return list
}

// shapeResult is what became of one shape.
type shapeResult struct {
	Shape      string             `json:"shape"`
	Injected   int                `json:"injected"`
	Found      int                `json:"found"`
	Recall     float64            `json:"recall"`
	Gated      int                `json:"passing_gates"`
	GatedFound int                `json:"passing_gates_found"`
	GatedPart  float64            `json:"passing_gates_recall"`
	DelayHours float64            `json:"median_delay_hours"`
	Plain      map[string]float64 `json:"plain_recall"`
}

// batches groups places by day, none with an actor twice nor with so many that the organization itself is another.
func batches(d *rand.Rand, all []place, n, most int) [][]place {
	byDay := map[int32][]place{}
	for range n {
		p := all[d.IntN(len(all))]
		byDay[p.day] = append(byDay[p.day], p)
	}
	var days []int32
	for x := range byDay {
		days = append(days, x)
	}
	slices.Sort(days)
	var out [][]place
	for _, x := range days {
		var open [][]place
		for _, p := range byDay[x] {
			i := slices.IndexFunc(open, func(b []place) bool {
				return len(b) < most && !slices.ContainsFunc(b, func(q place) bool { return q.actor == p.actor })
			})
			if i < 0 {
				open = append(open, nil)
				i = len(open) - 1
			}
			open[i] = append(open[i], p)
		}
		out = append(out, open...)
	}
	return out
}

// shape injects one shape and counts what is found of it.
func (m *daily) shape(s shape) (shapeResult, bool) {
	all := m.places()
	if len(all) == 0 {
		return shapeResult{}, false
	}
	d := dice(m.set.name, m.rule, s.name)
	r := shapeResult{Shape: s.name, Injected: m.many, Plain: map[string]float64{}}
	var delays []time.Duration
	plain := map[string]int{}
	_, people := m.act.medianDay(m.act.last)
	for _, batch := range batches(d, all, m.many, max(1, int(people/20))) {
		first := batch[0].day
		last := min(m.act.last, first+int32(s.days)-1)
		on := extra{}
		for _, p := range batch {
			on[p.actor] = s.inject(d, m.act.hours[p.actor], p.day, p.usual)
		}
		found := m.judge(first, last, on)
		total, actors := m.act.medianDay(first)
		for _, p := range batch {
			days := maps.Clone(m.act.days[p.actor])
			for h, n := range on[p.actor] {
				days[h/24] += n
			}
			gates := m.passes(days, first, last, p.usual, total, actors)
			if gates {
				r.Gated++
			}
			for name, rule := range plainRules {
				if anyDay(first, last, func(x int32) bool { return rule(days, x) }) {
					plain[name]++
				}
			}
			i := slices.IndexFunc(found, func(f alerts.Finding) bool { return f.Subject.ID == p.actor })
			if i < 0 {
				continue
			}
			r.Found++
			if gates {
				r.GatedFound++
			}
			delays = append(delays, found[i].Raised.Sub(timeOfHour(begin(on[p.actor], first))))
		}
	}
	r.Recall, r.GatedPart, r.DelayHours = part(r.Found, r.Injected), part(r.GatedFound, r.Gated), hoursOf(delays)
	for name, n := range plain {
		r.Plain[name] = part(n, r.Injected)
	}
	return r, true
}

// begin is the first hour of what was injected, or that of the day if nothing was.
func begin(on map[int32]float64, day int32) int32 {
	first := int32(-1)
	for h := range on {
		if first < 0 || h < first {
			first = h
		}
	}
	return max(first, day*24)
}

func anyDay(first, last int32, is func(int32) bool) bool {
	for x := first; x <= last; x++ {
		if is(x) {
			return true
		}
	}
	return false
}

// passes tells whether one of the days is large enough in itself for a reader's time: by support, and by impact.
func (m *daily) passes(days map[int32]float64, first, last int32, usual, total, actors float64) bool {
	c := m.conf.Defaults()
	return anyDay(first, last, func(x int32) bool {
		excess := days[x] - usual
		if m.priced() {
			return excess*m.act.price >= max(float64(c.Cost.Floor), c.Cost.Impact*total*m.act.price)
		}
		return days[x] >= float64(c.Volume.Support) && (actors <= float64(c.Volume.ImpactFrom) || excess >= c.Volume.Impact*total)
	})
}

func part(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return rounded(float64(n) / float64(of))
}

func hoursOf(list []time.Duration) float64 {
	hours := make([]float64, len(list))
	for i, d := range list {
		hours[i] = d.Hours()
	}
	return rounded(median(hours))
}
