package activitylog

import "slices"

// Without returns f without its conditions on some fields of Cond, also where they are negated: the same kind of event at
// any time without "time", whichever it is without "id".
func (f Filter) Without(fields ...string) Filter {
	kept, ok := without(f.Expr(), fields)
	if !ok {
		return Filter{}
	}
	return kept
}

// without returns x without the conditions, and false if nothing of it is left that could fail.
func without(x Expr, fields []string) (Filter, bool) {
	switch x := x.(type) {
	case AndExpr:
		var all []Filter
		for _, part := range x {
			if f, ok := without(part, fields); ok {
				all = append(all, f)
			}
		}
		return All(all...), len(all) > 0
	case OrExpr:
		any := make([]Filter, 0, len(x))
		for _, part := range x {
			f, ok := without(part, fields)
			if !ok {
				return Filter{}, false
			}
			any = append(any, f)
		}
		return Any(any...), true
	case NotExpr:
		f, ok := without(x.X, fields)
		return Not(f), ok
	case Cond:
		return Filter{x}, !slices.Contains(fields, x.Field)
	}
	return Filter{x}, true
}
