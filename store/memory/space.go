package memory

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/activitylog/activitylog"
)

// space is one ordered key-value table. Updates collect their changes and apply them at the end.
type space struct {
	mu     sync.RWMutex
	values map[string][]byte
	keys   []string // sorted; nil after keys came or went
}

// Space implements activitylog.Spacer.
func (s *Store) Space(name string) activitylog.Space {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp := s.spaces[name]
	if sp == nil {
		sp = &space{values: map[string][]byte{}}
		s.spaces[name] = sp
	}
	return sp
}

// Update implements activitylog.Space.
func (s *space) Update(ctx context.Context, f func(activitylog.SpaceTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sortKeys()
	tx := &spaceTx{space: s, changed: map[string][]byte{}}
	if err := f(tx); err != nil {
		return err
	}
	for k, v := range tx.changed {
		_, had := s.values[k]
		if v == nil {
			delete(s.values, k)
		} else {
			s.values[k] = v
		}
		if had != (v != nil) {
			s.keys = nil
		}
	}
	return nil
}

// View implements activitylog.Space.
func (s *space) View(ctx context.Context, f func(activitylog.SpaceTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	s.sortKeys()
	s.mu.Unlock()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f(&spaceTx{space: s})
}

func (s *space) sortKeys() {
	if s.keys == nil {
		s.keys = slices.Sorted(maps.Keys(s.values))
	}
}

// spaceTx is a transaction: what it changed lies over the space. changed is nil in a View.
type spaceTx struct {
	space   *space
	changed map[string][]byte // nil values are deletions
}

var errReadOnly = errors.New("a view of a space cannot change it")

func (t *spaceTx) Get(key []byte) ([]byte, bool, error) {
	v, ok := t.changed[string(key)]
	if !ok {
		v = t.space.values[string(key)]
	}
	return slices.Clone(v), v != nil, nil
}

func (t *spaceTx) Put(key, value []byte) error {
	if t.changed == nil {
		return errReadOnly
	}
	t.changed[string(key)] = append([]byte{}, value...)
	return nil
}

func (t *spaceTx) Delete(key []byte) error {
	if t.changed == nil {
		return errReadOnly
	}
	t.changed[string(key)] = nil
	return nil
}

func (t *spaceTx) Range(from, to []byte) iter.Seq2[activitylog.Pair, error] {
	inside := func(k string) bool { return k >= string(from) && (to == nil || k < string(to)) }
	var keys []string
	i, _ := slices.BinarySearch(t.space.sorted(), string(from))
	for _, k := range t.space.sorted()[i:] {
		if !inside(k) {
			break
		}
		if _, ok := t.changed[k]; !ok {
			keys = append(keys, k)
		}
	}
	for k, v := range t.changed {
		if v != nil && inside(k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return func(yield func(activitylog.Pair, error) bool) {
		for _, k := range keys {
			v, ok, _ := t.Get([]byte(k))
			if ok && !yield(activitylog.Pair{Key: []byte(k), Value: v}, nil) {
				return
			}
		}
	}
}

// sorted returns the keys in order. A View that runs beside nothing else may find them unsorted by a former Update.
func (s *space) sorted() []string {
	if s.keys == nil && len(s.values) > 0 {
		return slices.Sorted(maps.Keys(s.values))
	}
	return s.keys
}
