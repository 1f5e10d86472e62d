package alerts

import (
	"fmt"

	"github.com/activitylog/activitylog"
)

// drop finds a whole day that costs far less than expected, as info: mostly it is a holiday. Before weekdays are told apart,
// every Sunday would be one.
func (s *spending) drop(day int32) (Finding, bool) {
	c, w := s.c.Spend, dayWindow(day, s.c.Zone)
	if c.UpOnly || w.To.After(s.at) {
		return Finding{}, false
	}
	x, _ := s.of(day)
	expected, seasonal := s.expected(day)
	if !seasonal || expected-x < float64(c.Floor) || x*c.Ratio > expected {
		return Finding{}, false
	}
	spread := s.spread(day, expected)
	if spread <= 0 || expected-x < c.Score*spread {
		return Finding{}, false
	}
	bound := min(expected-c.Score*spread, expected/c.Ratio, expected-float64(c.Floor))
	f := s.found("drop", w, x, expected, bound, s.baseline(day, seasonal))
	f.Severity, f.Score = activitylog.Info, min(100, int(10*(expected-x)/spread))
	s.shares(&f, day, day+1, 28)
	f.Explanation = fmt.Sprintf("The organization cost only %s on %s, where %s was expected of that weekday.", s.money(x), dayName(day), s.money(expected))
	return f, true
}
