package alerts

import (
	"fmt"

	"github.com/activitylog/activitylog"
)

// costByHour finds hours in which an actor around the clock cost far more than ever: a program that runs away spends a
// month's money before a day is over.
func (v *view) costByHour(a *actorView, first, last int32, org *orgDays) []Finding {
	c := v.c.Cost
	g := hourGates{
		rule: CostAnomalies, history: c.History, learning: c.Learning, active: c.Active, deviations: c.Deviations, ratio: c.HourRatio, record: c.HourRecord,
		value: v.costIn(),
		least: func(i int) float64 {
			total, _ := org.medianBefore(a.days[i].day, c.History)
			return max(float64(c.Floor), c.Impact*total, c.Events*v.typicalEvent(a, i, c.History))
		},
	}
	var list []Finding
	for _, h := range v.worstHours(a, first, last, &g) {
		f := v.hourFound(a, &h, &g)
		f.Unit, f.Score = "micros", surprise(negativeBinomialTail(int64(h.n), h.usual, h.spread*h.spread))
		f.Filter = activitylog.All(activitylog.ActedBy(a.id), pricedFilter, activitylog.Since(f.Window.From), activitylog.Before(f.Window.To))
		sum := v.hourOf(h.day, h.hour, func(k cellKey) bool { return k.priced })
		f.events(&sum)
		f.Explanation = fmt.Sprintf("%s, which works around the clock, cost %s in the hour from %s UTC, %s times the usual %s an hour; its dearest hour of the %d days before cost %s.",
			a.id, v.money(h.n), hourName(h.hour), times(h.n, h.usual), v.money(h.usual), c.History, v.money(h.most))
		list = append(list, f)
	}
	return list
}
