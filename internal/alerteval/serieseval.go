package alerteval

import (
	"slices"

	"github.com/activitylog/activitylog/alerts"
)

// seriesResult is what one detector made of the series of a file.
type seriesResult struct {
	Detector  string  `json:"detector"`
	Threshold string  `json:"threshold"`
	Series    int     `json:"series"`
	Days      int     `json:"series_days"`
	PerDays   float64 `json:"findings_per_1000_series_days"`
	Frozen    hits    `json:"frozen"`
	Tuned     *hits   `json:"tuned,omitempty"` // nil where nothing is labelled

	Plain map[string]float64 `json:"plain_f1,omitempty"`
}

// judge runs one detector over all series of a file with one threshold.
func (d *seriesDetector) judge(list []*series, c alerts.Config) (h hits, days int) {
	c.Org = "series"
	h.Threshold = d.frozen(c.Defaults())
	learning := c.Defaults().Cost.Learning
	for _, x := range list {
		from, to := x.span()
		learned := startOf(from).AddDate(0, 0, learning)
		days += max(0, int(startOf(to).Sub(learned)/day)+1)
		var found []alerts.Finding
		for _, f := range alerts.Judge(x.figures(), from, to, only(c, d.rule)) {
			if slices.Contains(d.kinds, f.Kind) {
				found = append(found, f)
			}
		}
		h.add(x, found, learned, d.cooldown)
	}
	h.finish()
	return h, days
}

// run judges with frozen defaults and, where windows are labelled, with the best threshold that there is for this file.
func (d *seriesDetector) run(list []*series, c alerts.Config) seriesResult {
	r := seriesResult{Detector: d.Name, Threshold: d.threshold, Series: len(list)}
	r.Frozen, r.Days = d.judge(list, c)
	if r.Days > 0 {
		r.PerDays = rounded(1000 * float64(r.Frozen.Findings) / float64(r.Days))
	}
	if r.Frozen.Windows == 0 {
		return r
	}
	best := r.Frozen
	for _, x := range d.grid {
		tuned := c
		d.tune(&tuned, x)
		if h, _ := d.judge(list, tuned); h.F1 > best.F1 {
			best = h
		}
	}
	r.Tuned = &best
	r.Plain = d.plain(list, c)
	return r
}

// shortConfig is the defaults, or for data of at most 14 days an evaluation config with a shorter time of learning.
func shortConfig(days int) (alerts.Config, []string) {
	var c alerts.Config
	learning := c.Defaults().Volume.Learning
	if days > learning {
		return c, nil
	}
	half := max(1, days/2)
	c.Volume.Learning, c.Cost.Learning, c.Spend.Learning, c.OffHours.Learning, c.Models.Learning = half, half, half, half, half
	return c, []string{"evaluation config: " + plural(half, "day") + " of learning, since the data are no longer than the usual " + plural(learning, "day") + "; nothing else differs from the defaults"}
}
