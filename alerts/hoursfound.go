package alerts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// learned finds the days on which a person worked at hours that their own past makes improbable.
func (v *view) learned(a *actorView, work []worked, org *prior) []Finding {
	c := v.c.OffHours
	var list []Finding
	var past habits // whole counts of the days looked back on
	n := [2]int64{}
	lo, days := 0, 0
	for i := 0; i < len(work); {
		day, end := work[i].day, i
		for end < len(work) && work[end].day == day {
			end++
		}
		for lo < i && work[lo].day < day-int32(c.History) {
			past[kindOfDay(work[lo])][work[lo].hour] -= float64(work[lo].n)
			n[kindOfDay(work[lo])] -= work[lo].n
			lo++
		}
		known := n[0]+n[1] >= int64(c.Past) && days >= c.Active && day-work[0].day >= int32(c.Learning)
		if today := work[i:end]; known && v.mayJudge(today) {
			habit := v.habit(past, n, kindOfDay(today[0]), org.between(day-int32(c.History), day))
			tails := habit.tails()
			off := slices.DeleteFunc(slices.Clone(today), func(w worked) bool { return tails[w.hour] >= c.Tail })
			enough := v.enough(off, &tails)
			if f, ok := v.offHours(a, off, func(k cellKey) bool { return v.achieved(&k) }); ok && enough >= 0 {
				f.Raised = timeOf(off[enough].quarter + 1)
				f.Baseline = Baseline{Method: "hours of the day in the actor's zone", Size: int(n[0] + n[1]), To: timeOf(today[0].quarter), Mature: true}
				f.Expected, f.Bound = c.Tail*float64(count(today)), float64(c.Events-1)
				f.Score = surprise(tails[off[0].hour])
				f.Explanation = fmt.Sprintf("%s did %s %s on %s; of %s events before, %s fell on such hours.", a.id, plural(int(f.Observed), "thing", "things"), clockTimes(off),
					dayName(day), thousands(n[0]+n[1]), percent(hoursPart(past, off)))
				list = append(list, f)
			}
		}
		days++
		for ; i < end; i++ {
			if v.c.plannedHours(a.id, work[i]) {
				work[i].n = 0 // neither added here nor taken off later
			}
			past[kindOfDay(work[i])][work[i].hour] += float64(work[i].n)
			n[kindOfDay(work[i])] += work[i].n
		}
	}
	return list
}

func (c *Config) plannedHours(actor string, w worked) bool {
	at := timeOf(w.quarter)
	return c.Planned != nil && c.planned(OffHours, actor, Window{at, at.Add(Quarter)})
}

// mayJudge tells whether a day may have a finding at all.
func (v *view) mayJudge(today []worked) bool {
	return !timeOf(today[len(today)-1].quarter).Before(v.from) && count(today) >= int64(v.c.OffHours.Events)
}

// enough is the index of the part of a day with which it is more than a late evening: there are enough events, at
// several hours of the day, or at an hour at which the person hardly ever works. -1: there is none.
func (v *view) enough(off []worked, tails *[24]float64) int {
	c := v.c.OffHours
	all, deep, hours := int64(0), int64(0), map[int8]bool{}
	for i, w := range off {
		hours[w.hour] = true
		all += w.n
		if tails[w.hour] < c.Deep {
			deep += w.n
		}
		if all >= int64(c.Events) && len(hours) >= c.Hours || deep >= int64(c.Events) {
			return i
		}
	}
	return -1
}

// splitFrom is how many events on weekdays and at weekends each it takes to tell them apart.
const splitFrom = 40

// habit is a person's profile, shrunk to the organization's. Weekdays and weekends are told apart where both are known.
func (v *view) habit(past habits, n [2]int64, kind int, org habits) profile {
	own, others := past[kind], org[kind]
	if n[0] < splitFrom || n[1] < splitFrom {
		own.plus(&past[1-kind], 1)
		others.plus(&org[1-kind], 1)
	}
	p := own.smooth()
	if total := others.total(); total > 0 {
		spread := others.smooth()
		p.plus(&spread, v.c.OffHours.Prior/total)
	}
	return p
}

