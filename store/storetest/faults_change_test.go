package storetest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

type buckets = iter.Seq2[activitylog.Bucket, error]

// figureFaults are about counting and aggregating.
var figureFaults = []fault{
	{name: "counts without a limit", cases: []string{"count/limit"},
		count: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, _ int64) (int64, error) {
			return s.Store.Count(ctx, q, 0)
		}},
	{name: "counts from After on", cases: []string{"count/ignores place and order"},
		count: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int64) (int64, error) {
			events, err := collect(ctx, s.Store, q)
			if limit > 0 {
				return min(limit, int64(len(events))), err
			}
			return int64(len(events)), err
		}},
	{name: "counts what the index proposes", cases: []string{"count/random filters", "trap/text/words"},
		count: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int64) (int64, error) {
			wide := open(fault{text: func(activitylog.TextExpr, *faulty, *activitylog.Event) (bool, bool) { return true, true }})
			wide.Store = s.Store
			q.Limit, q.After = int(limit), nil
			events, err := collect(ctx, wide, q)
			return int64(len(events)), err
		}},
	{name: "yields an empty bucket", cases: []string{"aggregate/one group"},
		aggregate: func(ctx context.Context, s *faulty, org string, a activitylog.Aggregation) buckets {
			return func(yield func(activitylog.Bucket, error) bool) {
				n := 0
				for b, err := range s.Store.Aggregate(ctx, org, a) {
					if n++; !yield(b, err) {
						return
					}
				}
				if n == 0 && len(a.By) == 0 {
					yield(activitylog.Bucket{}, nil)
				}
			}
		}},
	{name: "groups without case", cases: []string{"aggregate/every field", "aggregate/random"},
		aggregate: func(ctx context.Context, s *faulty, org string, a activitylog.Aggregation) buckets {
			return changed(s.Store.Aggregate(ctx, org, a), func(b *activitylog.Bucket) {
				for i := range b.Values {
					b.Values[i] = strings.ToLower(b.Values[i])
				}
			})
		}},
	{name: "begins steps at whole hours", cases: []string{"aggregate/every field", "aggregate/random"},
		aggregate: func(ctx context.Context, s *faulty, org string, a activitylog.Aggregation) buckets {
			return changed(s.Store.Aggregate(ctx, org, a), func(b *activitylog.Bucket) { b.Start = b.Start.Truncate(3600e9) })
		}},
	{name: "counts denials as no failures", cases: []string{"aggregate/random"},
		aggregate: func(ctx context.Context, s *faulty, org string, a activitylog.Aggregation) buckets {
			return changed(s.Store.Aggregate(ctx, org, a), func(b *activitylog.Bucket) {
				if len(b.Values) == 1 && b.Values[0] == "denied" {
					b.Failures = 0
				}
			})
		}},
}

func changed(list buckets, change func(b *activitylog.Bucket)) buckets {
	return func(yield func(activitylog.Bucket, error) bool) {
		for b, err := range list {
			change(&b)
			if !yield(b, err) {
				return
			}
		}
	}
}

