package alerts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// ErrBlock is wrapped by the errors of AddBlock: the bytes are damaged or of another version. Fold the events again.
var ErrBlock = errors.New("no block of figures")

// AddBlock puts the figures of a block into f, as Merge does. Any bytes may be given; a part of a bad block may have
// been added when the error comes, so that f is of no use then.
func (f *Figures) AddBlock(block []byte) error {
	return f.read(block, (*blockReader).cells, f.saw)
}

// read reads a block, its cells and its first times as told.
func (f *Figures) read(block []byte, cells func(*blockReader), saw func(firstKey, first)) error {
	if len(block) == 0 || block[0] != blockVersion {
		return fmt.Errorf("alerts: %w: not of version %d", ErrBlock, blockVersion)
	}
	r := blockReader{f: f, in: block[1:]}
	r.texts()
	cells(&r)
	r.marks()
	r.firsts(saw)
	if r.bad || len(r.in) > 0 {
		return fmt.Errorf("alerts: %w: damaged", ErrBlock)
	}
	return nil
}

// blockReader takes values off the front of in. After the first that is not there it is bad, and all others are zero.
type blockReader struct {
	f       *Figures
	in      []byte
	bad     bool
	numbers []uint32 // of the block's texts, in f; the first is the empty one
}

func (r *blockReader) fail() {
	r.bad, r.in = true, nil
}

func (r *blockReader) uint() uint64 {
	if len(r.in) > 0 && r.in[0] < 0x80 { // most numbers are small
		n := r.in[0]
		r.in = r.in[1:]
		return uint64(n)
	}
	n, size := binary.Uvarint(r.in)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[size:]
	return n
}

func (r *blockReader) int() int64 {
	n := r.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *blockReader) byte() byte {
	if len(r.in) == 0 {
		r.fail()
		return 0
	}
	b := r.in[0]
	r.in = r.in[1:]
	return b
}

func (r *blockReader) id() (id uuid.UUID) {
	if len(r.in) < len(id) {
		r.fail()
		return id
	}
	copy(id[:], r.in)
	r.in = r.in[len(id):]
	return id
}

