package alerts

import "time"

// Reach is how long before a time the figures must begin for that time to be judged as with all figures: the longest
// look-back of all rules, and a month for windows that began before. What was first seen, and the last days on which
// actors were active, must be there from the beginning; see KeepLastDays.
func (c Config) Reach() time.Duration {
	c = c.Defaults()
	days := 28
	for _, n := range []int{c.Volume.History, c.OffHours.History, c.Cost.History, c.Spend.History, c.Errors.History, c.Silence.History, c.Dormant.Days} {
		days = max(days, n)
	}
	return time.Duration(days+31) * 24 * time.Hour
}

// KeepLastDays forgets the days before the one of t on which actors were active, except the last of each actor: how long
// an account was still before t is all that judging a later time needs.
func (f *Figures) KeepLastDays(t time.Time) {
	day := dayOf(t)
	last := map[uint32]int32{}
	for k := range f.firsts {
		if k.dim != ofDay || k.day >= day {
			continue
		}
		if d, ok := last[k.actor]; !ok || k.day > d {
			last[k.actor] = k.day
		}
	}
	for k := range f.firsts {
		if k.dim == ofDay && k.day < day && k.day != last[k.actor] {
			delete(f.firsts, k)
		}
	}
}
