package alerts

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
)

// judgeVolume finds actors who send far more messages than usual. Three gates stand in a row: unusual (above the mean by
// deviations), large against the actor's own (ratio), large in itself (support, impact). Beating the actor's record by far
// makes it medium, an improbable count high.
func judgeVolume(v *view) []Finding {
	c := v.c.Volume
	messages := func(d *daySum) float64 { return float64(d.messages.Count) }
	org := v.orgDays(messages)
	first, last := v.daysJudged()
	pool := v.pooled(messages)
	var list []Finding
	for _, a := range v.actors {
		for i, d := range a.days {
			if d.day < first || d.day > last || d.messages.Count < c.Support {
				continue
			}
			if v.isMachine(a, i) {
				continue // judged by the hour
			}
			h := v.past(a, i, c.History, VolumeSpikes, messages)
			mature := h.days >= c.Learning && len(h.active) >= c.Active
			if !mature {
				h.values, h.active = pool.before(d.day, c.History)
				if len(h.active) < 4*c.Active {
					continue // nobody to compare with either
				}
			}
			if f, ok := v.volumeOf(a, d, h, mature, &org); ok {
				list = append(list, f)
			}
		}
		list = append(list, v.hourlyVolume(a, first, last, &org)...)
	}
	return list
}

func (v *view) volumeOf(a *actorView, d *daySum, h history, mature bool, org *orgDays) (Finding, bool) {
	c := v.c.Volume
	x := float64(d.messages.Count)
	calm := winsorized(h.values, 0.98)
	usual, spread := mean(calm), deviation(calm)
	active, record := mean(h.active), largest(h.active)
	bound := max(usual+c.Deviations*spread, c.Ratio*active, float64(c.Support)-1)
	if x <= bound {
		return Finding{}, false
	}
	total, people := org.medianBefore(d.day, c.History)
	if people > float64(c.ImpactFrom) && x-active < c.Impact*total {
		return Finding{}, false
	}
	w := dayWindow(d.day, v.c.Zone)
	f := Finding{
		Rule: VolumeSpikes, Kind: "day", Severity: activitylog.Low, Subject: Subject{"user", a.id}, Window: w,
		Observed: x, Expected: active, Bound: bound, Unit: "messages",
		Baseline: Baseline{Method: "mean of active days", Size: len(h.active), From: h.from, To: h.to, Mature: mature},
		Raised:   v.crossing(d, bound, messageCountIn(v)),
		Filter:   activitylog.All(activitylog.ActedBy(a.id), activitylog.ActionUnder(messageAction), activitylog.Since(w.From), activitylog.Before(w.To)),
	}
	f.events(&d.messages)
	f.affect(a.id)
	tail := negativeBinomialTail(d.messages.Count, usual, spread*spread)
	f.Score = surprise(tail)
	if mature && x > c.Record*record {
		f.Severity = activitylog.Medium
		f.Reasons = append(f.Reasons, "above_record")
		f.Raised = v.crossing(d, max(bound, c.Record*record), messageCountIn(v))
		if tail < c.Tail {
			f.Severity = activitylog.High
		}
	}
	f.contribute("hour", v.hoursOf(d, messageCountIn(v)))
	f.contribute("action", v.actionsOf(d, messageCountIn(v)))
	peak := ""
	if len(f.Contributors) > 0 {
		peak = fmt.Sprintf("; the busiest hour, %s, had %s", f.Contributors[0].ID, figure(f.Contributors[0].Amount))
	}
	against := fmt.Sprintf("%s usually sends %s on an active day, and never more than %s in the %d days before", a.id, figure(active), figure(record), len(h.values))
	if !mature {
		against = fmt.Sprintf("%s is new, and members usually send %s on an active day", a.id, figure(active))
	}
	f.Explanation = fmt.Sprintf("%s sent %s messages on %s, %s times the usual: %s%s.", a.id, figure(x), dayName(d.day), times(x, active), against, peak)
	return f, true
}

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

