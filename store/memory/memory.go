// Package memory is the reference store: events in a sorted slice, filters by Filter.Match. It defines what the other
// stores must answer and is fast enough for tests, tools and small hosts. Nothing outlives the process, so that
// "durable" means no more here than "in memory".
//
//	log, err := activitylog.New(memory.New(), nil)
package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Store holds events in memory. Make it with New. It is safe for concurrent use and never has an error of its own.
type Store struct {
	mu     sync.RWMutex
	byID   map[identity]*entry
	lists  map[posting]list // the event lists by which Scan finds its way; posting{} is all events
	log    []*entry         // in commit order, for Tail
	last   int64            // the sequence number of the newest entry ever, kept over Prune
	spaces map[string]*space
}

type identity struct {
	org string
	id  uuid.UUID
}

// entry is one stored event. The event is never changed, only replaced as a whole under the lock.
type entry struct {
	key   activitylog.Key
	seq   int64
	event *activitylog.Event
}

// New returns an empty store.
func New() *Store {
	return &Store{byID: map[identity]*entry{}, lists: map[posting]list{}, spaces: map[string]*space{}}
}

// Append implements activitylog.Store.
func (s *Store) Append(ctx context.Context, events []activitylog.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	added := make([]*entry, 0, len(events))
	mine := make(map[identity]*entry, len(events))
	for i := range events {
		e := &events[i]
		id := identity{e.Org, e.ID}
		known := s.byID[id]
		if known == nil {
			known = mine[id]
		}
		if known != nil {
			if !known.event.SameContent(e) {
				return &activitylog.ConflictError{ID: e.ID}
			}
			continue
		}
		c := e.Clone()
		n := &entry{key: activitylog.KeyOf(&c), event: &c}
		mine[id] = n
		added = append(added, n)
	}
	byList := map[posting][]*entry{}
	for _, n := range added {
		s.last++
		n.seq = s.last
		s.byID[identity{n.key.Org, n.key.ID}] = n
		for _, p := range postingsOf(n.event) {
			byList[p] = append(byList[p], n)
		}
	}
	s.log = append(s.log, added...)
	for p, entries := range byList {
		s.lists[p] = s.lists[p].merge(entries)
	}
	return nil
}

// chunk is how many entries are looked at under one lock.
const chunk = 256

// Scan implements activitylog.Store.
func (s *Store) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		for e, err := range s.walk(ctx, q) {
			if err != nil {
				yield(activitylog.Event{}, err)
				return
			}
			if !yield(e.event.Clone(), nil) {
				return
			}
		}
	}
}

// walk yields the entries of a query without copying them. Entries of the shortest fitting list are looked at in order.
func (s *Store) walk(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		after, found, examined := q.After, 0, 0
		buf := make([]*entry, 0, chunk)
		for {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			buf = s.next(buf[:0], q, after)
			for _, e := range buf {
				// The list of an id holds the events of every organization.
				if q.Org != "" && e.key.Org != q.Org || !q.Filter.Match(e.event) {
					if examined++; q.Examine > 0 && examined >= q.Examine {
						yield(nil, &activitylog.ExamineLimitError{At: e.key, Examined: examined})
						return
					}
					continue
				}
				if !yield(e, nil) {
					return
				}
				if found++; found == q.Limit {
					return
				}
			}
			if len(buf) < chunk {
				return
			}
			after = &buf[len(buf)-1].key
		}
	}
}

// next collects up to chunk entries of the shortest list behind after. The entries are copied, since an erasure may
// replace their events.
func (s *Store) next(buf []*entry, q activitylog.StoreQuery, after *activitylog.Key) []*entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.shortest(q).after(after, q.Order, chunk) {
		c := *e
		buf = append(buf, &c)
	}
	return buf
}

