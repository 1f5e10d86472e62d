package demo_test

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
)

// hit is something that a detector would report.
type hit struct {
	org, subject string
	day          int
}

// history is the figures of one subject by day of its organization.
type history map[int]float64

// window is the n days before day, those without anything as zero.
func (h history) window(day, n int) (all, active []float64) {
	for d := day - n; d < day; d++ {
		all = append(all, h[d])
		if h[d] > 0 {
			active = append(active, h[d])
		}
	}
	return all, active
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / max(1, float64(len(list)))
}

func deviation(list []float64) float64 {
	m, sum := mean(list), 0.0
	for _, x := range list {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / max(1, float64(len(list)-1)))
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}

// days are the figures that daily detectors look at.
type days struct {
	messages, cost, calls map[string]history // by organization and actor
	spend                 map[string]history // by organization
	first, last           int
	zones                 map[string]*time.Location
}

func daysOf(events []activitylog.Event, end time.Time) *days {
	d := &days{
		messages: map[string]history{}, cost: map[string]history{}, calls: map[string]history{}, spend: map[string]history{}, first: math.MaxInt,
		zones: map[string]*time.Location{},
	}
	for _, org := range demo.Orgs() {
		d.zones[org.ID] = org.Zone
	}
	put := func(m map[string]history, key string, day int, x float64) {
		if m[key] == nil {
			m[key] = history{}
		}
		m[key][day] += x
	}
	from := end.AddDate(0, 0, -90)
	for i := range events {
		e := &events[i]
		if e.AI == nil || e.Time.Before(from) {
			continue
		}
		day := d.day(e.Org, e.Time)
		d.first, d.last = min(d.first, day), max(d.last, day)
		key := e.Org + " " + e.Actor.ID
		if e.Action == "ai.message.send" && e.Actor.Type == activitylog.User {
			put(d.messages, key, day, 1)
		}
		if e.AI.CostMicros != nil {
			put(d.calls, key, day, 1)
			put(d.cost, key, day, float64(*e.AI.CostMicros))
			put(d.spend, e.Org, day, float64(*e.AI.CostMicros))
		}
	}
	return d
}

func (d *days) day(org string, t time.Time) int {
	zone := d.zones[org]
	if zone == nil {
		zone = time.UTC
	}
	y, m, day := t.In(zone).Date()
	return int(time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// volume are the subjects and days of a volume spike, by the gates of the design: enough, and far beyond mean and record.
func (d *days) volume() []hit {
	var hits []hit
	for key, h := range d.messages {
		org, actor, _ := strings.Cut(key, " ")
		for day, x := range h {
			all, active := h.window(day, 28)
			if day-d.first >= 14 && len(active) >= 5 && x >= 20 && x > mean(all)+3*deviation(all) && x > 3*mean(active) && x > 1.5*slices.Max(all) {
				hits = append(hits, hit{org, actor, day})
			}
		}
	}
	return hits
}

// costly are those of a cost anomaly.
func (d *days) costly() []hit {
	var hits []hit
	for key, h := range d.cost {
		org, actor, _ := strings.Cut(key, " ")
		for day, x := range h {
			all, active := h.window(day, 28)
			if day-d.first < 14 || len(active) < 5 {
				continue
			}
			logs := make([]float64, len(active))
			for i, a := range active {
				logs[i] = math.Log(a)
			}
			z := (math.Log(x) - mean(logs)) / max(0.35, deviation(logs))
			_, calls := d.calls[key].window(day, 28)
			_, spend := d.spend[org].window(day, 28)
			if x > 1.5*slices.Max(all) && z > 3 && x-mean(active) > max(0.02*median(spend), 10*mean(active)/max(1, median(calls))) {
				hits = append(hits, hit{org, actor, day})
			}
		}
	}
	return hits
}

// d0 is the start of the week grid of d.
func d0(from, d int) int {
	p := d
	for p-7 >= from {
		p -= 7
	}
	return p - d%7
}

// rest tells whether a day is of a weekend; day 0 was a Thursday.
func rest(day int) bool { return day%7 == 2 || day%7 == 3 }

// spent are the days on which an organization spent far more than on that weekday before.
func (d *days) spent() []hit {
	var hits []hit
	for org, h := range d.spend {
		for day := d.first + 28; day <= d.last; day++ {
			var same, residuals []float64
			for w := 1; w <= 8 && day-7*w >= d.first; w++ {
				same = append(same, h[day-7*w])
			}
			all, _ := h.window(day, 35)
			expected := median(same) * min(2, max(0.5, mean(all[28:])/mean(all[:28])))
			for d := max(d.first+7, day-56); d < day; d++ {
				if rest(d) != rest(day) {
					continue
				}
				var peers []float64
				for p := d%7 + d0(day-56, d); p < day; p += 7 {
					if p >= 0 && h[p] > 0 {
						peers = append(peers, h[p])
					}
				}
				residuals = append(residuals, h[d]-median(peers))
			}
			var away []float64
			for _, x := range residuals {
				away = append(away, math.Abs(x))
			}
			scale := max(1.4826*median(away), 0.25*deviation(residuals), 0.05*expected)
			if x := h[day]; (x-expected)/scale >= 5 && x >= 1.25*expected && x-expected > 2e6 {
				hits = append(hits, hit{org, org, day})
			}
		}
	}
	return hits
}

// crept are the organizations whose last week cost far more than the four before it.
func (d *days) crept() []hit {
	var hits []hit
	for org, h := range d.spend {
		week, _ := h.window(d.last, 7)
		before, _ := h.window(d.last-7, 28)
		if mean(week) >= 1.3*mean(before) && mean(week)-mean(before) > 1e6 {
			hits = append(hits, hit{org, org, d.last})
		}
	}
	return hits
}
