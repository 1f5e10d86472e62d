package alerts

import "slices"

// usual sums up a history.
type usual struct {
	mean, spread       float64 // of all days, with the largest cut down
	activeMean, record float64 // of active days
	days, active       int     // how many there are
}

func (h *history) usual() usual {
	calm := winsorized(h.values, 0.98)
	return usual{mean: mean(calm), spread: deviation(calm), activeMean: mean(h.active), record: largest(h.active), days: len(h.values), active: len(h.active)}
}

// pool is what actors of an organization do on an active day, for those who are new.
type pool struct {
	days   []int32
	values map[int32][]float64
	known  map[int32]usual // by the day after
}

func (v *view) pooled(value func(*daySum) float64) *pool {
	p := &pool{values: map[int32][]float64{}, known: map[int32]usual{}}
	for _, a := range v.actors {
		for _, d := range a.days {
			if x := value(d); x > 0 {
				if p.values[d.day] == nil {
					p.days = append(p.days, d.day)
				}
				p.values[d.day] = append(p.values[d.day], x)
			}
		}
	}
	slices.Sort(p.days)
	return p
}

// before sums up the active actor-days of the last so many days.
func (p *pool) before(day int32, length int) usual {
	u, ok := p.known[day]
	if !ok {
		var h history
		for _, d := range p.days {
			if d < day && d >= day-int32(length) {
				h.active = append(h.active, p.values[d]...)
			}
		}
		h.values = h.active
		u = h.usual()
		p.known[day] = u
	}
	return u
}