// offHours makes the finding of one day of its parts at unusual hours.
func (v *view) offHours(a *actorView, off []worked, counts func(cellKey) bool) (Finding, bool) {
	n := count(off)
	if n < int64(v.c.OffHours.Events) {
		return Finding{}, false
	}
	var sum Sum
	var times []activitylog.Filter
	w := Window{timeOf(off[0].quarter), timeOf(off[len(off)-1].quarter + 1)}
	for i := 0; i < len(off); i++ {
		from, to := off[i].quarter, off[i].quarter+1
		for i+1 < len(off) && off[i+1].quarter <= to { // the same quarter, or the next
			i++
			to = off[i].quarter + 1
		}
		for _, c := range a.cells {
			if ref := v.cells[c]; from <= ref.key.quarter && ref.key.quarter < to && counts(ref.key) {
				sum.add(&ref.sum)
			}
		}
		times = append(times, activitylog.All(activitylog.Since(timeOf(from)), activitylog.Before(timeOf(to))))
	}
	f := Finding{
		Rule: OffHours, Kind: "actor_day", Severity: activitylog.Low, Subject: Subject{"user", a.id}, Window: w,
		Observed: float64(n), Unit: "events at unusual hours", Raised: timeOf(v.nth(off, v.c.OffHours.Events) + 1),
		Filter: activitylog.All(activitylog.ActedBy(a.id), activitylog.Any(times...), achieved, notAudit),
	}
	f.events(&sum)
	f.affect(a.id)
	return f, true
}

// achieved leaves out what failed or was refused.
var achieved = activitylog.Not(activitylog.OutcomeIs(activitylog.Failure, activitylog.Denied))

// notAudit leaves out what the log says about itself, which figures do not count.
var notAudit = activitylog.Not(activitylog.CategoryIs("audit"))

// nth is the quarter in which the n-th of the events happened.
func (v *view) nth(list []worked, n int) int32 {
	sum := int64(0)
	for _, w := range list {
		if sum += w.n; sum >= int64(n) {
			return w.quarter
		}
	}
	return list[len(list)-1].quarter
}

func count(list []worked) (n int64) {
	for _, w := range list {
		n += w.n
	}
	return n
}

func hoursPart(past habits, off []worked) float64 {
	hours := map[int8]bool{}
	for _, w := range off {
		hours[w.hour] = true
	}
	part, all := 0.0, 0.0
	for _, p := range past {
		for h, n := range p {
			all += n
			if hours[int8(h)] {
				part += n
			}
		}
	}
	return part / all
}

// clockTimes names the hours of a list on the person's clock.
func clockTimes(off []worked) string {
	var names []string
	for _, w := range off {
		if s := fmt.Sprintf("%02d:00", w.hour); !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	if len(names) > 3 {
		return "between " + names[0] + " and " + names[len(names)-1] + " of their own time"
	}
	return "in the hours of " + strings.Join(names, ", ") + " of their own time"
}

// byCalendar finds people who do something sensitive outside of the organization's hours.
func (v *view) byCalendar() []Finding {
	c := v.c.OffHours.Calendar
	sensitive := c.Sensitive
	if len(sensitive) == 0 {
		sensitive = sensitiveActions
	}
	under := activitylog.ActionUnder(sensitive...)
	fixed, _ := zoneOf(c.Zone) // Validate says what is wrong with it
	clock := newClocks(v)
	var list []Finding
	for _, a := range v.actors {
		if !isHuman(a.kind) {
			continue
		}
		counts := func(k cellKey) bool {
			return v.achieved(&k) && under.Match(&activitylog.Event{Action: v.f.names.text(k.action)})
		}
		days := map[int32][]worked{}
		var order []int32
		for _, w := range clock.work(a) {
			ref := v.cells[w.ref]
			if !counts(ref.key) || !v.outside(c, clock, fixed, ref.key) {
				continue
			}
			if days[w.day] == nil {
				order = append(order, w.day)
			}
			days[w.day] = append(days[w.day], w)
		}
		for _, day := range order {
			if !v.mayJudge(days[day]) {
				continue
			}
			f, ok := v.offHours(a, days[day], counts)
			if !ok {
				continue
			}
			f.Kind, f.Unit = "calendar", "sensitive events outside working hours"
			f.Filter = f.Filter.And(under)
			f.Baseline = Baseline{Method: "calendar of the organization", Mature: true}
			f.Bound = float64(v.c.OffHours.Events - 1)
			f.Explanation = fmt.Sprintf("%s did %s %s on %s, outside the hours of the organization's calendar.",
				a.id, plural(int(f.Observed), "sensitive thing", "sensitive things"), clockTimes(days[day]), dayName(day))
			list = append(list, f)
		}
	}
	return list
}

func (v *view) outside(c *Calendar, clock *clocks, fixed *time.Location, k cellKey) bool {
	zone := fixed
	if zone == nil {
		zone = clock.in(k.zone).zone
	}
	return !c.works(timeOf(k.quarter).In(zone))
}
