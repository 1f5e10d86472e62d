package alerteval

import (
	"math"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// series is one series of values with the windows that are labelled in it.
type series struct {
	id      string
	rows    []row
	windows []alerts.Window
	unit    float64 // millionths that stand for one of its values
	sum     *alerts.Figures
}

// seriesOf splits a set of values, in the order of names.
func (s *set) seriesOf() (list []*series) {
	byID := map[string]*series{}
	for i := range s.rows {
		r := &s.rows[i]
		id := s.subject(r)
		x := byID[id]
		if x == nil {
			x = &series{id: id}
			byID[id] = x
		}
		x.rows = append(x.rows, *r)
	}
	for _, id := range sortedKeys(byID) {
		x := byID[id]
		x.unit = unitOf(x.rows)
		x.windows = labelled(x.rows)
		list = append(list, x)
	}
	return list
}

// unitOf lets a usual value be a thousand of a currency. Values have no price, so the gates that ask for an amount of
// money must have nothing to say about them.
func unitOf(rows []row) float64 {
	values := make([]float64, len(rows))
	for i := range rows {
		values[i] = max(0, rows[i].number["value"])
	}
	if m := mean(values); m > 0 {
		return 1e9 / m
	}
	return 1
}

// eventsPerRow is how many events a row stands for: a value is the sum of many, and none of them is dear in itself.
const eventsPerRow = 1000

// labelled are the runs of rows that carry a label.
func labelled(rows []row) (list []alerts.Window) {
	before := false
	for i := range rows {
		r := &rows[i]
		switch {
		case r.label && !before:
			list = append(list, alerts.Window{From: r.time, To: r.time.Add(time.Second)})
		case r.label:
			list[len(list)-1].To = r.time.Add(time.Second)
		}
		before = r.label
	}
	return list
}

// figures are those of one service account that spends what the series says; below zero there is nothing to spend.
func (x *series) figures() *alerts.Figures {
	if x.sum != nil {
		return x.sum
	}
	f := &alerts.Figures{}
	x.sum = f
	for i := range x.rows {
		micros := int64(math.Round(max(0, x.rows[i].number["value"]) * x.unit))
		c := alerts.Cell{Start: x.rows[i].time, Actor: x.id, ActorType: activitylog.Service, Action: "series.value", Outcome: activitylog.Success, Priced: true}
		f.AddSum(c, alerts.Sum{Count: eventsPerRow, CostMicros: micros})
	}
	return f
}

func (x *series) span() (from, to time.Time) {
	return x.rows[0].time, x.rows[len(x.rows)-1].time.Add(time.Second)
}

// seriesDetector is a rule that judges a series, with the one threshold that is tuned for comparison.
type seriesDetector struct {
	Name      string
	rule      string
	kinds     []string
	threshold string
	frozen    func(alerts.Config) float64
	tune      func(*alerts.Config, float64)
	grid      []float64
	cooldown  time.Duration
	step      time.Duration // that the plain rules sum up
}

// byDay is the threshold that decides on days.
const byDay = "spend.score"

// seriesDetectors are the two: hours against the record of hours, and days against their weekday.
func seriesDetectors() []seriesDetector {
	return []seriesDetector{
		{
			Name: "hours against their record", rule: alerts.CostAnomalies, kinds: []string{"hour"}, threshold: "cost.hour_record", cooldown: day, step: time.Hour,
			frozen: func(c alerts.Config) float64 { return c.Cost.HourRecord },
			tune:   func(c *alerts.Config, x float64) { c.Cost.HourRecord = x }, grid: grid(0.5, 10),
		},
		{
			Name: "days against their weekday", rule: alerts.SpendSpikes, kinds: []string{"day", "drop"}, threshold: byDay, cooldown: day, step: day,
			frozen: func(c alerts.Config) float64 { return c.Spend.Score },
			tune:   func(c *alerts.Config, x float64) { c.Spend.Score = x }, grid: grid(1, 20),
		},
	}
}

// grid goes from one value to another in steps of five percent.
func grid(from, to float64) (list []float64) {
	for x := from; x <= to; x *= 1.05 {
		list = append(list, rounded(x))
	}
	return list
}

// hits counts what findings tell of labelled windows: findings less than the cooldown after the one before are one.
type hits struct {
	Threshold float64 `json:"threshold"`
	Findings  int     `json:"findings"`
	Right     int     `json:"findings_in_a_window"`
	Windows   int     `json:"windows"`
	Found     int     `json:"windows_found"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

func (h *hits) finish() {
	h.Precision, h.Recall = part(h.Right, h.Findings), part(h.Found, h.Windows)
	if sum := h.Precision + h.Recall; sum > 0 {
		h.F1 = rounded(2 * h.Precision * h.Recall / sum)
	}
}

// add counts one series. Windows that begin before the detector has learned say nothing about it, and neither do findings
// in them.
func (h *hits) add(x *series, found []alerts.Finding, learned time.Time, cooldown time.Duration) {
	seen := map[int]bool{}
	var quiet time.Time
	for _, f := range found {
		hit, early := false, false
		for i, w := range x.windows {
			if f.Window.From.Before(w.To) && w.From.Before(f.Window.To) {
				hit, seen[i] = true, true
				early = w.From.Before(learned)
			}
		}
		if early || f.Window.From.Before(quiet) {
			continue
		}
		quiet = f.Window.From.Add(cooldown)
		h.Findings++
		if hit {
			h.Right++
		}
	}
	for i, w := range x.windows {
		if !w.From.Before(learned) {
			h.Windows++
			if seen[i] {
				h.Found++
			}
		}
	}
}
