package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// evidence are the columns of TailEvidence, before the place of a row.
const evidence = "e.org, e.id, e.recorded, e.action, e.leaf"

// eachEvidence reads the rows of a query into one event and calls f with it and its place, which is a number.
func (s *Store) eachEvidence(ctx context.Context, w *builder, f func(e *activitylog.Event, place int64)) error {
	rows, err := s.query(ctx, w)
	if err != nil {
		return err
	}
	defer rows.Close()
	var e activitylog.Event
	var org, id, action sql.RawBytes
	var recorded, place int64
	for rows.Next() {
		if err := rows.Scan(&org, &id, &recorded, &action, &e.Leaf, &place); err != nil {
			return err
		}
		if e.ID, err = scanID(id); err != nil {
			return &DamagedError{Org: string(org), Err: err}
		}
		e.Org, e.Action = same(e.Org, org), same(e.Action, action)
		e.Recorded = time.UnixMicro(recorded).UTC()
		f(&e, place)
	}
	return rows.Err()
}

// same returns s if b says the same, which saves a copy in most rows.
func same(s string, b []byte) string {
	if s == string(b) {
		return s
	}
	return string(b)
}

// scanID reads an id in either of the forms in which drivers hand it out.
func scanID(b []byte) (uuid.UUID, error) {
	if len(b) == 16 {
		return uuid.FromBytes(b)
	}
	return uuid.ParseBytes(b)
}
