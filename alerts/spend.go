package alerts

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// judgeSpend finds days on which the organization costs far more than that weekday, at its present level, lets expect; and
// weeks that creep up, which no single day shows.
func judgeSpend(v *view) []Finding {
	s := v.spending()
	if s == nil {
		return nil
	}
	first, last := v.daysJudged()
	var list []Finding
	crept := max(first, s.first) - 7 // none yet
	for day := max(first, s.first+int32(v.c.Spend.Learning)); day <= min(last, s.last); day++ {
		if v.c.planned(SpendSpikes, v.c.Org, dayWindow(day, v.c.Zone)) {
			continue
		}
		if f, ok := s.spike(day); ok {
			list = append(list, f)
		} else if f, ok := s.drop(day); ok {
			list = append(list, f)
		}
		if day-crept < 7 { // a ramp is told once a week
			continue
		}
		if f, ok := s.ramp(day); ok {
			list = append(list, f)
			crept = day
		}
	}
	return append(list, s.budget(max(first, s.first), min(last, s.last))...)
}

// spending is the cost of the organization by day.
type spending struct {
	*view
	first, last int32
	byDay       []float64 // from first on
}

func (v *view) spending() *spending {
	total := map[int32]float64{}
	s := &spending{view: v, first: math.MaxInt32, last: math.MinInt32}
	for _, c := range v.cells {
		if !c.key.priced || c.key.currency != v.currency {
			continue
		}
		d := v.day(c.key.quarter)
		total[d] += float64(c.sum.CostMicros)
		s.first, s.last = min(s.first, d), max(s.last, d)
	}
	for _, sums := range v.f.past {
		for i := range sums {
			p := &sums[i]
			if !p.priced || p.currency != v.currency {
				continue
			}
			d := v.day(p.quarter)
			total[d] += float64(p.cost)
			s.first, s.last = min(s.first, d), max(s.last, d)
		}
	}
	if len(total) == 0 {
		return nil
	}
	// What lies long before the days judged has no part in any baseline: each of the days looked back on has an expectation
	// that looks back as far, or eight weeks.
	judged, _ := v.daysJudged()
	s.first = max(s.first, judged-int32(v.c.Spend.History)-max(int32(v.c.Spend.History), 8*7))
	for d := s.first; d <= s.last; d++ {
		s.byDay = append(s.byDay, total[d])
	}
	return s
}

// of is the cost of a day; ok is false before the first.
func (s *spending) of(day int32) (x float64, ok bool) {
	if day < s.first || day > s.last {
		return 0, false
	}
	return s.byDay[day-s.first], true
}

// days are the costs of the days from one up to another, which is left out; announced ones are no part of it.
func (s *spending) days(from, to int32) (list []float64) {
	for d := max(from, s.first); d < to; d++ {
		if x, ok := s.of(d); ok && !(s.c.Planned != nil && s.c.planned(SpendSpikes, s.c.Org, dayWindow(d, s.c.Zone))) {
			list = append(list, x)
		}
	}
	return list
}

// expected is what a day should cost: the median of its weekday, moved to the present level. Before there are enough
// weeks it is the median of all days. The level is that of the younger half of the history against the whole, which a
// week of holidays does not move.
func (s *spending) expected(day int32) (value float64, seasonal bool) {
	if day-s.first < int32(s.c.Spend.Seasonal) {
		return median(s.days(day-int32(s.c.Spend.History), day)), false
	}
	var same []float64
	for week := int32(1); week <= 8; week++ {
		same = append(same, s.days(day-7*week, day-7*week+1)...)
	}
	half := min(int32(s.c.Spend.History), day-s.first) / 2
	level := 1.0
	if before := median(s.days(day-2*half, day)); before > 0 {
		level = min(2, max(0.5, median(s.days(day-half, day))/before))
	}
	return median(same) * level, true
}

// spread is how far days usually lie from what was expected of them.
func (s *spending) spread(day int32, expected float64) float64 {
	var off []float64
	for d := max(s.first+7, day-int32(s.c.Spend.History)); d < day; d++ {
		if x := s.days(d, d+1); len(x) == 1 {
			e, _ := s.expected(d)
			off = append(off, x[0]-e)
		}
	}
	return max(scatter(off), 0.25*deviation(s.days(day-int32(s.c.Spend.History), day)), 0.05*expected)
}

