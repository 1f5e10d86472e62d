package alerts

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// blockVersion begins every block. It rises when the layout does, or when the same events would fold into other figures:
// a reader refuses other versions, and whoever keeps blocks folds the events again.
const blockVersion = 1

// AppendBlock appends f to b in a compact binary form, which AddBlock reads. Times are kept in whole microseconds, as
// events have them. Equal figures give equal bytes. What Add remembers of single events is left out: events that were
// added to f are no longer known as duplicates once it has been a block.
func (f *Figures) AppendBlock(b []byte) []byte {
	return newBlockWriter(f).append(b, f.refs(), slices.Collect(maps.Keys(f.marks)), slices.Collect(maps.Keys(f.firsts)))
}

// Part names one of the parts that Parts takes figures into: a Family, and a number of the time that it is about.
type Part struct {
	Family Family
	Bucket int32
}

// Family is what a part holds of the figures.
type Family byte

// The families of parts.
const (
	Activity Family = 'a' // sums; the bucket is an hour of UTC since 1970
	Marked   Family = 'm' // marks; the bucket is a day of UTC since 1970
	Days     Family = 'd' // on which day who was active; the bucket is that day of UTC since 1970
	Known    Family = 'k' // all that was ever seen; the only bucket is 0
)

// HourOf is the bucket of t in Activity.
func HourOf(t time.Time) int32 { return floorHour(quarterOf(t)) }

// DayOf is the bucket of t in Marked and Days.
func DayOf(t time.Time) int32 { return dayOf(t) }

// Parts yields the figures as blocks of what is kept together, in a fixed order. The blocks of all parts, in any order
// and merged with those of other events, add up to the figures of all of them.
func (f *Figures) Parts() iter.Seq2[Part, []byte] {
	type members struct {
		cells  []cellRef
		marks  []uuid.UUID
		firsts []firstKey
	}
	parts := map[Part]*members{}
	in := func(p Part) *members {
		if parts[p] == nil {
			parts[p] = &members{}
		}
		return parts[p]
	}
	for _, c := range f.refs() {
		m := in(Part{Activity, floorHour(c.key.quarter)})
		m.cells = append(m.cells, c)
	}
	for id, mark := range f.marks {
		m := in(Part{Marked, dayOf(mark.Time)})
		m.marks = append(m.marks, id)
	}
	for k := range f.firsts {
		p := Part{Known, 0}
		if k.dim == ofDay {
			p = Part{Days, k.day}
		}
		m := in(p)
		m.firsts = append(m.firsts, k)
	}
	order := slices.SortedFunc(maps.Keys(parts), func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Bucket, b.Bucket))
	})
	return func(yield func(Part, []byte) bool) {
		w := newBlockWriter(f)
		for _, p := range order {
			m := parts[p]
			if !yield(p, w.append(nil, m.cells, m.marks, m.firsts)) {
				return
			}
		}
	}
}

// blockWriter writes blocks of some of the cells, marks and firsts of figures.
type blockWriter struct {
	f       *Figures
	numbers []uint32          // by the numbers of f's names: those of the block's texts, 0 for none
	used    []uint32          // of f's names, in this block, in the order of their texts
	others  []string          // texts of the block that are none of f's names, in order
	index   map[string]uint32 // their numbers
	out     []byte
}

func newBlockWriter(f *Figures) *blockWriter {
	return &blockWriter{f: f, numbers: make([]uint32, len(f.names.list)+1), index: map[string]uint32{}}
}

