package alerts

import (
	"cmp"
	"slices"
)

// cellRef is a sum and what it is about.
type cellRef struct {
	key cellKey
	sum *Sum
}

// cell is a cellRef whose sum lies beside its key: a block is one allocation.
type cell struct {
	key cellKey
	sum Sum
}

// refs are all sums, in any order. One cell may have several.
func (f *Figures) refs() []cellRef {
	n := len(f.cells)
	for _, r := range f.blocks {
		n += len(r)
	}
	refs := make([]cellRef, 0, n)
	for k, s := range f.cells {
		refs = append(refs, cellRef{k, s})
	}
	for _, r := range f.blocks {
		for i := range r {
			refs = append(refs, cellRef{r[i].key, &r[i].sum})
		}
	}
	return refs
}

// joinedCells adds up neighbours of one cell. It changes the list, but no sum.
func joinedCells(refs []cellRef) []cellRef {
	out := refs[:0]
	for i := 0; i < len(refs); {
		c, end := refs[i], i+1
		for end < len(refs) && refs[end].key == c.key {
			end++
		}
		if end > i+1 {
			sum := *c.sum
			for _, more := range refs[i+1 : end] {
				sum.add(more.sum)
			}
			c.sum = &sum
		}
		out = append(out, c)
		i = end
	}
	return out
}

// settle moves all sums into cells, where each cell has one.
func (f *Figures) settle() {
	if f.cells == nil {
		f.cells = map[cellKey]*Sum{}
	}
	for _, r := range f.blocks {
		for i := range r {
			if sum := f.cells[r[i].key]; sum != nil {
				sum.add(&r[i].sum)
			} else {
				f.cells[r[i].key] = &r[i].sum
			}
		}
	}
	f.blocks = nil
}

// joinQuarters adds up the sums of one cell, in a list by quarters of an hour. It looks only where several blocks meet.
func (f *Figures) joinQuarters(cells []*cell) []*cell {
	meet := f.meeting()
	if meet == nil {
		return cells
	}
	at := map[cellKey]int{} // in out, of one quarter
	out := cells[:0]
	for i := 0; i < len(cells); {
		quarter := cells[i].key.quarter
		joining := meet(quarter)
		clear(at)
		for ; i < len(cells) && cells[i].key.quarter == quarter; i++ {
			c := cells[i]
			if joining {
				if n, ok := at[c.key]; ok {
					sum := *out[n]
					sum.sum.add(&c.sum)
					out[n] = &sum
					continue
				}
				at[c.key] = len(out)
			}
			out = append(out, c)
		}
	}
	return out
}

// meeting tells of a quarter of an hour whether several blocks reach over it, or a block and single events may; nil:
// there is none such.
func (f *Figures) meeting() func(int32) bool {
	if len(f.blocks) == 0 {
		return nil
	}
	if len(f.cells) > 0 {
		return func(int32) bool { return true }
	}
	// Blocks are in the order of time.
	type span struct{ first, last int32 }
	spans := make([]span, len(f.blocks))
	for i, b := range f.blocks {
		spans[i] = span{b[0].key.quarter, b[len(b)-1].key.quarter}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	var shared []span // apart from each other, in order
	for i, last := 1, spans[0].last; i < len(spans); i++ {
		s := spans[i]
		if s.first <= last {
			both := span{s.first, min(s.last, last)}
			if n := len(shared); n > 0 && both.first <= shared[n-1].last {
				shared[n-1].last = max(shared[n-1].last, both.last)
			} else {
				shared = append(shared, both)
			}
		}
		last = max(last, s.last)
	}
	if shared == nil {
		return nil
	}
	return func(quarter int32) bool {
		i, ok := slices.BinarySearchFunc(shared, quarter, func(s span, q int32) int { return cmp.Compare(s.last, q) })
		return ok || i < len(shared) && shared[i].first <= quarter
	}
}
