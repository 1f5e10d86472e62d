package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/activitylog/activitylog"
)

// evidence are the columns of TailEvidence, before the place of a row.
const evidence = "e.org, e.id, e.recorded, e.action, e.leaf"

func scanEvidence(rows *sql.Rows) (row, error) {
	r := row{extra: make([]int64, 1)}
	var recorded int64
	err := rows.Scan(&r.event.Org, &r.event.ID, &recorded, &r.event.Action, &r.event.Leaf, &r.extra[0])
	r.event.Recorded = time.UnixMicro(recorded).UTC()
	return r, err
}

func (b *sqlite) tailEvidence(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	from, err := parseNumberPosition(after)
	if err != nil {
		return nil, "", err
	}
	w := b.newBuilder()
	w.write("SELECT "+evidence+", e.seq FROM activitylog_events e WHERE e.seq > ? ORDER BY e.seq LIMIT ?", from, limit)
	return b.tailed(ctx, w, from, scanEvidence)
}

func (b *postgres) tailEvidence(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	from, err := parsePGPosition(after)
	if err != nil {
		return nil, "", err
	}
	w := b.newBuilder()
	w.write("SELECT "+evidence+", e.xact::text FROM activitylog_events e "+
		"WHERE (e.xact, e.id, e.org) > (?::xid8, ?, ?) AND e.xact < "+horizon+
		" ORDER BY e.xact, e.id, e.org LIMIT ?", strconv.FormatUint(from.xact, 10), from.id.String(), from.org, limit)
	return b.tailed(ctx, w, from, scanEvidence)
}

// scanPlaced reads an event and its place.
func scanPlaced(rows *sql.Rows) (row, error) { return scanRow(rows, 1) }
