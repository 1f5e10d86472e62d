package storetest

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/activitylog/activitylog"
)

func (s *faulty) evaluates() bool {
	return s.fault.cond != nil || s.fault.text != nil || s.fault.not != nil
}

// all reads every event, oldest first.
func (s *faulty) all(ctx context.Context) ([]activitylog.Event, error) {
	return collect(ctx, s.Store, activitylog.StoreQuery{Order: activitylog.Oldest})
}

// plain scans the list of all events in the order and with the meaning of the fault.
func (s *faulty) plain(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		events, err := s.all(ctx)
		if err != nil {
			yield(activitylog.Event{}, err)
			return
		}
		order := byKey
		if s.fault.sort != nil {
			order = s.fault.sort
		}
		slices.SortStableFunc(events, func(a, b activitylog.Event) int { return order(&a, &b) })
		if q.Order == activitylog.Newest {
			slices.Reverse(events)
		}
		n := 0
		for _, e := range events {
			if q.Org != "" && e.Org != q.Org || !s.matches(q.Filter, &e) {
				continue
			}
			if q.After != nil {
				c := order(&e, &activitylog.Event{Time: q.After.Time, ID: q.After.ID, Org: q.After.Org})
				if q.Order == activitylog.Oldest && c <= 0 || q.Order == activitylog.Newest && c >= 0 {
					continue
				}
			}
			if !yield(e, nil) {
				return
			}
			if n++; n == q.Limit {
				return
			}
		}
	}
}

func (s *faulty) matches(f activitylog.Filter, e *activitylog.Event) bool {
	if !s.evaluates() {
		return f.Match(e)
	}
	return s.eval(f.Expr(), e)
}

// eval is Filter.Match but for what the fault decides.
func (s *faulty) eval(x activitylog.Expr, e *activitylog.Event) bool {
	switch x := x.(type) {
	case activitylog.AndExpr:
		for _, part := range x {
			if !s.eval(part, e) {
				return false
			}
		}
		return true
	case activitylog.OrExpr:
		for _, part := range x {
			if s.eval(part, e) {
				return true
			}
		}
		return false
	case activitylog.NotExpr:
		if s.fault.not != nil {
			if match, decided := s.fault.not(x.X, e, s); decided {
				return match
			}
		}
		return !s.eval(x.X, e)
	case activitylog.TextExpr:
		if s.fault.text != nil {
			if match, decided := s.fault.text(x, s, e); decided {
				return match
			}
		}
		if !x.Prefix {
			return activitylog.Text(`"` + joined(x.Words) + `"`).Match(e)
		}
		f, err := activitylog.ParseFilter(`"` + joined(x.Words) + `"*`)
		return err == nil && f.Match(e)
	case activitylog.Cond:
		if s.fault.cond != nil {
			if match, decided := s.fault.cond(x, e); decided {
				return match
			}
		}
		return compiled(x).Match(e)
	}
	return false
}

func joined(words []string) string {
	text := ""
	for _, w := range words {
		text += w + " "
	}
	return text
}

var compiledConds sync.Map

// compiled is the filter of one condition, which can be had by its text form only.
func compiled(c activitylog.Cond) activitylog.Filter {
	text := c.String()
	if f, ok := compiledConds.Load(text); ok {
		return f.(activitylog.Filter)
	}
	f, err := activitylog.ParseFilter(text)
	if err != nil {
		return activitylog.Any()
	}
	compiledConds.Store(text, f)
	return f
}