// A block is its version, then a table of texts, then shapes of cells, cells, marks and firsts, each list with its
// length in front. Numbers are varints, ids their 16 bytes.
func (w *blockWriter) append(b []byte, cells []cellRef, marks []uuid.UUID, firsts []firstKey) []byte {
	w.out = append(b, blockVersion)
	w.collect(cells, marks, firsts)
	w.texts()
	w.cells(cells)
	slices.SortFunc(marks, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	w.uint(uint64(len(marks)))
	for _, id := range marks {
		m := w.f.marks[id]
		w.mark(m)
	}
	slices.SortFunc(firsts, w.f.compareFirst)
	w.uint(uint64(len(firsts)))
	for _, k := range firsts {
		w.first(k, w.f.firsts[k])
	}
	return w.out
}

// collect finds all texts that the block needs.
func (w *blockWriter) collect(cells []cellRef, marks []uuid.UUID, firsts []firstKey) {
	for _, n := range w.used {
		w.numbers[n] = 0
	}
	w.used, w.others = w.used[:0], w.others[:0]
	clear(w.index)
	number := func(n uint32) {
		if n != 0 && w.numbers[n] == 0 {
			w.numbers[n] = 1
			w.used = append(w.used, n)
		}
	}
	text := func(list ...string) {
		for _, s := range list {
			if n, ok := w.f.names.find(s); ok {
				number(n)
			} else if _, ok := w.index[s]; !ok {
				w.index[s] = 0
				w.others = append(w.others, s)
			}
		}
	}
	for i := range cells {
		for _, n := range cells[i].key.names() {
			number(n)
		}
	}
	for _, id := range marks {
		m := w.f.marks[id]
		text(string(m.ActorType), m.Actor, m.Action, string(m.Outcome), m.Source, m.Agent, m.Granted, m.As, m.Thing)
		text(m.Users...)
		text(m.Objects...)
		text(m.Roles...)
	}
	for _, k := range firsts {
		v := w.f.firsts[k]
		number(k.actor)
		number(k.value)
		if v.Actor != w.f.names.text(k.actor) {
			text(v.Actor)
		}
		text(v.Raw)
	}
	slices.SortFunc(w.used, func(a, b uint32) int { return strings.Compare(w.f.names.text(a), w.f.names.text(b)) })
	slices.Sort(w.others)
}

// texts writes the table of texts, in their order, and numbers them. Number 0 is the empty text and stands in no table.
func (w *blockWriter) texts() {
	w.uint(uint64(len(w.used) + len(w.others)))
	write := func(s string) {
		w.uint(uint64(len(s)))
		w.out = append(w.out, s...)
	}
	i, j := 0, 0
	for n := uint32(1); i < len(w.used) || j < len(w.others); n++ {
		if j == len(w.others) || i < len(w.used) && w.f.names.text(w.used[i]) < w.others[j] {
			w.numbers[w.used[i]] = n
			write(w.f.names.text(w.used[i]))
			i++
		} else {
			w.index[w.others[j]] = n
			write(w.others[j])
			j++
		}
	}
}

// names are the numbers of all texts of a cell.
func (k *cellKey) names() [9]uint32 {
	return [9]uint32{k.actor, k.kind, k.zone, k.action, k.outcome, k.provider, k.model, k.currency, k.targets}
}

func (w *blockWriter) uint(n uint64)      { w.out = binary.AppendUvarint(w.out, n) }
func (w *blockWriter) int(n int64)        { w.out = binary.AppendVarint(w.out, n) }
func (w *blockWriter) id(id uuid.UUID)    { w.out = append(w.out, id[:]...) }
func (w *blockWriter) moment(t time.Time) { w.int(t.UnixMicro()) }
func (w *blockWriter) name(number uint32) { w.uint(uint64(w.numbers[number])) }

func (w *blockWriter) text(s string) {
	if n, ok := w.f.names.find(s); ok {
		w.name(n)
	} else {
		w.uint(uint64(w.index[s]))
	}
}

func (w *blockWriter) flags(list ...bool) {
	b := byte(0)
	for i, set := range list {
		if set {
			b |= 1 << i
		}
	}
	w.out = append(w.out, b)
}

func (w *blockWriter) list(texts []string) {
	w.uint(uint64(len(texts)))
	for _, s := range texts {
		w.text(s)
	}
}
