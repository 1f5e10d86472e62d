package monitor

import (
	"bytes"
	"context"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/google/uuid"
)

// CheckRollups folds the events of a snapshot anew and tells of the roll-ups, where there are any, that are not the
// figures of their events. changed tells of an organization whether purges removed and erasures emptied events: then sums
// may hold more, and erased names live on until a Rebuild with DropPurged. Its form is that of integrity.DerivedCheck.
func CheckRollups(ctx context.Context, tail activitylog.Tailer, spaces activitylog.Spacer,
	changed func(org string) (purged, erased bool), found func(what, org string),
) error {
	return spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
		h, ok, err := readHead(tx, liveKey)
		if err != nil {
			found("the place of the roll-ups cannot be read", "")
			return nil
		}
		if !ok {
			for range tx.Range([]byte{'o'}, nil) {
				found("there are roll-ups without their place in the log", "")
				break
			}
			return nil
		}
		want, err := recount(ctx, tail, h.Position)
		if err != nil {
			return fmt.Errorf("monitor: check roll-ups: %w", err)
		}
		got, listed, err := readAll(tx, h.Generation)
		if err != nil {
			found("the roll-ups cannot be read: "+err.Error(), "")
			return nil
		}
		for org := range got {
			if want[org] == nil {
				want[org] = &alerts.Figures{}
			}
		}
		for org, w := range want {
			if !listed[org] {
				found("the organization has figures and is not listed among the roll-ups", org)
			}
			if !same(w, got[org], org, changed) {
				found("the roll-ups are not the figures of the events", org)
			}
			delete(listed, org)
		}
		for org := range listed {
			found("the organization is listed among the roll-ups and has no figures", org)
		}
		return nil
	})
}

// recount folds the events up to a place in the log.
func recount(ctx context.Context, tail activitylog.Tailer, until activitylog.Position) (map[string]*alerts.Figures, error) {
	type key struct {
		org string
		id  uuid.UUID
	}
	waiting := map[key]bool{} // for their turn: places cannot be compared
	each := func(from activitylog.Position, f func(*activitylog.Event)) error {
		for {
			events, next, err := tail.Tail(ctx, from, batchSize)
			if err != nil {
				return err
			}
			for i := range events {
				f(&events[i].Event)
			}
			if from = next; len(events) < batchSize {
				return nil
			}
		}
	}
	if err := each(until, func(e *activitylog.Event) { waiting[key{e.Org, e.ID}] = true }); err != nil {
		return nil, err
	}
	var figures alerts.Fold
	err := each("", func(e *activitylog.Event) {
		if !waiting[key{e.Org, e.ID}] {
			figures.Add(e)
		}
	})
	return figures.Figures(), err
}

// readAll reads the figures of a generation, and the list of organizations that have some.
func readAll(tx activitylog.SpaceTx, generation uint32) (map[string]*alerts.Figures, map[string]bool, error) {
	figures, listed := map[string]*alerts.Figures{}, map[string]bool{}
	prefix := orgKey(generation, "")
	for pair, err := range tx.Range(prefix, orgKey(generation+1, "")) {
		if err != nil {
			return nil, nil, err
		}
		listed[string(pair.Key[len(prefix):])] = true
	}
	from := orgPrefix(generation, "")[:generationEnd]
	for pair, err := range tx.Range(from, behind(from)) {
		if err != nil {
			return nil, nil, err
		}
		name, _, ok := bytes.Cut(pair.Key[generationEnd:], []byte{0})
		if !ok {
			return nil, nil, fmt.Errorf("row %x", pair.Key)
		}
		org := string(name)
		if figures[org] == nil {
			figures[org] = &alerts.Figures{}
		}
		if err := figures[org].AddBlock(pair.Value); err != nil {
			return nil, nil, fmt.Errorf("of organization %q: %w", org, err)
		}
	}
	return figures, listed, nil
}

// same tells whether figures are those of the events, or may have been before events went.
func same(want, got *alerts.Figures, org string, changed func(string) (purged, erased bool)) bool {
	if got == nil {
		got = &alerts.Figures{}
	}
	block := got.AppendBlock(nil)
	if bytes.Equal(want.AppendBlock(nil), block) {
		return true
	}
	purged, erased := changed(org)
	if purged && !erased { // with what they hold beyond the events, they must be what they are
		want.Freeze(got)
		return bytes.Equal(want.AppendBlock(nil), block)
	}
	return erased
}
