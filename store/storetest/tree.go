package storetest

import (
	"iter"

	"github.com/activitylog/activitylog"
)

// The kinds of nodes of a tree.
const (
	opLeaf = iota
	opAll
	opAny
	opNot
)

// tree is a filter that can be taken apart, so that what a store answers wrongly can be made small.
type tree struct {
	op   int
	kids []*tree
	leaf activitylog.Filter
}

func (t *tree) filter() activitylog.Filter {
	var parts []activitylog.Filter
	for _, k := range t.kids {
		parts = append(parts, k.filter())
	}
	switch t.op {
	case opAll:
		return activitylog.All(parts...)
	case opAny:
		return activitylog.Any(parts...)
	case opNot:
		return activitylog.Not(activitylog.All(parts...))
	}
	return t.leaf
}

// smaller yields trees with one part less than t: without a part, or with a part in place of the whole.
func (t *tree) smaller() iter.Seq[*tree] {
	return func(yield func(*tree) bool) {
		for i, k := range t.kids {
			if !yield(k) {
				return
			}
			rest := append(append([]*tree(nil), t.kids[:i]...), t.kids[i+1:]...)
			if len(rest) > 0 && !yield(&tree{op: t.op, kids: rest}) {
				return
			}
			for s := range k.smaller() {
				kids := append([]*tree(nil), t.kids...)
				kids[i] = s
				if !yield(&tree{op: t.op, kids: kids}) {
					return
				}
			}
		}
	}
}

// shrink drops parts of a filter as long as wrong still holds.
func shrink(t *tree, wrong func(t *tree) bool) *tree {
	for tries := 0; ; {
		before := t
		for s := range t.smaller() {
			if tries++; tries > 300 {
				return t
			}
			if wrong(s) {
				t = s
				break
			}
		}
		if t == before {
			return t
		}
	}
}
