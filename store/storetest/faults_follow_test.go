package storetest

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/activitylog/activitylog"
)

type position = activitylog.Position

// tailFaults are about following.
var tailFaults = []fault{
	{name: "follows in the order of time", cases: []string{"tail/everything", "tail/from every position"},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			events, err := s.all(ctx)
			n, _ := strconv.Atoi(string(after))
			var list []activitylog.Tailed
			for i := n; i < min(len(events), n+limit); i++ {
				list = append(list, activitylog.Tailed{Event: events[i], Position: position(strconv.Itoa(i))})
			}
			return list, position(strconv.Itoa(n + len(list))), err
		}},
	{name: "has one position for a whole answer", cases: []string{"tail/from every position"},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			list, next, err := s.Store.Tail(ctx, after, limit)
			for i := range list {
				list[i].Position = next
			}
			return list, next, err
		}},
	{name: "ignores the limit of Tail", cases: []string{"tail/limit", "tail/from every position"},
		tail: func(ctx context.Context, s *faulty, after position, _ int) ([]activitylog.Tailed, position, error) {
			return s.Store.Tail(ctx, after, 1000)
		}},
	{name: "forgets the position when there is no event", cases: []string{"tail/limit", "tail/end"},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			list, next, err := s.Store.Tail(ctx, after, limit)
			if len(list) == 0 {
				next = ""
			}
			return list, next, err
		}},
	{name: "takes End for the last event", cases: []string{"tail/end"},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			list, next, err := s.Store.Tail(ctx, after, limit)
			if n, _ := strconv.Atoi(string(next)); after == activitylog.End && n > 0 {
				next = position(strconv.Itoa(n - 1))
			}
			return list, next, err
		}},
	{
		name: "follows calls rather than events", cases: []string{"tail/what was not stored"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			s.state.events = append(s.state.events, events...)
			return s.Store.Append(ctx, events)
		},
		tail: func(_ context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			n, _ := strconv.Atoi(string(after))
			var list []activitylog.Tailed
			for _, e := range s.state.events[n:min(len(s.state.events), n+limit)] {
				n++
				list = append(list, activitylog.Tailed{Event: e, Position: position(strconv.Itoa(n))})
			}
			return list, position(strconv.Itoa(n)), nil
		},
	},
	{name: "yields an event twice", cases: []string{"tail/concurrent writers", "log/watch"},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			list, next, err := s.Store.Tail(ctx, after, limit)
			if n, _ := strconv.Atoi(string(next)); len(list) > 1 && n > 20 {
				next = list[len(list)-2].Position
			}
			return list, next, err
		}},
	{name: "skips an event at times", cases: []string{"tail/concurrent writers"},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			list, next, err := s.Store.Tail(ctx, after, limit)
			if len(list) > 5 {
				list = list[1:]
			}
			return list, next, err
		}},
}

// txFaults are about transactions of the host.
var txFaults = []fault{
	{name: "commits nothing", cases: []string{"tx/commit", "tx/again", "tx/invisible until commit"},
		commit: func(context.Context, *faulty, *fakeTx) error { return nil }},
	{name: "writes past the transaction", cases: []string{"tx/rollback", "tx/invisible until commit", "tx/conflict"},
		appendTx: func(ctx context.Context, s *faulty, _ *fakeTx, events []activitylog.Event) error {
			return s.Store.Append(ctx, events)
		}},
	{name: "refuses every known id in a transaction", cases: []string{"tx/again"},
		appendTx: func(ctx context.Context, s *faulty, tx *fakeTx, events []activitylog.Event) error {
			for _, e := range events {
				if len(s.known(ctx, e)) > 0 {
					return &activitylog.ConflictError{ID: e.ID}
				}
				tx.pending = append(tx.pending, e)
			}
			return nil
		}},
	{name: "skips every known id in a transaction", cases: []string{"tx/conflict"},
		appendTx: func(ctx context.Context, s *faulty, tx *fakeTx, events []activitylog.Event) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, e := range events {
				if len(s.known(ctx, e)) == 0 {
					tx.pending = append(tx.pending, e)
				}
			}
			return nil
		}},
	{name: "ignores the context of AppendTx", cases: []string{"tx/canceled"},
		appendTx: func(_ context.Context, _ *faulty, tx *fakeTx, events []activitylog.Event) error {
			tx.pending = append(tx.pending, events...)
			return nil
		}},
	{
		name: "follows numbers that were drawn before the commit", cases: []string{"tx/slow transaction and followers"},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			s.draw(events)
			return s.Store.Append(ctx, events)
		},
		appendTx: func(_ context.Context, s *faulty, tx *fakeTx, events []activitylog.Event) error {
			s.draw(events)
			tx.pending = append(tx.pending, events...)
			return nil
		},
		tail: func(ctx context.Context, s *faulty, after position, limit int) ([]activitylog.Tailed, position, error) {
			events, err := s.all(ctx)
			from, _ := strconv.Atoi(string(after))
			s.state.mu.Lock()
			defer s.state.mu.Unlock()
			number := func(e activitylog.Event) int {
				return slices.IndexFunc(s.state.events, func(x activitylog.Event) bool { return x.ID == e.ID }) + 1
			}
			slices.SortFunc(events, func(a, b activitylog.Event) int { return cmp.Compare(number(a), number(b)) })
			var list []activitylog.Tailed
			for _, e := range events {
				if n := number(e); n > from && len(list) < limit {
					list = append(list, activitylog.Tailed{Event: e, Position: position(strconv.Itoa(n))})
					after = position(strconv.Itoa(n))
				}
			}
			return list, after, err
		},
	},
}

// draw gives events their numbers.
func (s *faulty) draw(events []activitylog.Event) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.events = append(s.state.events, events...)
}