// Count implements activitylog.Counter.
func (s *Store) Count(ctx context.Context, q activitylog.StoreQuery, limit int64) (int64, error) {
	var n int64
	for _, err := range s.walk(ctx, activitylog.StoreQuery{Org: q.Org, Filter: q.Filter, Limit: int(limit)}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Aggregate implements activitylog.Aggregator.
func (s *Store) Aggregate(ctx context.Context, org string, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	return activitylog.AggregateScan(func(yield func(activitylog.Event, error) bool) {
		for e, err := range s.walk(ctx, activitylog.StoreQuery{Org: org, Filter: a.Filter}) {
			if err != nil {
				yield(activitylog.Event{}, err)
				return
			}
			if !yield(*e.event, nil) {
				return
			}
		}
	}, a)
}

// Prune implements activitylog.Pruner.
func (s *Store) Prune(ctx context.Context, q activitylog.StoreQuery, limit int) (int, error) {
	gone, err := s.selected(ctx, q, limit)
	if err != nil {
		return 0, err
	}
	keys := make([]activitylog.Key, len(gone))
	for i, e := range gone {
		keys[i] = e.key
	}
	deleted, _, err := s.PruneKeys(ctx, keys)
	return deleted, err
}

// PruneKeys deletes the events with the keys, of any organizations, all at once, and returns how many there were and how
// long others had to wait.
func (s *Store) PruneKeys(ctx context.Context, keys []activitylog.Key) (deleted int, held time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	gone := map[*entry]bool{}
	lists := map[posting]bool{}
	for _, k := range keys {
		id := identity{k.Org, k.ID}
		if now := s.byID[id]; now != nil && now.key == k {
			gone[now] = true
			delete(s.byID, id)
			for _, p := range postingsOf(now.event) {
				lists[p] = true
			}
		}
	}
	pruned := func(e *entry) bool { return gone[e] }
	for p := range lists {
		if s.lists[p] = slices.DeleteFunc(s.lists[p], pruned); len(s.lists[p]) == 0 {
			delete(s.lists, p)
		}
	}
	s.log = slices.DeleteFunc(s.log, pruned)
	return len(gone), time.Since(began), nil
}

func (s *Store) selected(ctx context.Context, q activitylog.StoreQuery, limit int) ([]*entry, error) {
	q.Limit, q.Examine = limit, 0
	var list []*entry
	for e, err := range s.walk(ctx, q) {
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// Erase implements activitylog.Eraser.
func (s *Store) Erase(ctx context.Context, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
	found, err := s.selected(ctx, q, q.Limit)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, f := range found {
		e := s.byID[identity{f.key.Org, f.key.ID}]
		if e == nil {
			continue
		}
		changed := e.event.Clone()
		parts.Erase(&changed)
		old, now := postingsOf(e.event), postingsOf(&changed)
		for _, p := range old {
			if !slices.Contains(now, p) {
				s.lists[p] = slices.DeleteFunc(s.lists[p], func(x *entry) bool { return x == e })
			}
		}
		for _, p := range now {
			if !slices.Contains(old, p) {
				s.lists[p] = s.lists[p].merge([]*entry{e})
			}
		}
		e.event = &changed
		n++
	}
	return n, nil
}

// SetOpenings gives events an opening that have none. Of an event, Org, ID and Opening count.
func (s *Store) SetOpenings(ctx context.Context, events []activitylog.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		if e := s.byID[identity{events[i].Org, events[i].ID}]; e != nil && len(e.event.Opening) == 0 {
			changed := e.event.Clone()
			changed.Opening = bytes.Clone(events[i].Opening)
			e.event = &changed
		}
	}
	return nil
}

// Tail implements activitylog.Tailer.
func (s *Store) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if after == activitylog.End {
		return nil, position(s.last), nil
	}
	var from int64
	if after != "" {
		n, err := strconv.ParseInt(string(after), 10, 64)
		if err != nil || n < 0 {
			return nil, "", fmt.Errorf("%w: %q is no position of this store", activitylog.ErrInvalid, after)
		}
		from = n
	}
	i, _ := slices.BinarySearchFunc(s.log, from+1, func(e *entry, seq int64) int { return int(e.seq - seq) })
	var list []activitylog.Tailed
	for _, e := range s.log[i:min(len(s.log), i+limit)] {
		from = e.seq
		list = append(list, activitylog.Tailed{Event: e.event.Clone(), Position: position(from)})
	}
	return list, position(from), nil
}

func position(seq int64) activitylog.Position {
	return activitylog.Position(strconv.FormatInt(seq, 10))
}

// Durability tells that all goes with the process.
func (s *Store) Durability(context.Context) (string, error) { return "none", nil }
