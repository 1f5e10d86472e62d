package main

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

const batchSize = 1000

// batches records events in batches and counts what was new.
type batches struct {
	log     *activitylog.Log
	skipBad bool
	report  *report
	shown   *progress

	waiting              []imported
	imported, there, bad int64
}

func (b *batches) add(ctx context.Context, e imported) error {
	b.waiting = append(b.waiting, e)
	if len(b.waiting) < batchSize {
		return nil
	}
	return b.flush(ctx)
}

// flush records what waits. An event whose id stands for another one already is a bad line.
func (b *batches) flush(ctx context.Context) error {
	for len(b.waiting) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		known, err := b.known(ctx)
		if err != nil {
			return err
		}
		events := make([]activitylog.Event, len(b.waiting))
		for i, e := range b.waiting {
			events[i] = e.Event
		}
		// What is not at first hand is backfill and decides nothing, so that decisions may be among it.
		_, err = b.log.RecordAll(decision.With(ctx), events)
		var conflict *activitylog.ConflictError
		if errors.As(err, &conflict) {
			i := slices.IndexFunc(b.waiting, func(e imported) bool { return e.ID == conflict.ID })
			if i < 0 {
				return err
			}
			wrong := &lineError{b.waiting[i].place, errConflict}
			if !b.skipBad {
				return wrong
			}
			b.report.add(wrong)
			b.bad++
			b.waiting = slices.Delete(b.waiting, i, i+1)
			continue
		}
		if err != nil {
			return err
		}
		fresh := map[identity]bool{}
		for _, e := range b.waiting {
			if id := (identity{e.Org, e.ID}); !known[id] {
				fresh[id] = true
			}
		}
		b.imported += int64(len(fresh))
		b.there += int64(len(b.waiting) - len(fresh))
		b.shown.add(int64(len(b.waiting)))
		b.waiting = b.waiting[:0]
	}
	return nil
}

var errConflict = errors.New("the log holds this event with another content")

type identity struct {
	org string
	id  uuid.UUID
}

// known finds the waiting events that the log holds already. Those that came into it at first hand are no backfill, and
// stay none when an export of them is imported again.
func (b *batches) known(ctx context.Context) (map[identity]bool, error) {
	ids := map[string][]uuid.UUID{}
	for _, e := range b.waiting {
		ids[e.Org] = append(ids[e.Org], e.ID)
	}
	known, firstHand := map[identity]bool{}, map[identity]bool{}
	for org, list := range ids {
		for e, err := range b.log.Org(org).Events(ctx, activitylog.Query{Filter: activitylog.IDIs(list...)}) {
			if err != nil {
				return nil, err
			}
			id := identity{org, e.ID}
			known[id], firstHand[id] = true, !e.Backfill
		}
	}
	for i := range b.waiting {
		if e := &b.waiting[i]; firstHand[identity{e.Org, e.ID}] {
			e.Backfill = false
		}
	}
	return known, nil
}
