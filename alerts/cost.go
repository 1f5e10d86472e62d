package alerts

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/activitylog/activitylog"
)

// judgeCost finds actors whose day costs far more than theirs usually do: far above all days but one, improbable by the scatter of
// the logarithm, and worth the time of a reader. Where a large part of the actors does so on one day, the price or a
// backfill is the reason, and the organization has one finding.
func judgeCost(v *view) []Finding {
	c := v.c.Cost
	cost := func(d *daySum) float64 { return float64(d.priced.CostMicros) }
	org := v.orgDays(cost)
	first, last := v.daysJudged()
	byDay := map[int32][]Finding{}
	var days []int32
	var list []Finding
	for _, a := range v.actors {
		for i, d := range a.days {
			if d.day < first || d.day > last || d.priced.Count == 0 {
				continue
			}
			f, ok := v.costOf(a, i, &org)
			if !ok {
				continue
			}
			if byDay[d.day] == nil {
				days = append(days, d.day)
			}
			byDay[d.day] = append(byDay[d.day], f)
		}
		list = append(list, v.costByHour(a, first, last, &org)...)
	}
	slices.Sort(days)
	for _, day := range days {
		found := byDay[day]
		if active := org.actors[day]; active >= 4 && float64(len(found)) > c.Breadth*float64(active) {
			found = []Finding{v.costStep(day, found, active, &org)}
		}
		list = append(list, found...)
	}
	return list
}

func (v *view) costOf(a *actorView, i int, org *orgDays) (Finding, bool) {
	c, d := v.c.Cost, a.days[i]
	h := v.past(a, i, c.History, CostAnomalies, func(d *daySum) float64 { return float64(max(d.priced.CostMicros, 0)) })
	if h.days < c.Learning || len(h.active) < c.Active {
		return Finding{}, false
	}
	x := float64(d.priced.CostMicros)
	usual, record := mean(h.active), largest(h.active)
	bound := max(c.Record*nearLargest(h.active), c.Ratio*usual)
	logs := make([]float64, len(h.active))
	for i, y := range h.active {
		logs[i] = math.Log(y)
	}
	score := (math.Log(max(x, 1)) - mean(logs)) / max(deviation(logs), c.LogSpread)
	total, _ := org.medianBefore(d.day, c.History)
	typical := v.typicalEvent(a, i, c.History)
	impact := max(float64(c.Floor), c.Impact*total, c.Events*typical)
	if x <= bound || score <= c.Score || x-usual < impact {
		return Finding{}, false
	}
	w := dayWindow(d.day, v.c.Zone)
	f := Finding{
		Rule: CostAnomalies, Kind: "day", Severity: activitylog.Medium, Score: surprise(math.Erfc(score/math.Sqrt2) / 2),
		Subject: Subject{"user", a.id}, Window: w, Observed: x, Expected: usual, Bound: max(bound, usual+impact), Unit: "micros",
		Baseline: Baseline{Method: "mean of active days", Size: len(h.active), From: h.from, To: h.to, Mature: true},
		Filter:   activitylog.All(activitylog.ActedBy(a.id), pricedFilter, activitylog.Since(w.From), activitylog.Before(w.To)),
	}
	f.Raised = v.crossing(d, f.Bound, v.costIn())
	all := v.pricedSum(d.cells)
	f.events(&all)
	f.affect(a.id)
	if x-usual > 5*impact && x > 2*bound {
		f.Severity = activitylog.High
	}
	why := v.explainCost(a, i, &f)
	if peak := float64(d.priced.Peak.CostMicros); peak > record {
		f.Reasons = append(f.Reasons, "single_event")
		why = fmt.Sprintf("a single event cost %s, more than any whole day before", v.money(peak))
	}
	f.contribute("model", v.modelsOf(d, v.costIn()))
	f.Explanation = fmt.Sprintf("%s cost %s on %s, %s times the usual %s of an active day; the highest of the %d days before was %s; %s.",
		a.id, v.money(x), dayName(d.day), times(x, usual), v.money(usual), min(h.days, c.History), v.money(record), why)
	return f, true
}

// pricedFilter means the events whose cost is known, credits included.
var pricedFilter = activitylog.CostAtLeast(math.MinInt64)

func (v *view) money(micros float64) string { return money(micros, v.f.names.text(v.currency)) }

// costIn is the cost of a cell in the currency that is judged.
func (v *view) costIn() func(*cell) float64 {
	return func(c *cell) float64 {
		if c.key.currency != v.currency {
			return 0
		}
		return float64(c.sum.CostMicros)
	}
}

