package storetest

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

type events = iter.Seq2[activitylog.Event, error]

func byKey(a, b *activitylog.Event) int {
	return activitylog.KeyOf(a).Compare(activitylog.KeyOf(b))
}

var scanFaults = []fault{
	{name: "orders by Recorded", cases: []string{"scan/order", "scan/before 1970"}, sort: func(a, b *activitylog.Event) int {
		return cmp.Or(a.Recorded.Compare(b.Recorded), byKey(a, b))
	}},
	{name: "leaves ties in any order", cases: []string{"scan/ties", "scan/order of ids"},
		sort: func(a, b *activitylog.Event) int {
			return cmp.Or(a.Time.Compare(b.Time), byKey(b, a))
		}},
	{name: "loses what is behind 1024 ties", cases: []string{"scan/many ties"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				var at time.Time
				n := 0
				for e, err := range s.Store.Scan(ctx, q) {
					if n++; !e.Time.Equal(at) {
						at, n = e.Time, 1
					}
					if n <= 1024 && !yield(e, err) {
						return
					}
				}
			}
		}},
	{name: "compares bytes of ids as signed", cases: []string{"scan/order of ids"}, sort: func(a, b *activitylog.Event) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		for i := range a.ID {
			if c := cmp.Compare(int8(a.ID[i]), int8(b.ID[i])); c != 0 {
				return c
			}
		}
		return byKey(a, b)
	}},
	{name: "orders organizations as in a dictionary", cases: []string{"scan/order of organizations"},
		sort: func(a, b *activitylog.Event) int {
			if a.Time.Equal(b.Time) && a.ID == b.ID {
				return cmp.Or(cmp.Compare(strings.ToLower(a.Org), strings.ToLower(b.Org)), cmp.Compare(a.Org, b.Org))
			}
			return byKey(a, b)
		}},
	{name: "takes time for unsigned", cases: []string{"scan/before 1970", "content/times"},
		sort: func(a, b *activitylog.Event) int {
			return cmp.Or(cmp.Compare(uint64(a.Time.UnixMicro()), uint64(b.Time.UnixMicro())), byKey(a, b))
		}},
	{name: "begins at After", cases: []string{"scan/after", "scan/time alone is no place", "log/record, page, get and count"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			if q.After != nil {
				before := *q.After
				if before.ID[15]++; q.Order == activitylog.Oldest {
					before.ID[15] -= 2
				}
				q.After = &before
			}
			return s.Store.Scan(ctx, q)
		}},
	{name: "knows a place by its time alone", cases: []string{"scan/time alone is no place", "scan/after", "scan/ties"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			all := s.Store.Scan(ctx, activitylog.StoreQuery{Org: q.Org, Filter: q.Filter, Order: q.Order})
			return only(all, q.Limit, func(e *activitylog.Event) bool {
				return q.After == nil || !e.Time.Equal(q.After.Time) && behind(activitylog.KeyOf(e), *q.After, q.Order)
			})
		}},
	{name: "yields one more than Limit", cases: []string{"scan/limit"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			if q.Limit > 0 {
				q.Limit++
			}
			return s.Store.Scan(ctx, q)
		}},
	{name: "compares organizations without case", cases: []string{"scan/organization", "content/texts"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			org, limit := q.Org, q.Limit
			q.Org, q.Limit = "", 0
			return only(s.Store.Scan(ctx, q), limit, func(e *activitylog.Event) bool { return org == "" || strings.EqualFold(org, e.Org) })
		}},
	{name: "finds ids in every organization", cases: []string{"scan/organization and value"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			if c, ok := q.Filter.Expr().(activitylog.Cond); ok && c.Field == "id" {
				q.Org = ""
			}
			return s.Store.Scan(ctx, q)
		}},
	{name: "gives its own events away", cases: []string{"content/not kept"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				for e, err := range s.Store.Scan(ctx, q) {
					if own, ok := s.state.keys[activitylog.KeyOf(&e)]; ok {
						e = own
					} else {
						s.state.keys[activitylog.KeyOf(&e)] = e
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}},
	{name: "holds a lock while it yields", hangs: true, cases: []string{"loop/scan inside", "loop/two at once"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				s.state.mu.Lock()
				defer s.state.mu.Unlock()
				s.Store.Scan(ctx, q)(yield)
			}
		}},
	{
		name: "holds a shared lock while it yields", hangs: true,
		cases: []string{"loop/append inside", "loop/capabilities inside"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				s.state.rw.RLock()
				defer s.state.rw.RUnlock()
				s.Store.Scan(ctx, q)(yield)
			}
		},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			s.state.rw.Lock()
			defer s.state.rw.Unlock()
			return s.Store.Append(ctx, events)
		},
		count: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int64) (int64, error) {
			s.state.rw.Lock()
			defer s.state.rw.Unlock()
			return s.Store.Count(ctx, q, limit)
		},
	},
	{name: "loses a connection with every scan that is left", cases: []string{"loop/break"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				select {
				case s.state.slots <- struct{}{}:
				default:
					yield(activitylog.Event{}, errors.New("no connection is free"))
					return
				}
				for e, err := range s.Store.Scan(ctx, q) {
					if !yield(e, err) {
						return
					}
				}
				<-s.state.slots
			}
		}},
	{name: "ignores the context of Scan", cases: []string{"loop/canceled before"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return s.Store.Scan(context.WithoutCancel(ctx), q)
		}},
	{name: "ends a canceled scan without an error", cases: []string{"loop/canceled inside", "loop/canceled before"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				for e, err := range s.Store.Scan(ctx, q) {
					if err != nil || !yield(e, nil) {
						return
					}
				}
			}
		}},
	{name: "goes on after an error", cases: []string{"loop/canceled before"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				if err := ctx.Err(); err == nil || yield(activitylog.Event{}, err) {
					s.Store.Scan(context.WithoutCancel(ctx), q)(yield)
				}
			}
		}},
	{name: "pages by offset", cases: []string{"loop/appends meanwhile"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return func(yield func(activitylog.Event, error) bool) {
				for offset := 0; ; offset += 40 {
					events, err := collect(ctx, s.Store, q)
					if err != nil {
						yield(activitylog.Event{}, err)
						return
					}
					for _, e := range events[min(offset, len(events)):min(offset+40, len(events))] {
						if !yield(e, nil) {
							return
						}
					}
					if offset+40 >= len(events) {
						return
					}
				}
			}
		}},
	{name: "gives up one event too far", cases: []string{"examine/goes on"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return s.givesUp(ctx, q, func(at activitylog.Key) activitylog.Key {
				for e := range s.Store.Scan(ctx, activitylog.StoreQuery{Org: q.Org, Order: q.Order, After: &at, Limit: 1}) {
					return activitylog.KeyOf(&e)
				}
				return at
			})
		}},
	{name: "gives up where it began", cases: []string{"examine/goes on", "log/back over a gap"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			return s.givesUp(ctx, q, func(at activitylog.Key) activitylog.Key {
				if q.After != nil {
					return *q.After
				}
				return at
			})
		}},
	{name: "always gives up", cases: []string{"examine/unbounded"},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			if q.Examine == 0 {
				q.Examine = 500
			}
			return s.Store.Scan(ctx, q)
		}},
}

// only yields those events of a scan that are kept, up to a limit; 0: all of them.
func only(list events, limit int, keep func(e *activitylog.Event) bool) events {
	return func(yield func(activitylog.Event, error) bool) {
		n := 0
		for e, err := range list {
			if err == nil && !keep(&e) {
				continue
			}
			if n++; !yield(e, err) || n == limit {
				return
			}
		}
	}
}

// givesUp is a scan that names another place where it gave up.
func (s *faulty) givesUp(ctx context.Context, q activitylog.StoreQuery, place func(activitylog.Key) activitylog.Key) events {
	return func(yield func(activitylog.Event, error) bool) {
		for e, err := range s.Store.Scan(ctx, q) {
			if limit := (*activitylog.ExamineLimitError)(nil); errors.As(err, &limit) {
				err = &activitylog.ExamineLimitError{At: place(limit.At), Examined: limit.Examined}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
