package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/activitylog/activitylog"
)

// tail implements backend: one writer at a time makes seq the order of commits.
func (b *sqlite) tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	if after == activitylog.End {
		end, err := b.end(ctx)
		return nil, end, err
	}
	from, err := parseNumberPosition(after)
	if err != nil {
		return nil, "", err
	}
	w := b.behind(selected, from)
	w.write(" LIMIT ?", limit)
	return b.tailed(ctx, w, from)
}

// end is the position behind all events.
func (b *sqlite) end(ctx context.Context) (activitylog.Position, error) {
	w := b.newBuilder()
	w.write(`SELECT max(coalesce((SELECT max(seq) FROM activitylog_events), 0),
		(SELECT value FROM activitylog_numbers WHERE name = 'seq_floor'))`)
	rows, err := b.s.query(ctx, w)
	seq, err := collect(rows, err, scanNumber)
	if err != nil {
		return "", err
	}
	return numberPosition(seq[0]), nil
}

// behind begins a query for columns of the rows behind a place, and that place, in their order.
func (b *sqlite) behind(columns string, from int64) *builder {
	w := b.newBuilder()
	w.write("SELECT "+columns+", e.seq FROM activitylog_events e WHERE e.seq > ? ORDER BY e.seq", from)
	return w
}

func (b *sqlite) tailEach(ctx context.Context, after activitylog.Position, limit int, columns string, each rowReader, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	if after == activitylog.End {
		return b.end(ctx)
	}
	from, err := parseNumberPosition(after)
	if err != nil {
		return "", err
	}
	w := b.behind(columns, from)
	w.write(" LIMIT ?", limit)
	next := numberPosition(from)
	err = each(w, func(e *activitylog.Event, place int64) {
		next = numberPosition(place)
		f(e, next)
	})
	return next, err
}

// tailed runs a query for rows with their seq.
func (b *sqlite) tailed(ctx context.Context, w *builder, from int64) ([]activitylog.Tailed, activitylog.Position, error) {
	rows, err := b.s.query(ctx, w)
	list, err := collect(rows, err, func(rows *sql.Rows) (activitylog.Tailed, error) {
		r, err := scanRow(rows, 1)
		if err == nil {
			from = r.extra[0]
		}
		return activitylog.Tailed{Event: r.event, Position: numberPosition(from)}, err
	})
	if err != nil {
		return nil, "", err
	}
	return list, numberPosition(from), nil
}

func numberPosition(n int64) activitylog.Position {
	return activitylog.Position(strconv.FormatInt(n, 10))
}

func parseNumberPosition(p activitylog.Position) (int64, error) {
	if p == "" {
		return 0, nil
	}
	var n int64
	if _, err := fmt.Sscanf(string(p), "%d", &n); err != nil || n < 0 || strings.TrimLeft(string(p), "0123456789") != "" {
		return 0, fmt.Errorf("%w: %q is no position of this store", activitylog.ErrInvalid, p)
	}
	return n, nil
}