// pruneFaults are about pruning and erasing.
var pruneFaults = []fault{
	{name: "prunes the oldest in any order", cases: []string{"prune/first in order"},
		prune: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int) (int, error) {
			q.Order = activitylog.Oldest
			return s.Store.Prune(ctx, q, limit)
		}},
	{name: "prunes 100 at most", cases: []string{"prune/in steps"},
		prune: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int) (int, error) {
			_, err := s.Store.Prune(ctx, q, min(limit, 100))
			return limit, err
		}},
	{
		name: "still finds words of what was pruned", cases: []string{"prune/gone everywhere"},
		prune: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int) (int, error) {
			q.Limit = limit
			s.state.events, _ = collect(ctx, s.Store, q)
			return s.Store.Prune(ctx, q, limit)
		},
		scan: func(ctx context.Context, s *faulty, q activitylog.StoreQuery) events {
			_, one := q.Filter.Expr().(activitylog.TextExpr)
			_, many := q.Filter.Expr().(activitylog.AndExpr)
			if !one && !(many && q.Filter.String() != "") {
				return s.Store.Scan(ctx, q)
			}
			both := list(s.state.events...)
			stored, _ := s.all(ctx)
			both.add(stored...)
			return both.Scan(ctx, q)
		},
	},
	{
		name: "remembers the ids of what was pruned", cases: []string{"prune/again"},
		prune: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int) (int, error) {
			q.Limit = limit
			gone, _ := collect(ctx, s.Store, q)
			for _, e := range gone {
				s.state.keys[activitylog.Key{ID: e.ID, Org: e.Org}] = e
			}
			return s.Store.Prune(ctx, q, limit)
		},
		append: func(ctx context.Context, s *faulty, events []activitylog.Event) error {
			return s.Store.Append(ctx, slices.DeleteFunc(slices.Clone(events), func(e activitylog.Event) bool {
				_, gone := s.state.keys[activitylog.Key{ID: e.ID, Org: e.Org}]
				return gone
			}))
		},
	},
	{
		name: "counts rows for positions", cases: []string{"prune/positions", "reopen/positions after prune"},
		tail: func(ctx context.Context, s *faulty, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
			rows, _, err := s.Store.Tail(ctx, "", 1<<30)
			n, _ := strconv.Atoi(string(after))
			if after == activitylog.End {
				n = len(rows)
			}
			rows = rows[min(n, len(rows)):]
			rows = rows[:min(limit, len(rows))]
			for i := range rows {
				rows[i].Position = activitylog.Position(strconv.Itoa(n + i + 1))
			}
			return rows, activitylog.Position(strconv.Itoa(n + len(rows))), err
		},
	},
	{name: "prunes keys by their ids alone", cases: []string{"prune/by keys"},
		pruneKeys: func(ctx context.Context, s *faulty, keys []activitylog.Key) (int, time.Duration, error) {
			var all []activitylog.Key
			for e := range s.Store.Scan(ctx, activitylog.StoreQuery{}) {
				if slices.ContainsFunc(keys, func(k activitylog.Key) bool { return k.ID == e.ID }) {
					all = append(all, activitylog.KeyOf(&e))
				}
			}
			return s.Store.PruneKeys(ctx, all)
		}},
	{name: "counts keys instead of what it pruned", cases: []string{"prune/by keys"},
		pruneKeys: func(ctx context.Context, s *faulty, keys []activitylog.Key) (int, time.Duration, error) {
			_, held, err := s.Store.PruneKeys(ctx, keys)
			return len(keys), held, err
		}},
	{name: "prunes spaces too", cases: []string{"prune/spaces stay"},
		prune: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, limit int) (int, error) {
			if err := s.Store.Space("roll-up").Update(ctx, func(tx activitylog.SpaceTx) error { return tx.Delete([]byte("k")) }); err != nil {
				return 0, err
			}
			return s.Store.Prune(ctx, q, limit)
		}},
	{name: "does not erase openings", cases: []string{"erase/parts", "erase/canary"},
		erase: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
			return s.Store.Erase(ctx, q, parts&^activitylog.OpeningPart)
		}},
	{name: "erases in no order", cases: []string{"erase/first in order"},
		erase: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
			q.Order = activitylog.Newest
			return s.Store.Erase(ctx, q, parts)
		}},
	{
		name: "still finds words of what was erased", cases: []string{"erase/canary"},
		erase: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
			before, _ := collect(ctx, s.Store, q)
			for _, e := range before {
				if _, ok := s.state.keys[activitylog.KeyOf(&e)]; !ok {
					s.state.keys[activitylog.KeyOf(&e)] = e
				}
			}
			return s.Store.Erase(ctx, q, parts)
		},
		text: func(x activitylog.TextExpr, s *faulty, e *activitylog.Event) (bool, bool) {
			old, ok := s.state.keys[activitylog.KeyOf(e)]
			return ok && (&faulty{}).eval(x, &old), ok
		},
	},
	{name: "appends what it erased as new events", cases: []string{"erase/followers"},
		erase: func(ctx context.Context, s *faulty, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
			found, err := collect(ctx, s.Store, q)
			for i := range found {
				if _, err := s.Store.Prune(ctx, activitylog.StoreQuery{Org: found[i].Org, Filter: activitylog.IDIs(found[i].ID)}, 1); err != nil {
					return 0, err
				}
				parts.Erase(&found[i])
			}
			return len(found), cmp.Or(err, s.Store.Append(ctx, found))
		}},
}

// reopenFaults lose something between closing and opening.
var reopenFaults = []fault{
	{name: "loses the last event when closed", cases: []string{"reopen/events"},
		reopen: func(ctx context.Context, s *faulty) (*store, error) {
			return s.copied(ctx, func(l []activitylog.Event) []activitylog.Event { return l[:len(l)-1] })
		}},
	{name: "numbers events anew when opened", cases: []string{"reopen/positions", "reopen/positions after prune", "reopen/spaces"},
		reopen: func(ctx context.Context, s *faulty) (*store, error) {
			return s.copied(ctx, reversed)
		}},
	{name: "skips known ids", cases: []string{"reopen/conflict"}, append: skipKnown},
}

// copied is a new store with the events of s and nothing else.
func (s *faulty) copied(ctx context.Context, change func([]activitylog.Event) []activitylog.Event) (*store, error) {
	events, err := s.all(ctx)
	if err != nil || len(events) == 0 {
		return newStore(), err
	}
	fresh := newStore()
	for _, e := range change(events) {
		if err := fresh.Append(ctx, []activitylog.Event{e}); err != nil {
			return nil, fmt.Errorf("copy: %w", err)
		}
	}
	return fresh, nil
}
