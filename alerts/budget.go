package alerts

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
)

// budget projects each month and tells when it will be above what the host allows.
func (s *spending) budget(first, last int32) []Finding {
	c := s.c.Spend
	if c.Budget <= 0 {
		return nil
	}
	var list []Finding
	told := map[string]bool{}
	sum, month := 0.0, ""
	for day := s.first; day <= last; day++ {
		date := time.Unix(int64(day)*24*60*60, 0).UTC()
		if m := date.Format("2006-01"); m != month {
			sum, month = 0, m
		}
		x, _ := s.of(day)
		sum += x
		start := max(s.first, day-int32(date.Day())+1)
		if day < first || told[month] || sum < c.BudgetFrom*float64(c.Budget) {
			continue
		}
		days := time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		projected := sum / float64(date.Day()) * float64(days)
		if projected <= float64(c.Budget) {
			continue
		}
		told[month] = true
		w := Window{startOfDay(start, s.c.Zone), startOfDay(day+1, s.c.Zone)}
		f := s.found("budget", w, sum, float64(c.Budget), c.BudgetFrom*float64(c.Budget), Baseline{Method: "budget of the month", Size: days, From: w.From, To: w.To, Mature: true})
		f.Severity, f.Score = activitylog.Medium, min(100, int(100*sum/float64(c.Budget)))
		f.Window = dayWindow(day, s.c.Zone) // the day on which it shows; the filter has the month
		f.Raised = f.Window.To
		s.shares(&f, start, day+1, 28)
		f.Explanation = fmt.Sprintf("The organization has spent %s of this month's budget of %s by %s; at this rate the month will cost %s.", s.money(sum), s.money(float64(c.Budget)), dayName(day), s.money(projected))
		list = append(list, f)
	}
	return list
}
