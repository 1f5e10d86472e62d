package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
)

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

// find returns the key and seq of an event with the event as it is stored, or false if it is gone.
func (x *sqliteChanger) find(e *activitylog.Event) (r row, ok bool, err error) {
	rows, err := x.c.QueryContext(x.ctx, `SELECT `+selected+`, e.key, e.seq FROM activitylog_events e WHERE e.id = ? AND e.org = ?`,
		bytes.Clone(e.ID[:]), e.Org)
	found, err := collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, 2) })
	if err != nil || len(found) == 0 {
		return row{}, false, err
	}
	return found[0], true, nil
}

// unindex takes the terms of a stored event out of the text index.
func (x *sqliteChanger) unindex(r *row) error {
	key, text := r.extra[0], terms.Of(&r.event)
	if x.module != "fts4" {
		return x.exec(`INSERT INTO activitylog_text (activitylog_text, rowid, terms) VALUES ('delete', ?, ?)`, key, text)
	}
	if err := x.exec(`INSERT INTO activitylog_leaving VALUES (?, ?)`, key, text); err != nil {
		return err
	}
	if err := x.exec(`DELETE FROM activitylog_text WHERE docid = ?`, key); err != nil {
		return err
	}
	return x.exec(`DELETE FROM activitylog_leaving`)
}

func (x *sqliteChanger) exec(text string, args ...any) error {
	_, err := x.c.ExecContext(x.ctx, text, args...)
	return err
}

func (x *sqliteChanger) remove(e *activitylog.Event) (bool, error) {
	r, ok, err := x.find(e)
	if !ok || err != nil {
		return false, err
	}
	if err := x.unindex(&r); err != nil {
		return false, err
	}
	if err := x.exec(`DELETE FROM activitylog_events WHERE key = ?`, r.extra[0]); err != nil {
		return false, err
	}
	err = x.exec(`UPDATE activitylog_numbers SET value = max(value, ?) WHERE name = 'seq_floor'`, r.extra[1])
	return err == nil, err
}

func (x *sqliteChanger) rewrite(e *activitylog.Event) (bool, error) {
	r, ok, err := x.find(e)
	if !ok || err != nil {
		return false, err
	}
	if err := x.unindex(&r); err != nil {
		return false, err
	}
	args := appendValues(nil, e, e.ID[:])
	set := strings.ReplaceAll(columns, ",", " = ?,") + " = ?"
	if err := x.exec("UPDATE activitylog_events SET "+set+" WHERE key = ?", append(args, r.extra[0])...); err != nil {
		return false, err
	}
	err = x.exec(textInsert(x.module), r.extra[0], terms.Of(e))
	return err == nil, err
}