// pricedSum sums the priced events of cells.
func (v *view) pricedSum(cells []int32) (sum Sum) {
	for _, i := range cells {
		if v.cells[i].key.priced {
			sum.add(&v.cells[i].sum)
		}
	}
	return sum
}

// typicalEvent is the mean cost of an actor's event in the days before.
func (v *view) typicalEvent(a *actorView, i, length int) float64 {
	sum, n := int64(0), int64(0)
	for j := i - 1; j >= 0 && a.days[j].day >= a.days[i].day-int32(length); j-- {
		sum += a.days[j].priced.CostMicros
		n += a.days[j].priced.Count
	}
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}

// explainCost splits the excess into more events, larger events and dearer tokens, and says which of them it is.
func (v *view) explainCost(a *actorView, i int, f *Finding) string {
	d := a.days[i]
	var past Sum
	days := 0
	for j := i - 1; j >= 0 && a.days[j].day >= d.day-int32(v.c.Cost.History); j-- {
		if a.days[j].priced.Count > 0 {
			past.add(&a.days[j].priced)
			days++
		}
	}
	n, n0 := float64(d.priced.Count), float64(past.Count)/float64(days)
	size, size0 := float64(d.priced.Tokens())/n, float64(past.Tokens())/float64(past.Count)
	excess := float64(d.priced.CostMicros) - float64(past.CostMicros)/float64(days)
	perEvent0 := float64(past.CostMicros) / float64(past.Count)
	volume := (n - n0) * perEvent0
	parts := []Share{{Type: "effect", ID: "more events", Amount: volume}}
	if size > 0 && size0 > 0 {
		price0 := perEvent0 / size0
		parts = append(parts, Share{Type: "effect", ID: "larger events", Amount: n * (size - size0) * price0})
	}
	rest := excess
	for _, p := range parts {
		rest -= p.Amount
	}
	parts = append(parts, Share{Type: "effect", ID: "a dearer model or price", Amount: rest})
	slices.SortStableFunc(parts, func(a, b Share) int { return cmp.Compare(b.Amount, a.Amount) })
	for i := range parts {
		parts[i].Share = parts[i].Amount / excess
	}
	f.Contributors = append(f.Contributors, parts...)
	text := fmt.Sprintf("%s of the excess is %s", percent(min(1, parts[0].Share)), parts[0].ID)
	switch parts[0].ID {
	case "more events":
		text += fmt.Sprintf(" (%s in place of %s)", figure(n), figure(n0))
	case "larger events":
		text += fmt.Sprintf(" (%s tokens each in place of %s)", figure(size), figure(size0))
	}
	return text
}

// costStep is the one finding of a day on which a large part of the actors costs more.
func (v *view) costStep(day int32, found []Finding, active int, org *orgDays) Finding {
	w := dayWindow(day, v.c.Zone)
	usual, _ := org.medianBefore(day, v.c.Cost.History)
	f := Finding{
		Rule: CostAnomalies, Kind: "org_step", Severity: activitylog.Medium, Subject: Subject{"org", v.c.Org}, Window: w,
		Observed: org.total[day], Expected: usual, Bound: v.c.Cost.Breadth * float64(active), Unit: "micros", Raised: w.To,
		Baseline: Baseline{Method: "median day of the organization", Size: v.c.Cost.History, Mature: true},
		Filter:   activitylog.All(pricedFilter, activitylog.Since(w.From), activitylog.Before(w.To), notAudit),
		Reasons:  []string{"many_actors"},
	}
	var users []string
	amounts := map[string]float64{}
	for _, x := range found {
		f.Score = max(f.Score, x.Score)
		users = append(users, x.Subject.ID)
		amounts[x.Subject.ID] = x.Observed - x.Expected
	}
	sum := v.orgPriced(day)
	f.events(&sum)
	f.affect(users...)
	f.contribute("user", amounts)
	f.Explanation = fmt.Sprintf("%d of %d active members cost far more than usual on %s, %s in all against %s on a median day: a price, a backfill or a change for all is likelier than each of them.",
		len(found), active, dayName(day), v.money(f.Observed), v.money(usual))
	return f
}

// orgPriced sums all priced events of a day, those without an actor included.
func (v *view) orgPriced(day int32) Sum {
	var cells []int32
	for i, c := range v.cells {
		if c.key.priced && v.day(c.key.quarter) == day {
			cells = append(cells, int32(i))
		}
	}
	return v.pricedSum(cells)
}
