package integrity

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
)

// numbering holds writers to numbers without holes.
type numbering struct{ writers map[[8]byte]*numbered }

// run is numbers that follow each other, the first and the last.
type run [2]uint64

// numbered is which numbers of one writer were seen.
type numbered struct {
	runs   []run  // in order, with holes between them
	pruned uint64 // numbers that were pruned with their leaves
}

// of returns what is known of a writer.
func (n *numbering) of(id [8]byte) *numbered {
	if n.writers == nil {
		n.writers = map[[8]byte]*numbered{}
	}
	w := n.writers[id]
	if w == nil {
		w = &numbered{}
		n.writers[id] = w
	}
	return w
}

func (n *numbering) add(l *Leaf) {
	if l.Number == 0 {
		return
	}
	w := n.of(l.Writer)
	w.add(l.Number)
	for _, void := range l.Void {
		w.add(void)
	}
}

// add notes a number. Most follow the one before, so that there are few runs.
func (w *numbered) add(n uint64) {
	i := len(w.runs) // how many begin at n or before
	if i > 0 && n < w.runs[i-1][0] {
		i = sort.Search(i, func(i int) bool { return w.runs[i][0] > n })
	}
	switch {
	case i > 0 && n <= w.runs[i-1][1]: // seen before
	case i > 0 && n == w.runs[i-1][1]+1:
		w.runs[i-1][1] = n
		if i < len(w.runs) && w.runs[i][0] == n+1 {
			w.runs[i-1][1] = w.runs[i][1]
			w.runs = slices.Delete(w.runs, i, i+1)
		}
	case i < len(w.runs) && w.runs[i][0] == n+1:
		w.runs[i][0] = n
	default:
		w.runs = slices.Insert(w.runs, i, run{n, n})
	}
}

// missing returns how many numbers up to the highest one were not seen, and between which they lie.
func (w *numbered) missing() (count, first, last uint64) {
	next := uint64(1)
	for _, r := range w.runs {
		if r[0] > next {
			if count += r[0] - next; first == 0 {
				first = next
			}
			last = r[0] - 1
		}
		next = r[1] + 1
	}
	return count, first, last
}

func (n *numbering) sorted() [][8]byte {
	return slices.SortedFunc(maps.Keys(n.writers), func(a, b [8]byte) int { return slices.Compare(a[:], b[:]) })
}

// report tells of holes. What was lost and what was deleted look alike.
func (n *numbering) report(v *verification) {
	for _, id := range n.sorted() {
		w := n.writers[id]
		missing, first, last := w.missing()
		if missing <= w.pruned {
			continue
		}
		v.found(Finding{Verdict: Undecided, Check: "number", Index: -1, What: fmt.Sprintf(
			"%d of the events that writer %x numbered from %d to %d are missing: they were lost, or deleted before they were sealed",
			missing-w.pruned, id, first, last)})
	}
}

// vouched is what a later verification goes on from.
func (n *numbering) vouched() (list []vouchedWriter) {
	for _, id := range n.sorted() {
		w := n.writers[id]
		list = append(list, vouchedWriter{ID: hex.EncodeToString(id[:]), Runs: slices.Clone(w.runs), Pruned: w.pruned})
	}
	return list
}
