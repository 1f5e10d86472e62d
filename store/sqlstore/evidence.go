package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
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

func (b *sqlite) tailEvidence(ctx context.Context, after activitylog.Position, limit int, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	from, err := parseNumberPosition(after)
	if err != nil {
		return "", err
	}
	w := b.newBuilder()
	w.write("SELECT "+evidence+", e.seq FROM activitylog_events e WHERE e.seq > ? ORDER BY e.seq LIMIT ?", from, limit)
	next := numberPosition(from)
	err = b.s.eachEvidence(ctx, w, func(e *activitylog.Event, place int64) {
		next = numberPosition(place)
		f(e, next)
	})
	return next, err
}

func (b *postgres) tailEvidence(ctx context.Context, after activitylog.Position, limit int, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	from, err := parsePGPosition(after)
	if err != nil {
		return "", err
	}
	w := b.newBuilder()
	w.write("SELECT "+evidence+", e.xact::text FROM activitylog_events e "+
		"WHERE (e.xact, e.id, e.org) > (?::xid8, ?, ?) AND e.xact < "+horizon+
		" ORDER BY e.xact, e.id, e.org LIMIT ?", strconv.FormatUint(from.xact, 10), from.id.String(), from.org, limit)
	next := activitylog.Position(from.String())
	err = b.s.eachEvidence(ctx, w, func(e *activitylog.Event, place int64) {
		next = activitylog.Position(pgPosition{uint64(place), e.ID, e.Org}.String())
		f(e, next)
	})
	return next, err
}
