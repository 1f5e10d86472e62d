package alerteval

import (
	"time"

	"github.com/activitylog/activitylog/alerts"
)

// plain is the F1 of the rules that people write by hand, on the same sums and with the same cooldown: each hour or day
// against the mean of the four weeks before.
func (d *seriesDetector) plain(list []*series, c alerts.Config) map[string]float64 {
	out := map[string]float64{}
	for name, rule := range map[string]func(x, mean, sd float64) bool{
		"3x mean":        func(x, mean, _ float64) bool { return x > 3*mean },
		"mean + 3 sd":    func(x, mean, sd float64) bool { return x > mean+3*sd },
		"mean +- 3 sd":   func(x, mean, sd float64) bool { return x > mean+3*sd || x < mean-3*sd },
		"1.25x the mean": func(x, mean, _ float64) bool { return x > 1.25*mean },
	} {
		var h hits
		for _, x := range list {
			from, _ := x.span()
			learned := startOf(from).AddDate(0, 0, c.Defaults().Cost.Learning)
			var found []alerts.Finding
			starts, sums := x.sums(d.step)
			lo := 0
			for i, t := range starts {
				for starts[lo].Before(t.Add(-28 * day)) {
					lo++
				}
				if past := sums[lo:i]; !t.Before(learned) && rule(sums[i], mean(past), deviation(past)) {
					found = append(found, alerts.Finding{Window: alerts.Window{From: t, To: t.Add(d.step)}})
				}
			}
			h.add(x, found, learned, d.cooldown)
		}
		h.finish()
		out[name] = h.F1
	}
	return out
}

// sums are those of a series by hours or days.
func (x *series) sums(step time.Duration) (starts []time.Time, sums []float64) {
	for i := range x.rows {
		t := x.rows[i].time.Truncate(step)
		if n := len(starts); n == 0 || !starts[n-1].Equal(t) {
			starts, sums = append(starts, t), append(sums, 0)
		}
		sums[len(sums)-1] += x.rows[i].number["value"]
	}
	return starts, sums
}
