package alerteval

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// shape is a way in which an actor does more than usual.
type shape struct {
	name   string
	days   int                   // how many it lasts
	factor func(day int) float64 // of a usual active day, for each day
	burst  bool                  // all in one hour
}

// shapes are what is injected into counts and costs. Spikes take a day; the others are slower or shorter, and what a
// detector of days cannot see of them belongs into the report as well.
var shapes = []shape{
	{name: "2x", days: 1, factor: always(2)},
	{name: "3x", days: 1, factor: always(3)},
	{name: "5x", days: 1, factor: always(5)},
	{name: "10x", days: 1, factor: always(10)},
	{name: "20x", days: 1, factor: always(20)},
	{name: "step", days: 7, factor: always(4)},
	{name: "ramp", days: 7, factor: func(day int) float64 { return 1 + float64(day+1) }},
	{name: "drip", days: 7, factor: always(1.5)},
	{name: "burst hour", days: 1, factor: always(2), burst: true},
}

func always(f float64) func(int) float64 { return func(int) float64 { return f } }

// dice are the chance of one experiment: the same for the same names.
func dice(names ...string) *rand.Rand {
	h := fnv.New64a()
	for _, n := range names {
		h.Write([]byte(n))
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// poisson draws a count with that mean.
func poisson(d *rand.Rand, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	if mean > 50 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*d.NormFloat64()))
	}
	limit, p, n := math.Exp(-mean), 1.0, 0.0
	for {
		if p *= d.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// inject returns what comes on top of an actor's hours from day on, so that each day has at least what the shape says of
// a usual active day. What was there stays; it is spread as the actor's hours of the four weeks before are.
func (s shape) inject(d *rand.Rand, hours map[int32]float64, day int32, usual float64) map[int32]float64 {
	profile, total := [24]float64{}, 0.0
	for h, n := range hours {
		if h/24 < day && h/24 >= day-28 {
			profile[h%24] += n
			total += n
		}
	}
	on := map[int32]float64{}
	for i := range s.days {
		want := s.factor(i) * usual
		if s.burst {
			h := (day+int32(i))*24 + busiest(profile)
			on[h] = poisson(d, want)
			continue
		}
		for hour, n := range profile {
			h := (day+int32(i))*24 + int32(hour)
			if more := poisson(d, want*n/total) - hours[h]; more > 0 {
				on[h] = more
			}
		}
	}
	return on
}

func busiest(profile [24]float64) int32 {
	best := 0
	for h, n := range profile {
		if n > profile[best] {
			best = h
		}
	}
	return int32(best)
}