func (s *spending) spike(day int32) (Finding, bool) {
	c := s.c.Spend
	x, _ := s.of(day)
	expected, seasonal := s.expected(day)
	if x-expected < float64(c.Floor) || x < c.Ratio*expected {
		return Finding{}, false
	}
	spread := s.spread(day, expected)
	if spread <= 0 || x-expected < c.Score*spread {
		return Finding{}, false
	}
	jump := c.Ratio * expected * s.lately(day)
	if x < jump {
		return Finding{}, false
	}
	bound := max(expected+c.Score*spread, jump, expected+float64(c.Floor))
	f := s.found("day", dayWindow(day, s.c.Zone), x, expected, bound, s.baseline(day, seasonal))
	f.Score = min(100, int(10*(x-expected)/spread))
	f.Severity = activitylog.Medium
	if x > 2*bound {
		f.Severity = activitylog.High
	}
	f.Raised = s.raised(day, bound)
	s.shares(&f, day, day+1, 28)
	f.Explanation = fmt.Sprintf("The organization cost %s on %s, %s times the %s expected of that weekday%s.", s.money(x), dayName(day), times(x, expected), s.money(expected), s.blame(&f))
	return f, true
}

// baseline says what was expected of a day.
func (s *spending) baseline(day int32, seasonal bool) Baseline {
	b := Baseline{Method: "median of all days", Size: int(day - s.first), From: startOfDay(max(s.first, day-int32(s.c.Spend.History)), s.c.Zone), To: startOfDay(day, s.c.Zone), Mature: seasonal}
	if seasonal {
		b.Method, b.Size = "median of the same weekday at the present level", min(8, int(day-s.first)/7)
	}
	return b
}

func (s *spending) found(kind string, w Window, observed, expected, bound float64, b Baseline) Finding {
	return Finding{
		Rule: SpendSpikes, Kind: kind, Subject: Subject{"org", s.c.Org}, Window: w, Observed: observed, Expected: expected, Bound: bound,
		Unit: "micros", Baseline: b, Filter: activitylog.All(pricedFilter, activitylog.Since(w.From), activitylog.Before(w.To), notAudit),
	}
}

// raised is the end of the quarter of an hour in which a day went above its bound.
func (s *spending) raised(day int32, bound float64) time.Time {
	byQuarter := map[int32]float64{}
	var quarters []int32
	for _, c := range s.cells {
		if c.key.currency == s.currency && c.key.priced && s.day(c.key.quarter) == day {
			if _, ok := byQuarter[c.key.quarter]; !ok {
				quarters = append(quarters, c.key.quarter)
			}
			byQuarter[c.key.quarter] += float64(c.sum.CostMicros)
		}
	}
	slices.Sort(quarters)
	sum := 0.0
	for _, q := range quarters {
		if sum += byQuarter[q]; sum > bound {
			return timeOf(q + 1)
		}
	}
	return dayWindow(day, s.c.Zone).To
}

// shares takes the events of some days, and who and which models have how much of what is above their usual.
func (s *spending) shares(f *Finding, from, to int32, length int32) {
	users, models := map[string]float64{}, map[string]float64{}
	part := float64(to-from) / float64(min(length, max(1, from-s.first)))
	var cells []int32
	for i, c := range s.cells {
		if !c.key.priced {
			continue
		}
		d := s.day(c.key.quarter)
		x := float64(c.sum.CostMicros)
		if c.key.currency != s.currency {
			x = 0
		}
		switch {
		case d >= from && d < to:
			cells = append(cells, int32(i))
		case d < from && d >= from-length:
			x *= -part
		default:
			continue
		}
		if x != 0 {
			users[s.f.names.text(c.key.actor)] += x
			models[s.f.names.text(c.key.model)] += x
		}
	}
	sum := s.pricedSum(cells)
	f.events(&sum)
	round(users)
	round(models)
	f.contribute("user", users)
	f.contribute("model", models)
	var list []string
	for id, x := range users {
		if x > 0 && id != "" {
			list = append(list, id)
		}
	}
	f.affect(list...)
}

// round makes sums of parts independent of the order in which they were added.
func round(amounts map[string]float64) {
	for k, x := range amounts {
		amounts[k] = math.Round(x)
	}
}

// blame names the largest contributor.
func (s *spending) blame(f *Finding) string {
	for _, c := range f.Contributors {
		if c.Share > 0 && c.ID != "" {
			return fmt.Sprintf("; the largest part of the excess, %s, is of %s", percent(c.Share), c.ID)
		}
	}
	return ""
}