// count is the length of a list whose entries have at least size bytes: a longer one cannot be there.
func (r *blockReader) count(size int) int {
	n := r.uint()
	if n > uint64(len(r.in)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

// name is an index into numbers.
func (r *blockReader) name() uint32 {
	n := r.uint()
	if n >= uint64(len(r.numbers)) {
		r.fail()
		return 0
	}
	return uint32(n)
}

func (r *blockReader) text() string   { return r.f.names.text(r.number()) }
func (r *blockReader) number() uint32 { return r.numbers[r.name()] }

// moment is the time of an event. Others than the log takes are damage: judges walk from the first time to the last.
func (r *blockReader) moment() time.Time {
	t := time.UnixMicro(r.int()).UTC()
	if t.Before(minTime) || !t.Before(maxTime) {
		r.fail()
	}
	return t
}

var (
	minTime = time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (r *blockReader) list() []string {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	texts := make([]string, n)
	for i := range texts {
		texts[i] = r.text()
	}
	return texts
}

func (r *blockReader) texts() {
	n := r.count(1)
	names := &r.f.names
	r.numbers = append(slices.Grow(names.spare[:0], n+1), 0)
	// The texts of a block are in order, and most of them were in the block before.
	before := names.block
	for range n {
		size := r.count(1)
		text := r.in[:size]
		r.in = r.in[size:]
		for len(before) > 0 && names.text(before[0]) < string(text) {
			before = before[1:]
		}
		if len(before) > 0 && names.text(before[0]) == string(text) {
			r.numbers = append(r.numbers, before[0])
		} else {
			r.numbers = append(r.numbers, names.intern(text))
		}
	}
	names.block, names.spare = r.numbers, names.block
}

// intern is number without a copy of texts that are known.
func (n *names) intern(b []byte) uint32 {
	if i, ok := n.numbers[string(b)]; ok {
		return i
	}
	return n.number(string(b))
}

// The fewest bytes of a shape and of a cell.
const leastShape, leastCell = 8, 22

// shapes are what cells have in common, as keys without the rest.
func (r *blockReader) shapes() []cellKey {
	shapes := make([]cellKey, r.count(leastShape))
	for i := range shapes {
		k := &shapes[i]
		for _, n := range []*uint32{&k.kind, &k.zone, &k.outcome, &k.provider, &k.model, &k.currency, &k.targets} {
			*n = r.number()
		}
		k.priced = r.byte()&1 != 0
	}
	return shapes
}

// firstQuarter is where the cells of a block begin.
func (r *blockReader) firstQuarter() int64 {
	quarter := r.int()
	if quarter < int64(quarterOf(minTime)) || quarter >= int64(quarterOf(maxTime)) {
		r.fail()
	}
	return quarter
}

func (r *blockReader) cells() {
	shapes := r.shapes()
	n := r.count(leastCell)
	if n == 0 {
		return
	}
	cells := make([]cell, n)
	last := int64(quarterOf(maxTime))
	quarter := r.firstQuarter()
	for i := range cells {
		quarter += int64(min(r.uint(), math.MaxUint32))
		actor, action, shape := r.number(), r.number(), r.uint()
		if r.bad || quarter >= last || shape >= uint64(len(shapes)) {
			r.fail()
			return
		}
		c := &cells[i]
		c.key = shapes[shape]
		c.key.quarter, c.key.actor, c.key.action = int32(quarter), actor, action
		r.sum(c.key.quarter, &c.sum)
		if r.bad {
			return
		}
	}
	r.f.blocks = append(r.f.blocks, cells)
}

func (r *blockReader) sum(quarter int32, s *Sum) {
	start := int64(quarter) * quarterSeconds * 1e6
	flags := r.byte()
	s.Count = int64(r.uint())
	s.First = At{time.UnixMicro(start + r.int()).UTC(), r.id()}
	s.Last, s.Peak.ID = s.First, s.First.ID
	if flags&oneEvent == 0 {
		s.Last = At{time.UnixMicro(start + r.int()).UTC(), r.id()}
	}
	if flags&ownPeak == 0 {
		s.Peak.ID = r.id()
	}
	if flags&hasAmounts != 0 {
		s.CostMicros, s.InputTokens, s.OutputTokens = r.int(), r.int(), r.int()
	}
	if flags&hasBackfilled != 0 {
		s.Backfilled = int64(r.uint())
	}
	s.Peak.CostMicros, s.Peak.Tokens = s.CostMicros, s.Tokens()
	if flags&wholePeak == 0 {
		s.Peak.CostMicros, s.Peak.Tokens = r.int(), r.int()
	}
}

func (r *blockReader) marks() {
	const least = 16 + 1 + 1 + 1 + 9 + 3 + 1
	marks := make([]Mark, r.count(least))
	for i := range marks {
		m := &marks[i]
		*m = Mark{ID: r.id(), Time: r.moment(), Class: Class(r.uint())}
		flags := r.byte()
		m.Expected, m.Locked, m.Backfill = flags&1 != 0, flags&2 != 0, flags&4 != 0
		m.Actor, m.ActorType, m.Action = r.text(), activitylog.ActorType(r.text()), r.text()
		m.Outcome, m.Source, m.Agent = activitylog.Outcome(r.text()), r.text(), r.text()
		m.Granted, m.As, m.Thing = r.text(), r.text(), r.text()
		m.Users, m.Objects, m.Roles = r.list(), r.list(), r.list()
		m.Size = r.int()
		if r.bad {
			return
		}
		r.f.addMark(m)
	}
}

func (r *blockReader) firsts(saw func(firstKey, first)) {
	const least = 1 + 3 + 1 + 16 + 2 + 1
	for range r.count(least) {
		k := firstKey{dim: dimension(r.byte()), actor: r.number(), value: r.number(), day: int32(r.int())}
		v := first{At: At{r.moment(), r.id()}, Actor: r.text(), Raw: r.text()}
		v.Backfill = r.byte()&1 != 0
		if r.bad {
			return
		}
		saw(k, v)
	}
}
