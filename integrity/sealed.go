package integrity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Record is Record of the log, and returns once the event is sealed too. Callers at the same time share seals. An error
// that wraps ErrNotSealed, as when ctx ends first, means that the event is durable and its seal is yet to come. On
// PostgreSQL a transaction that stays open delays the seal of what was recorded after it began.
func (s *Sealer) Record(ctx context.Context, e activitylog.Event) (uuid.UUID, error) {
	id, err := s.log.Record(ctx, e)
	if err != nil {
		return id, err
	}
	if err := s.await(ctx, id); err != nil {
		return id, fmt.Errorf("%w: %w", ErrNotSealed, err)
	}
	return id, nil
}

// await seals until an event is sealed, by whomever.
func (s *Sealer) await(ctx context.Context, id uuid.UUID) error {
	var events []activitylog.Event // of whatever organization: the log may have filled it in
	for e, err := range s.log.AllOrgs().Events(ctx, activitylog.Query{Filter: activitylog.IDIs(id)}) {
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		if _, err := s.Seal(ctx); err != nil {
			return err
		}
		sealed, err := s.hasAll(ctx, events)
		if err != nil || sealed {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Sealer) hasAll(ctx context.Context, events []activitylog.Event) (sealed bool, err error) {
	err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		for i := range events {
			if err := s.has(tx, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrNotSealed) {
		return false, nil
	}
	return err == nil, err
}

// has returns ErrNotSealed unless an event is sealed.
func (s *Sealer) has(tx activitylog.SpaceTx, e *activitylog.Event) error {
	var number uint32
	var t tree
	known, err := s.keys.getRow(tx, orgKey(e.Org), &number)
	if err == nil && known {
		_, err = s.keys.getRow(tx, numberKey('s', number), &t)
	}
	if err != nil {
		return err
	}
	entry, reason := s.keys.macs().authentic(e)
	if reason != "" {
		return fmt.Errorf("the event cannot be followed to its seal: %s", reason)
	}
	if t.Size == 0 {
		return ErrNotSealed
	}
	_, err = indexOf(tx, number, t.Min, t.Size, e.Recorded.UnixMicro(), entry)
	return err
}
