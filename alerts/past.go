package alerts

import (
	"math"
	"time"

	"github.com/activitylog/activitylog"
)

// pastSum is what judging a time looks at of what lies long before it: when people work, and what was spent. Sums of
// neighbours in a block are one.
type pastSum struct {
	count, cost                 int64
	quarter                     int32
	actor, kind, zone, currency uint32
	priced, achieved            bool
}

// about tells whether two are about the same.
func (p *pastSum) about(o *pastSum) bool {
	return p.quarter == o.quarter && p.actor == o.actor && p.kind == o.kind && p.zone == o.zone && p.currency == o.currency &&
		p.priced == o.priced && p.achieved == o.achieved
}

// Recent is how long before a time its sums must be there in full for it to be judged; of what lies before, AddPast is
// enough.
func (c Config) Recent() time.Duration {
	c = c.Defaults()
	days := 34 // a ramp: a week, and the four before
	for _, n := range []int{c.Volume.History, c.Cost.History, c.Errors.History, c.Silence.History} {
		days = max(days, n)
	}
	return time.Duration(days+3) * 24 * time.Hour
}

// MarksReach is how long before a time its marks must be there for it to be judged.
const MarksReach = 35 * 24 * time.Hour

// AddPast is AddBlock for what lies so long before the time that is to be judged as Config.Recent says, or longer, and
// keeps much less of it. Figures that hold such a past can be judged, and merged into by AddBlock and AddPast; all
// else that they tell leaves it out.
func (f *Figures) AddPast(block []byte) error {
	return f.read(block, (*blockReader).pastCells, f.saw)
}

func (r *blockReader) pastCells() {
	shapes := r.shapes()
	n := r.count(leastCell)
	if n == 0 {
		return
	}
	denied, failure := r.f.names.number(string(activitylog.Denied)), r.f.names.number(string(activitylog.Failure))
	sums := make([]pastSum, 0, n)
	last := int64(quarterOf(maxTime))
	quarter := r.firstQuarter()
	for range n {
		quarter += int64(min(r.uint(), math.MaxUint32))
		actor, _, shape := r.number(), r.name(), r.uint()
		if r.bad || quarter >= last || shape >= uint64(len(shapes)) {
			r.fail()
			return
		}
		k := &shapes[shape]
		p := pastSum{
			quarter: int32(quarter), actor: actor, kind: k.kind, zone: k.zone, currency: k.currency, priced: k.priced,
			achieved: k.outcome != denied && k.outcome != failure,
		}
		p.count, p.cost = r.amount()
		if n := len(sums); n > 0 && sums[n-1].about(&p) {
			sums[n-1].count += p.count
			sums[n-1].cost += p.cost
		} else {
			sums = append(sums, p)
		}
	}
	r.f.past = append(r.f.past, sums)
}

// amount reads a sum as sum does, and keeps count and cost.
func (r *blockReader) amount() (count, cost int64) {
	const id = 16
	flags := r.byte()
	count = int64(r.uint())
	r.uint()
	ids := id
	if flags&oneEvent == 0 {
		r.pass(ids)
		r.uint()
	}
	if flags&ownPeak == 0 {
		ids += id
	}
	r.pass(ids)
	if flags&hasAmounts != 0 {
		cost = r.int()
		r.uint()
		r.uint()
	}
	if flags&hasBackfilled != 0 {
		r.uint()
	}
	if flags&wholePeak == 0 {
		r.uint()
		r.uint()
	}
	return count, cost
}

// pass leaves out bytes.
func (r *blockReader) pass(n int) {
	if len(r.in) < n {
		r.fail()
		return
	}
	r.in = r.in[n:]
}
