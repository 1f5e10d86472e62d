package alerts

import (
	"iter"
	"time"
)

// Reach is how long before a time the figures must begin for that time to be judged as with all figures: the longest
// look-back of all rules, and a month for windows that began before. What was first seen, and the last days on which
// actors were active, must be there from the beginning; see AddLastDays.
func (c Config) Reach() time.Duration {
	c = c.Defaults()
	days := 28
	for _, n := range []int{c.Volume.History, c.OffHours.History, c.Cost.History, c.Spend.History, c.Errors.History, c.Silence.History, c.Dormant.Days} {
		days = max(days, n)
	}
	return time.Duration(days+31) * 24 * time.Hour
}

// AddLastDays adds blocks of Days, in any order, of which only the last day of each actor counts: how long an account
// was still before a time is all that judging it needs. It ends with the first error of the sequence.
func (f *Figures) AddLastDays(blocks iter.Seq2[[]byte, error]) error {
	type lastDay struct {
		day   int32
		known bool
		first
	}
	var last []lastDay // by the numbers of actors
	keep := func(k firstKey, v first) {
		if k.dim != ofDay {
			f.saw(k, v)
			return
		}
		if n := len(f.names.list); len(last) < n {
			last = append(last, make([]lastDay, n-len(last))...)
		}
		if d := &last[k.actor]; !d.known || k.day > d.day || k.day == d.day && v.before(d.At) {
			*d = lastDay{k.day, true, v}
		}
	}
	for block, err := range blocks {
		if err != nil {
			return err
		}
		if err := f.read(block, (*blockReader).cells, keep); err != nil {
			return err
		}
	}
	for actor, d := range last {
		if d.known {
			f.saw(firstKey{dim: ofDay, actor: uint32(actor), day: d.day}, d.first)
		}
	}
	return nil
}
