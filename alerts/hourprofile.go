package alerts

import (
	"cmp"
	"slices"
)

// profile is how work spreads over the hours of a day.
type profile [24]float64

// hourKernel spreads an event over the hours around its own: nobody is punctual.
var hourKernel = [5]float64{0.1, 0.2, 0.4, 0.2, 0.1}

func (p *profile) add(hour int, n float64) {
	for i, part := range hourKernel {
		p[(hour+i-2+24)%24] += part * n
	}
}

func (p *profile) plus(o *profile, weight float64) {
	for h := range p {
		p[h] += weight * o[h]
	}
}

func (p *profile) total() (sum float64) {
	for _, x := range p {
		sum += x
	}
	return sum
}

// tails are, for each hour, the part of the work that falls on hours no likelier than it.
func (p *profile) tails() (out [24]float64) {
	total := p.total()
	for h, x := range p {
		for _, y := range p {
			if y <= x*(1+1e-9) {
				out[h] += y / total
			}
		}
	}
	return out
}

// habits are the profiles of weekdays and weekends.
type habits [2]profile

func kindOfDay(w worked) int {
	if w.weekend {
		return 1
	}
	return 0
}

// prior holds when the people of an organization work, summed up to each day.
type prior struct {
	days []int32
	sums []habits // of all days up to and including
}

func newPrior(clock *clocks) *prior {
	byDay := map[int32]*habits{}
	p := &prior{}
	for _, zone := range clock.zones {
		for _, quarters := range zone.days {
			for i := range quarters {
				w := &quarters[i]
				if w.all == 0 {
					continue
				}
				d := byDay[w.day]
				if d == nil {
					d = &habits{}
					byDay[w.day] = d
					p.days = append(p.days, w.day)
				}
				d[kindOfDay(w.worked)][w.hour] += float64(w.all) // whole numbers: the order of adding says nothing
			}
		}
	}
	slices.Sort(p.days)
	var sum habits
	for _, day := range p.days {
		for kind := range sum {
			sum[kind].plus(&byDay[day][kind], 1)
		}
		p.sums = append(p.sums, sum)
	}
	return p
}

// between are the habits from one day up to another, which is left out.
func (p *prior) between(from, to int32) habits {
	at := func(day int32) habits {
		i, _ := slices.BinarySearchFunc(p.days, day, cmp.Compare[int32])
		if i == 0 {
			return habits{}
		}
		return p.sums[i-1]
	}
	h, before := at(to), at(from)
	for kind := range h {
		h[kind].plus(&before[kind], -1)
	}
	return h
}

// smooth spreads whole counts over the hours around them.
func (p *profile) smooth() (out profile) {
	for h, n := range p {
		out.add(h, n)
	}
	return out
}
