package alerts

import (
	"slices"
	"time"
)

// history is what an actor did on the days before one.
type history struct {
	values   []float64 // of every day since the first, without announced ones; zero where nothing was done
	active   []float64 // those that are not zero
	from, to time.Time
	days     int // since the actor's first event
}

// past is the history of a before a.days[i], at most so many days long.
func (v *view) past(a *actorView, i, length int, rule string, value func(*daySum) float64) history {
	day := a.days[i].day
	start := max(day-int32(length), a.first)
	h := history{from: startOfDay(start, v.c.Zone), to: startOfDay(day, v.c.Zone), days: int(day - a.first)}
	zeros := int(day - start)
	for j := i - 1; j >= 0 && a.days[j].day >= start; j-- {
		zeros--
		if v.c.Planned != nil && v.c.planned(rule, a.id, dayWindow(a.days[j].day, v.c.Zone)) {
			continue
		}
		x := value(a.days[j])
		h.values = append(h.values, x)
		if x > 0 {
			h.active = append(h.active, x)
		}
	}
	h.values = append(h.values, make([]float64, zeros)...)
	return h
}

// orgDays are the sums of all actors by day, with the number of actors that had any.
type orgDays struct {
	total  map[int32]float64
	actors map[int32]int
	list   []int32 // in order
}

func (v *view) orgDays(value func(*daySum) float64) orgDays {
	o := orgDays{total: map[int32]float64{}, actors: map[int32]int{}}
	for _, a := range v.actors {
		for _, d := range a.days {
			if x := value(d); x > 0 {
				if o.actors[d.day] == 0 {
					o.list = append(o.list, d.day)
				}
				o.total[d.day] += x
				o.actors[d.day]++
			}
		}
	}
	slices.Sort(o.list)
	return o
}

// medianBefore is the median of the active days among the last so many before day.
func (o *orgDays) medianBefore(day int32, length int) (value float64, actors float64) {
	var totals, people []float64
	for _, d := range o.list {
		if d < day && d >= day-int32(length) {
			totals = append(totals, o.total[d])
			people = append(people, float64(o.actors[d]))
		}
	}
	return median(totals), median(people)
}

// crossing is the end of the quarter of an hour in which the sum of a day went above bound.
func (v *view) crossing(d *daySum, bound float64, value func(*cell) float64) time.Time {
	refs := slices.Clone(d.cells)
	slices.SortFunc(refs, func(a, b int32) int { return int(v.cells[a].key.quarter - v.cells[b].key.quarter) })
	sum := 0.0
	for _, i := range refs {
		sum += value(v.cells[i])
		if sum > bound {
			return timeOf(v.cells[i].key.quarter + 1)
		}
	}
	return dayWindow(d.day, v.c.Zone).To
}
