package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
)

// SetOpenings gives events an opening that have none, as to those that a log had before it was sealed, in one transaction.
// Of an event, Org, ID and Opening count. Those that are gone, or have an opening, are left as they are. Whoever may not
// do that gets an error that wraps errors.ErrUnsupported: on PostgreSQL it takes the right to update that column.
func (s *Store) SetOpenings(ctx context.Context, events []activitylog.Event) error {
	events = slices.SortedFunc(slices.Values(events), lockOrder)
	err := s.back.change(ctx, func(c changer) error {
		for i := range events {
			if err := c.open(&events[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if sqlState(err) == noPrivilege {
		return fmt.Errorf("sqlstore: %w: GRANT UPDATE (opening) ON activitylog_events to the role: %w", errors.ErrUnsupported, err)
	}
	return err
}

func (x *sqliteChanger) open(e *activitylog.Event) error {
	return x.exec(`UPDATE activitylog_events SET opening = ? WHERE id = ? AND org = ? AND coalesce(length(opening), 0) = 0`,
		e.Opening, bytes.Clone(e.ID[:]), e.Org)
}

func (x *pgChanger) open(e *activitylog.Event) error {
	_, err := x.tx.ExecContext(x.ctx, `UPDATE activitylog_events SET opening = $1 WHERE org = $2 AND id = $3 AND coalesce(length(opening), 0) = 0`,
		e.Opening, e.Org, e.ID.String())
	return err
}
