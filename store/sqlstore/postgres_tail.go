package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/google/uuid"
)

// A position on PostgreSQL is the order of an event, which is that of its transaction, and its key within. A sequence
// would not do: a slow transaction with a lower number commits later and would be skipped. Reading only below the oldest
// transaction that still runs makes sure that nothing appears behind a position.
type pgPosition struct {
	xact uint64
	id   uuid.UUID
	org  string
}

func (p pgPosition) String() string {
	return fmt.Sprintf("%d.%s.%s", p.xact, p.id, base64.RawURLEncoding.EncodeToString([]byte(p.org)))
}

func parsePGPosition(s activitylog.Position) (pgPosition, error) {
	if s == "" {
		return pgPosition{}, nil
	}
	var p pgPosition
	parts := strings.Split(string(s), ".")
	if len(parts) == 3 {
		xact, err1 := strconv.ParseUint(parts[0], 10, 64)
		id, err2 := uuid.Parse(parts[1])
		org, err3 := base64.RawURLEncoding.DecodeString(parts[2])
		if err1 == nil && err2 == nil && err3 == nil {
			return pgPosition{xact, id, string(org)}, nil
		}
	}
	return p, fmt.Errorf("%w: %q is no position of this store", activitylog.ErrInvalid, s)
}

func (b *postgres) tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	if after == activitylog.End {
		end, err := b.end(ctx)
		return nil, end, err
	}
	from, err := parsePGPosition(after)
	if err != nil {
		return nil, "", err
	}
	w := b.behind(selected, from, settledOnly)
	w.write(" LIMIT ?", limit)
	return b.tailed(ctx, w, from)
}

// end is the position behind all events that followers can see.
func (b *postgres) end(ctx context.Context) (activitylog.Position, error) {
	var xact uint64
	if err := b.db.QueryRowContext(ctx, `SELECT `+horizon+`::text`).Scan(&xact); err != nil {
		return "", err
	}
	return activitylog.Position(pgPosition{xact: xact - 1, id: uuid.Max}.String()), nil
}

// settledOnly leaves out what followers must not see yet.
const settledOnly = " AND e.xact < " + horizon

// behind begins a query for columns of the rows behind a position, and their place, in their order.
func (b *postgres) behind(columns string, from pgPosition, and string) *builder {
	w := b.newBuilder()
	w.write("SELECT "+columns+", e.xact::text FROM activitylog_events e WHERE (e.xact, e.id, e.org) > (?::xid8, ?, ?)"+and+" ORDER BY e.xact, e.id, e.org",
		strconv.FormatUint(from.xact, 10), from.id.String(), from.org)
	return w
}

func (b *postgres) tailEach(ctx context.Context, after activitylog.Position, limit int, columns string, each rowReader, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	if after == activitylog.End {
		return b.end(ctx)
	}
	from, err := parsePGPosition(after)
	if err != nil {
		return "", err
	}
	w := b.behind(columns, from, settledOnly)
	w.write(" LIMIT ?", limit)
	next := activitylog.Position(from.String())
	err = each(w, func(e *activitylog.Event, place int64) {
		next = activitylog.Position(pgPosition{uint64(place), e.ID, e.Org}.String())
		f(e, next)
	})
	return next, err
}

// tailed runs a query for rows with their transaction.
func (b *postgres) tailed(ctx context.Context, w *builder, from pgPosition) ([]activitylog.Tailed, activitylog.Position, error) {
	rows, err := b.s.query(ctx, w)
	list, err := collect(rows, err, func(rows *sql.Rows) (activitylog.Tailed, error) {
		r, err := scanRow(rows, 1)
		if err == nil {
			from = pgPosition{uint64(r.extra[0]), r.event.ID, r.event.Org}
		}
		return activitylog.Tailed{Event: r.event, Position: activitylog.Position(from.String())}, err
	})
	if err != nil {
		return nil, "", err
	}
	return list, activitylog.Position(from.String()), nil
}

// change implements backend.
func (b *postgres) change(ctx context.Context, f func(changer) error) error {
	return b.transact(ctx, nil, func(tx *sql.Tx) error {
		if err := b.ensureDurable(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `SET LOCAL activitylog.guard = 'open'`); err != nil {
			return err
		}
		return f(&pgChanger{ctx, tx})
	})
}

type pgChanger struct {
	ctx context.Context
	tx  *sql.Tx
}

func (x *pgChanger) current(e *activitylog.Event) (bool, error) {
	rows, err := x.tx.QueryContext(x.ctx, "SELECT "+selected+" FROM activitylog_events e WHERE e.org = $1 AND e.id = $2 FOR UPDATE", e.Org, e.ID.String())
	return only(e, rows, err)
}

func (x *pgChanger) rewrite(e *activitylog.Event) (bool, error) {
	w := builder{dollar: true}
	args := append(appendValues(nil, e, e.ID.String()), tsvector(terms.Of(e)))
	w.write("UPDATE activitylog_events SET ")
	for i, column := range strings.Split(postgresColumns, ", ") {
		if i > 0 {
			w.write(", ")
		}
		w.write(column+" = ?", args[i])
	}
	w.write(" WHERE org = ? AND id = ?", e.Org, e.ID.String())
	return affected(x.tx.ExecContext(x.ctx, w.String(), w.args...))
}

func affected(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// update implements backend: the lock row orders the transactions of one space.
func (b *postgres) update(ctx context.Context, name string, f func(*spaceTx) error) error {
	return b.transact(ctx, nil, func(tx *sql.Tx) error {
		if err := b.ensureDurable(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO activitylog_space_locks VALUES ($1) ON CONFLICT DO NOTHING`, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `SELECT 1 FROM activitylog_space_locks WHERE space = $1 FOR UPDATE`, name); err != nil {
			return err
		}
		return f(&spaceTx{ctx: ctx, x: txExecutor{tx}, name: name, builder: b.newBuilder})
	})
}

func (b *postgres) view(ctx context.Context, name string, f func(*spaceTx) error) error {
	return b.reading(ctx, func(tx *sql.Tx) error {
		return f(&spaceTx{ctx: ctx, x: txExecutor{tx}, name: name, builder: b.newBuilder, readOnly: true})
	})
}

func (b *postgres) reading(ctx context.Context, f func(*sql.Tx) error) error {
	return b.transact(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
}
