package alerteval

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// activity is how much each actor did by hours of UTC. It is what volume and cost are judged from, and what is injected
// is put on top of.
type activity struct {
	actors []string // sorted
	hours  map[string]map[int32]float64
	days   map[string]map[int32]float64 // their sums by day
	median map[int32][2]float64         // see medianDay
	price  float64                      // of one unit, in millionths
	first  int32                        // day
	last   int32
}

// hourOf is the number of an hour of UTC.
func hourOf(t time.Time) int32 { return int32(t.Unix() / 3600) } // no time before 1970 is read

func timeOfHour(h int32) time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

func newActivity(s *set, amount func(*row) float64) *activity {
	a := &activity{hours: map[string]map[int32]float64{}, days: map[string]map[int32]float64{}, median: map[int32][2]float64{}, price: flatPrice}
	for i := range s.rows {
		r := &s.rows[i]
		n := amount(r)
		if n <= 0 {
			continue
		}
		id := s.subject(r)
		if a.hours[id] == nil {
			a.hours[id], a.days[id] = map[int32]float64{}, map[int32]float64{}
		}
		a.hours[id][hourOf(r.time)] += n
		a.days[id][dayOf(r.time)] += n
	}
	if from, to := s.span(); len(s.rows) > 0 {
		a.first, a.last = dayOf(from), dayOf(to)
	}
	a.actors = slices.Sorted(maps.Keys(a.hours))
	return a
}

// extra is what is injected: by actor, what an hour gets on top.
type extra map[string]map[int32]float64

// What one unit costs, in millionths: a flat cent where the data have counts alone, else a unit of the currency.
const (
	flatPrice = 10_000
	ownPrice  = 1_000_000
)

// figures are those of the days from one to another, with something on top. Where something is, only its actors are
// looked at, and the sums by day of the others are enough.
func (a *activity) figures(from, to int32, on extra, priced bool) *alerts.Figures {
	f := &alerts.Figures{}
	for _, id := range a.actors {
		kind := actorType(id)
		put := func(h int32, n float64) {
			if d := h / 24; d < from || d > to {
				return
			}
			c := alerts.Cell{Start: timeOfHour(h), Actor: id, ActorType: kind, Action: "ai.message", Outcome: activitylog.Success}
			s := alerts.Sum{Count: max(1, int64(math.Round(n)))}
			if priced {
				c.Priced, c.Currency, s.CostMicros = true, "USD", int64(math.Round(n*a.price))
			}
			f.AddSum(c, s)
		}
		if on != nil && on[id] == nil {
			for d, n := range a.days[id] {
				put(24*d, n)
			}
			continue
		}
		for h, n := range a.hours[id] {
			put(h, n)
		}
		for h, n := range on[id] {
			put(h, n)
		}
	}
	return f
}

// actorType reads the kind of an actor from the front of its id.
func actorType(id string) activitylog.ActorType {
	kind, name, _ := strings.Cut(id, ":")
	t := activitylog.ActorType(kind)
	switch {
	case id == "" || kind == "ip" && name != "":
		return activitylog.Anonymous
	case name != "" && slices.Contains([]activitylog.ActorType{activitylog.Service, activitylog.APIKey, activitylog.Agent, activitylog.System,
		activitylog.Support, activitylog.Anonymous}, t):
		return t
	}
	return activitylog.User
}

// actorDays are the days on which an actor could have been found, from a day on: all since the first with something, to
// the end of the data. Those on which there was something are active.
func (a *activity) actorDays(from int32) (all, active int) {
	for _, id := range a.actors {
		first := a.last + 1
		for d := range a.days[id] {
			first = min(first, d)
			if d >= from {
				active++
			}
		}
		all += int(a.last - max(first, from) + 1)
	}
	return all, active
}

// medianDay is the median sum of all actors over the active days among the 28 before a day, and how many
// actors such a day has.
func (a *activity) medianDay(before int32) (total, actors float64) {
	if m, ok := a.median[before]; ok {
		return m[0], m[1]
	}
	sums, active := map[int32]float64{}, map[int32]float64{}
	for _, id := range a.actors {
		for d, n := range a.days[id] {
			if d < before && d >= before-28 {
				sums[d] += n
				active[d]++
			}
		}
	}
	total, actors = median(slices.Collect(maps.Values(sums))), median(slices.Collect(maps.Values(active)))
	a.median[before] = [2]float64{total, actors}
	return total, actors
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// past are the sums of an actor's days before one, at most so many, zeros included from its first day on.
func past(days map[int32]float64, before int32, length int) (all, active []float64) {
	start := before
	for d := range days {
		start = min(start, d)
	}
	for d := max(start, before-int32(length)); d < before; d++ {
		all = append(all, days[d])
		if days[d] > 0 {
			active = append(active, days[d])
		}
	}
	return all, active
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(max(1, len(list)))
}

func deviation(list []float64) float64 {
	m, sum := mean(list), 0.0
	for _, x := range list {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(max(1, len(list)-1)))
}
