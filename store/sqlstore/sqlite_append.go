package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

const (
	sqliteInsert = `INSERT INTO activitylog_events (key, seq, ` + columns + `, search_text) VALUES (` +
		`?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqliteState = `SELECT coalesce((SELECT max(key) FROM activitylog_events), -9223372036854775808),
		max(coalesce((SELECT max(seq) FROM activitylog_events), 0), (SELECT value FROM activitylog_numbers WHERE name = 'seq_floor')),
		(SELECT value FROM activitylog_numbers WHERE name = 'spread')`
	sqliteLastKey = `SELECT max(key) FROM activitylog_events WHERE key >= ? AND key < ?`
	sqliteSame    = `SELECT ` + selected + ` FROM activitylog_events e WHERE e.id = ? AND e.org = ?`
)

// textInsert writes terms into the index. It is a statement of its own and no trigger: inside a trigger the index
// would write a segment for every row.
func textInsert(module string) string {
	if module == "fts4" {
		return `INSERT INTO activitylog_text (docid, search_text) VALUES (?, ?)`
	}
	return `INSERT INTO activitylog_text (rowid, search_text) VALUES (?, ?)`
}

// executor runs statements, prepared ones on the write connection or plain ones in a host's transaction.
type executor interface {
	exec(ctx context.Context, text string, args ...any) (sql.Result, error)
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

type txExecutor struct{ tx activitylog.Tx }

func (x txExecutor) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return x.tx.ExecContext(ctx, text, args...)
}

func (x txExecutor) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return x.tx.QueryContext(ctx, text, args...)
}

type writerExecutor struct{ w *sqliteWriter }

func (x writerExecutor) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := x.w.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (x writerExecutor) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := x.w.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (b *sqlite) append(ctx context.Context, events []activitylog.Event) error {
	module, err := b.textModule(ctx)
	if err != nil {
		return err
	}
	terms := make([]string, len(events))
	for i := range events { // outside the transaction, which is short
		terms[i] = termsOf(&events[i])
	}
	var seen []string
	err = b.writer.do(ctx, func(*sql.Conn) error {
		a := appender{b: b, x: writerExecutor{&b.writer}, module: module}
		err := a.run(ctx, events, terms)
		seen = a.orgs
		return err
	})
	if err == nil {
		for _, org := range seen {
			b.known.Store(org, true)
		}
	}
	return err
}

func (b *sqlite) appendTx(ctx context.Context, tx activitylog.Tx, events []activitylog.Event) error {
	module, err := b.textModule(ctx)
	if err != nil {
		return err
	}
	terms := make([]string, len(events))
	for i := range events {
		terms[i] = termsOf(&events[i])
	}
	// Every organization is written again: the host may roll back.
	a := appender{b: b, x: txExecutor{tx}, module: module, foreign: true}
	// A write first takes the lock that makes what is read next true until the end.
	if _, err := tx.ExecContext(ctx, `UPDATE activitylog_numbers SET value = value WHERE name = 'spread'`); err != nil {
		return err
	}
	return a.run(ctx, events, terms)
}

// appender inserts events inside one transaction that holds the write lock.
type appender struct {
	b       *sqlite
	x       executor
	module  string
	foreign bool // the transaction is the host's
	newest  int64
	seq     int64
	spread  int64
	orgs    []string // newly written
}

func (a *appender) run(ctx context.Context, events []activitylog.Event, terms []string) error {
	// Statements of the own connection cannot wait, so that they need no watching of ctx, which costs a goroutine each.
	sctx := ctx
	if !a.foreign {
		sctx = context.WithoutCancel(ctx)
	}
	rows, err := a.x.query(sctx, sqliteState)
	if err != nil {
		return err
	}
	state, err := collect(rows, nil, func(rows *sql.Rows) ([3]int64, error) {
		var v [3]int64
		err := rows.Scan(&v[0], &v[1], &v[2])
		return v, err
	})
	if err != nil {
		return err
	}
	a.newest, a.seq, a.spread = state[0][0], state[0][1], state[0][2]
	spread := a.spread
	// Ascending keys keep both the table and the text index from splitting pages.
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return activitylog.KeyOf(&events[i]).Compare(activitylog.KeyOf(&events[j]))
	})
	for n, i := range order {
		if n%64 == 63 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := a.insert(sctx, &events[i], a.seq+1+int64(i), terms[i]); err != nil {
			return err
		}
	}
	if a.spread != spread {
		_, err = a.x.exec(sctx, `UPDATE activitylog_numbers SET value = ? WHERE name = 'spread'`, a.spread)
	}
	return err
}

func (a *appender) insert(ctx context.Context, e *activitylog.Event, seq int64, terms string) error {
	key, err := a.slot(ctx, e.Time.UnixMicro())
	if err != nil {
		return err
	}
	args := make([]any, 0, columnCount+3)
	args = append(args, key, seq)
	args = appendValues(args, e, e.ID[:])
	args = append(args, terms)
	if _, err := a.x.exec(ctx, sqliteInsert, args...); err != nil {
		return a.duplicate(ctx, e, err)
	}
	if _, err := a.x.exec(ctx, textInsert(a.module), key, terms); err != nil {
		return err
	}
	a.newest = max(a.newest, key)
	return a.org(ctx, e.Org)
}

// slot finds a free key for an event at us.
func (a *appender) slot(ctx context.Context, us int64) (int64, error) {
	first := keyOf(us)
	if first > a.newest {
		return first, nil
	}
	// As far as events of this microsecond may lie, the key behind the last one is free, unless it is out of reach.
	for reach := a.spread; ; reach = 2*reach + 1 {
		rows, err := a.x.query(ctx, sqliteLastKey, first, keyOf(us+reach+1))
		last, err := collect(rows, err, func(rows *sql.Rows) (sql.NullInt64, error) {
			var v sql.NullInt64
			err := rows.Scan(&v)
			return v, err
		})
		if err != nil {
			return 0, err
		}
		if !last[0].Valid {
			return first, nil
		}
		if key := last[0].Int64 + 1; key>>slotBits <= us+reach {
			a.spread = max(a.spread, key>>slotBits-us)
			return key, nil
		}
	}
}

// duplicate decides on an insert that failed: the event may be there already.
func (a *appender) duplicate(ctx context.Context, e *activitylog.Event, failure error) error {
	rows, err := a.x.query(ctx, sqliteSame, e.ID[:], e.Org)
	found, err := collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, 0) })
	switch {
	case err != nil || len(found) == 0:
		return failure
	case found[0].event.SameContent(e):
		return nil
	}
	return &activitylog.ConflictError{ID: e.ID}
}

func (a *appender) org(ctx context.Context, org string) error {
	if _, known := a.b.known.Load(org); known && !a.foreign || slices.Contains(a.orgs, org) {
		return nil
	}
	a.orgs = append(a.orgs, org)
	_, err := a.x.exec(ctx, `INSERT INTO activitylog_orgs VALUES (?) ON CONFLICT DO NOTHING`, org)
	return err
}

// tail implements backend: one writer at a time makes seq the order of commits.
func (b *sqlite) tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	w := b.newBuilder()
	if after == activitylog.End {
		w.write(`SELECT max(coalesce((SELECT max(seq) FROM activitylog_events), 0),
			(SELECT value FROM activitylog_numbers WHERE name = 'seq_floor'))`)
		rows, err := b.s.query(ctx, w)
		seq, err := collect(rows, err, scanNumber)
		if err != nil {
			return nil, "", err
		}
		return nil, numberPosition(seq[0]), nil
	}
	from, err := parseNumberPosition(after)
	if err != nil {
		return nil, "", err
	}
	w.write("SELECT "+selected+", e.seq FROM activitylog_events e WHERE e.seq > ? ORDER BY e.seq LIMIT ?", from, limit)
	rows, err := b.s.query(ctx, w)
	found, err := collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, 1) })
	if err != nil {
		return nil, "", err
	}
	list := make([]activitylog.Tailed, len(found))
	for i, r := range found {
		from = r.extra[0]
		list[i] = activitylog.Tailed{Event: r.event, Position: numberPosition(from)}
	}
	return list, numberPosition(from), nil
}

func numberPosition(n int64) activitylog.Position { return activitylog.Position(fmt.Sprint(n)) }

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

// change implements backend.
func (b *sqlite) change(ctx context.Context, f func(changer) error) error {
	module, err := b.textModule(ctx)
	if err != nil {
		return err
	}
	return b.writer.do(ctx, func(c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, `UPDATE activitylog_numbers SET value = 1 WHERE name = 'guard'`); err != nil {
			return err
		}
		if err := f(&sqliteChanger{ctx: ctx, c: c, module: module}); err != nil {
			return err
		}
		_, err := c.ExecContext(ctx, `UPDATE activitylog_numbers SET value = 0 WHERE name = 'guard'`)
		return err
	})
}

type sqliteChanger struct {
	ctx    context.Context
	c      *sql.Conn
	module string
}

// find returns the key, seq and terms of an event, or false if it is gone.
func (x *sqliteChanger) find(e *activitylog.Event) (key, seq int64, terms string, ok bool, err error) {
	err = x.c.QueryRowContext(x.ctx, `SELECT key, seq, search_text FROM activitylog_events WHERE id = ? AND org = ?`,
		bytes.Clone(e.ID[:]), e.Org).Scan(&key, &seq, &terms)
	if err == sql.ErrNoRows {
		return 0, 0, "", false, nil
	}
	return key, seq, terms, err == nil, err
}

// unindex takes the terms of a row out of the text index, which needs the row to be still there.
func (x *sqliteChanger) unindex(key int64, terms string) error {
	if x.module == "fts4" {
		_, err := x.c.ExecContext(x.ctx, `DELETE FROM activitylog_text WHERE docid = ?`, key)
		return err
	}
	_, err := x.c.ExecContext(x.ctx, `INSERT INTO activitylog_text (activitylog_text, rowid, search_text) VALUES ('delete', ?, ?)`, key, terms)
	return err
}

func (x *sqliteChanger) remove(e *activitylog.Event) (bool, error) {
	key, seq, terms, ok, err := x.find(e)
	if !ok || err != nil {
		return false, err
	}
	if err := x.unindex(key, terms); err != nil {
		return false, err
	}
	if _, err := x.c.ExecContext(x.ctx, `DELETE FROM activitylog_events WHERE key = ?`, key); err != nil {
		return false, err
	}
	_, err = x.c.ExecContext(x.ctx, `UPDATE activitylog_numbers SET value = max(value, ?) WHERE name = 'seq_floor'`, seq)
	return err == nil, err
}

func (x *sqliteChanger) rewrite(e *activitylog.Event) (bool, error) {
	key, _, terms, ok, err := x.find(e)
	if !ok || err != nil {
		return false, err
	}
	if err := x.unindex(key, terms); err != nil {
		return false, err
	}
	now := termsOf(e)
	args := appendValues(nil, e, e.ID[:])
	set := strings.ReplaceAll(columns, ",", " = ?,") + " = ?, search_text = ?"
	if _, err := x.c.ExecContext(x.ctx, "UPDATE activitylog_events SET "+set+" WHERE key = ?", append(args, now, key)...); err != nil {
		return false, err
	}
	_, err = x.c.ExecContext(x.ctx, textInsert(x.module), key, now)
	return err == nil, err
}
