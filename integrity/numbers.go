package integrity

import (
	"fmt"
	"maps"
	"slices"
)

// numbering holds writers to numbers without holes.
type numbering struct{ writers map[[8]byte]*numbered }

// numbered is which numbers of one writer were seen.
type numbered struct {
	next  uint64              // all below were
	ahead map[uint64]struct{} // some above were too
}

func (n *numbering) add(l *Leaf) {
	if l.Number == 0 {
		return
	}
	if n.writers == nil {
		n.writers = map[[8]byte]*numbered{}
	}
	w := n.writers[l.Writer]
	if w == nil {
		w = &numbered{next: 1, ahead: map[uint64]struct{}{}}
		n.writers[l.Writer] = w
	}
	w.add(l.Number)
	for _, void := range l.Void {
		w.add(void)
	}
}

func (w *numbered) add(n uint64) {
	if n < w.next {
		return
	}
	if n > w.next {
		w.ahead[n] = struct{}{}
		return
	}
	for w.next++; len(w.ahead) > 0; w.next++ {
		if _, ok := w.ahead[w.next]; !ok {
			return
		}
		delete(w.ahead, w.next)
	}
}

// report tells of holes. What was lost and what was deleted look alike.
func (n *numbering) report(v *verification) {
	for _, id := range slices.SortedFunc(maps.Keys(n.writers), func(a, b [8]byte) int { return slices.Compare(a[:], b[:]) }) {
		w := n.writers[id]
		if len(w.ahead) == 0 {
			continue
		}
		most := slices.Max(slices.Collect(maps.Keys(w.ahead)))
		missing := most - w.next + 1 - uint64(len(w.ahead))
		v.found(Finding{Verdict: Undecided, Check: "number", Index: -1, What: fmt.Sprintf(
			"%d of the events that writer %x numbered from %d to %d are missing: they were lost, or deleted before they were sealed",
			missing, id, w.next, most)})
	}
}