// hourlyVolume finds hours of actors around the clock that beat all hours of their history.
func (v *view) hourlyVolume(a *actorView, first, last int32, org *orgDays) []Finding {
	c := v.c.Volume
	var list []Finding
	var hours []hourSum
	for i, d := range a.days {
		if d.day < first || d.day > last || d.messages.Count < c.Support || !v.isMachine(a, i) {
			continue
		}
		if hours == nil {
			hours = v.hours(a, messageCountIn(v))
		}
		w := dayWindow(d.day, v.c.Zone)
		from := quarterOf(w.From.AddDate(0, 0, -c.History)) / 4
		lo, hi := quarterOf(w.From)/4, (quarterOf(w.To.Add(-1)))/4
		past := values(hours, from, lo)
		if int(d.day-a.first) < c.Learning || len(past) < 24*c.Active/4 {
			continue
		}
		calm := winsorized(past, 0.98)
		usual, spread, record := mean(calm), deviation(calm), largest(past)
		bound := max(usual+c.Deviations*spread, c.Ratio*usual, c.Record*record, float64(c.Support)-1)
		worst := hourSum{}
		for _, h := range between(hours, lo, hi+1) {
			if h.n > bound && h.n > worst.n {
				worst = h
			}
		}
		if worst.n == 0 {
			continue
		}
		total, _ := org.medianBefore(d.day, c.History)
		if worst.n-usual < c.Impact*total {
			continue
		}
		at := timeOf(worst.hour * 4)
		hw := Window{at, at.Add(4 * Quarter)}
		tail := negativeBinomialTail(int64(worst.n), usual, spread*spread)
		f := Finding{
			Rule: VolumeSpikes, Kind: "hour", Severity: activitylog.Medium, Score: surprise(tail), Subject: Subject{"user", a.id}, Window: hw,
			Observed: worst.n, Expected: usual, Bound: bound, Unit: "messages", Raised: hw.To, Reasons: []string{"above_record"},
			Baseline: Baseline{Method: "mean of active hours", Size: len(past), From: timeOf(from * 4), To: w.From, Mature: true},
			Filter:   activitylog.All(activitylog.ActedBy(a.id), activitylog.ActionUnder(messageAction), activitylog.Since(hw.From), activitylog.Before(hw.To)),
		}
		if tail < c.Tail {
			f.Severity = activitylog.High
		}
		var sum Sum
		for _, i := range d.cells {
			if ref := v.cells[i]; ref.key.quarter/4 == worst.hour && isMessage(v.f.names.text(ref.key.action)) {
				sum.add(ref.sum)
			}
		}
		f.events(&sum)
		f.affect(a.id)
		f.Explanation = fmt.Sprintf("%s, which works around the clock, sent %s messages in the hour from %s UTC, %s times the usual %s an hour and more than the %s of its busiest hour in %d days.",
			a.id, figure(worst.n), at.Format("15:04 on 2 January 2006"), times(worst.n, usual), figure(usual), figure(record), c.History)
		list = append(list, f)
	}
	return list
}

// hourSum is a figure of one hour of UTC.
type hourSum struct {
	hour int32
	n    float64
}

// hours are the figures of an actor by hour, in order; hours of zero are left out.
func (v *view) hours(a *actorView, value func(cellRef) float64) []hourSum {
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

func values(list []hourSum, from, to int32) []float64 {
	var out []float64
	for _, h := range between(list, from, to) {
		out = append(out, h.n)
	}
	return out
}

// pool is what actors of an organization do on an active day, for those who are new.
type pool struct {
	days   []int32
	values map[int32][]float64
}

func (v *view) pooled(value func(*daySum) float64) *pool {
	p := &pool{values: map[int32][]float64{}}
	for _, a := range v.actors {
		for _, d := range a.days {
			if x := value(d); x > 0 {
				if p.values[d.day] == nil {
					p.days = append(p.days, d.day)
				}
				p.values[d.day] = append(p.values[d.day], x)
			}
		}
	}
	slices.Sort(p.days)
	return p
}

// before returns the active actor-days of the last so many days, as both all and active ones.
func (p *pool) before(day int32, length int) (all, active []float64) {
	for _, d := range p.days {
		if d < day && d >= day-int32(length) {
			active = append(active, p.values[d]...)
		}
	}
	return active, active
}
