package alerts

import (
	"fmt"

	"github.com/activitylog/activitylog"
)

// lately is how far the seven days before one lay above what was expected of them, all of them but the farthest; at least
// 1. A day must jump from there: one that only goes on as the days before it went belongs to a ramp, and the later days of
// a step are no news.
func (s *spending) lately(day int32) float64 {
	var above []float64
	for d := day - 7; d < day; d++ {
		if x := s.days(d, d+1); len(x) == 1 {
			if e, _ := s.expected(d); e > 0 {
				above = append(above, x[0]/e)
			}
		}
	}
	return max(1, nearLargest(above))
}

// ramp holds seven days against each of the four weeks before.
func (s *spending) ramp(day int32) (Finding, bool) {
	c := s.c.Spend
	if day-s.first < 34 {
		return Finding{}, false
	}
	week := func(end int32) (sum float64) { // the seven days that end with it
		for _, x := range s.days(end-6, end+1) {
			sum += x
		}
		return sum
	}
	now := week(day)
	var before []float64
	for n := int32(1); n <= 4; n++ {
		before = append(before, week(day-7*n))
	}
	expected := median(before)
	bound := max(c.SlowRatio*expected, largest(before)*1.1, expected+float64(c.Floor))
	if now <= bound || expected <= 0 || s.raisedDays(day) < 5 {
		return Finding{}, false // one dear day makes no ramp
	}
	seven := Window{startOfDay(day-6, s.c.Zone), startOfDay(day+1, s.c.Zone)}
	f := s.found("ramp", seven, now, expected, bound, Baseline{Method: "median of the four weeks before", Size: 4, From: startOfDay(day-34, s.c.Zone), To: seven.From, Mature: true})
	f.Severity, f.Score = activitylog.Medium, min(100, int(40*now/expected))
	f.Window = dayWindow(day, s.c.Zone) // the day that is judged; the filter has all seven
	f.Raised = f.Window.To
	s.shares(&f, day-6, day+1, 28)
	f.Explanation = fmt.Sprintf("The organization cost %s in the seven days up to %s, %s times the %s of a usual week of the four before%s.", s.money(now), dayName(day), times(now, expected), s.money(expected), s.blame(&f))
	return f, true
}

// raisedDays counts, of seven days, those that cost a tenth more than their weekday in the four weeks before.
func (s *spending) raisedDays(day int32) (n int) {
	for d := day - 6; d <= day; d++ {
		var same []float64
		for week := int32(1); week <= 4; week++ {
			same = append(same, s.days(d-7*week, d-7*week+1)...)
		}
		if x, _ := s.of(d); x > 1.1*median(same) {
			n++
		}
	}
	return n
}
