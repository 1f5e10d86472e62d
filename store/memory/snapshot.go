package memory

import (
	"context"
	"errors"
	"slices"

	"github.com/activitylog/activitylog"
)

// Snapshot runs f over the events and spaces as they are together at one moment, which is copied for it.
func (s *Store) Snapshot(ctx context.Context, f func(activitylog.Tailer, activitylog.Spacer) error) error {
	c := s.copied()
	if err := ctx.Err(); err != nil {
		return err
	}
	return f(c, frozen{c})
}

// frozen are spaces that can only be read.
type frozen struct{ s *Store }

func (f frozen) Space(name string) activitylog.Space { return frozenSpace{f.s.Space(name)} }

type frozenSpace struct{ activitylog.Space }

func (frozenSpace) Update(context.Context, func(activitylog.SpaceTx) error) error {
	return errors.New("a snapshot can only be read")
}

// copied is a store with what Tail and the views of spaces read.
func (s *Store) copied() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Store{last: s.last, spaces: map[string]*space{}}
	for _, e := range s.log {
		own := *e // an erasure replaces the event of an entry
		c.log = append(c.log, &own)
	}
	for name, sp := range s.spaces {
		sp.mu.Lock()
		sp.sortKeys()
		own := &space{values: make(map[string][]byte, len(sp.values)), keys: slices.Clone(sp.keys)}
		for k, v := range sp.values {
			own.values[k] = v // replaced as a whole, never changed
		}
		c.spaces[name] = own
		sp.mu.Unlock()
	}
	return c
}
