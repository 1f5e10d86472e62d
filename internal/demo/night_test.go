package demo_test

import (
	"math"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
)

// clockwork is how the events of a person or an organization spread over the hours of a day.
type clockwork struct {
	hours [24]float64
	n     float64
}

// smooth is the share of each hour, spread over its neighbours.
func (c *clockwork) smooth() (p [24]float64) {
	for h := range 24 {
		for i, w := range []float64{0.1, 0.2, 0.4, 0.2, 0.1} {
			p[h] += w * c.hours[(h+i+22)%24] / max(1, c.n)
		}
	}
	return p
}

// rare tells whether hours as unlikely as h make up less than two in a hundred of what somebody does.
func (c *clockwork) rare(org *clockwork, h int) bool {
	own, all := c.smooth(), org.smooth()
	likely := func(h int) float64 { return (own[h]*c.n + 20*all[h]) / (c.n + 20) }
	tail := 0.0
	for x := range 24 {
		if likely(x) <= likely(h) {
			tail += likely(x)
		}
	}
	return tail < 0.02
}

var zones sync.Map

func zoneOf(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	zones.Store(name, z)
	return z
}

// nights are the people and days of off-hours use, by the learned gate of the design: two events at hours that are
// rare for somebody with at least 40 events before.
func nights(events []activitylog.Event, d *days) []hit {
	people, orgs := map[string]*clockwork{}, map[string]*clockwork{}
	type key struct {
		org, actor string
		day        int
	}
	odd := map[key]int{}
	today := map[key][24]float64{}
	for i := range events {
		e := &events[i]
		if e.Actor.Type != activitylog.User || e.Client.Country == "ZZ" {
			continue
		}
		h := e.Time.In(zoneOf(e.Actor.Zone)).Hour()
		who := e.Org + " " + e.Actor.ID
		if people[who] == nil {
			people[who] = &clockwork{}
		}
		if orgs[e.Org] == nil {
			orgs[e.Org] = &clockwork{}
		}
		c, all := people[who], orgs[e.Org]
		k := key{e.Org, e.Actor.ID, d.day(e.Org, e.Time)}
		// Where that alone is not rare, the rest need not be added up.
		if c.n >= 40 && 0.4*c.hours[h]/(c.n+20) < 0.02 && c.rare(all, h) {
			odd[k]++
		}
		hours := today[k]
		hours[h]++
		today[k] = hours
		c.hours[h]++
		c.n++
		all.hours[h]++
		all.n++
	}
	var hits []hit
	for k, n := range odd {
		if n >= 2 {
			hits = append(hits, hit{k.org, k.actor, k.day})
		}
	}
	return hits
}

// binomial is the chance of k or more failures among n attempts that fail with chance p.
func binomial(k, n int, p float64) float64 {
	tail := 0.0
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		tail += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log(1-p))
	}
	return tail
}

// errors are the organizations and days with an hour in which messages failed far more often than usual.
func errorHours(events []activitylog.Event, d *days) []hit {
	type key struct {
		org  string
		hour int64
	}
	all, failed := map[key]int{}, map[key]int{}
	for i := range events {
		e := &events[i]
		if e.Action == "ai.message.send" {
			k := key{e.Org, e.Time.Unix() / 3600}
			all[k]++
			if e.Outcome == activitylog.Failure {
				failed[k]++
			}
		}
	}
	var hits []hit
	for k, n := range failed {
		if n >= 5 && float64(n) >= 0.1*float64(all[k]) && binomial(n, all[k], 0.02) < 1e-6 {
			hits = append(hits, hit{k.org, "", d.day(k.org, time.Unix(k.hour*3600, 0))})
		}
	}
	return hits
}
