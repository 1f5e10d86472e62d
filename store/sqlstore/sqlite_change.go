package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/google/uuid"
)

// change implements backend.
func (b *sqlite) change(ctx context.Context, f func(changer) error) error {
	module, err := b.textModule(ctx)
	if err != nil {
		return err
	}
	defer b.s.fresh.forget()
	return b.writer.do(ctx, func(*sql.Conn) error {
		x := &sqliteChanger{ctx: ctx, x: writerExecutor{&b.writer}, module: module}
		if err := x.exec(`UPDATE activitylog_numbers SET value = 1 WHERE name = 'guard'`); err != nil {
			return err
		}
		if err := f(x); err != nil {
			return err
		}
		return x.exec(`UPDATE activitylog_numbers SET value = 0 WHERE name = 'guard'`)
	})
}

type sqliteChanger struct {
	ctx    context.Context
	x      executor
	module string
}

// stored is what there is of an event besides its columns.
type stored struct {
	key, seq, time int64
	text           string
}

// find returns false if the event is gone.
func (x *sqliteChanger) find(org string, id uuid.UUID) (s stored, ok bool, err error) {
	rows, err := x.x.query(x.ctx, `SELECT key, seq, time, search_text FROM activitylog_events WHERE id = ? AND org = ?`, id[:], org)
	list, err := collect(rows, err, func(rows *sql.Rows) (s stored, err error) {
		return s, rows.Scan(&s.key, &s.seq, &s.time, &s.text)
	})
	if err != nil || len(list) == 0 {
		return s, false, err
	}
	return list[0], true, nil
}

// unindex takes a row out of the text index, which needs the row to be still there.
func (x *sqliteChanger) unindex(s stored) error {
	if x.module == "fts4" {
		return x.exec(`DELETE FROM activitylog_text WHERE docid = ?`, s.key)
	}
	return x.exec(`INSERT INTO activitylog_text (activitylog_text, rowid, search_text) VALUES ('delete', ?, ?)`, s.key, s.text)
}

func (x *sqliteChanger) exec(text string, args ...any) error {
	_, err := x.x.exec(x.ctx, text, args...)
	return err
}

func (x *sqliteChanger) current(e *activitylog.Event) (bool, error) {
	rows, err := x.x.query(x.ctx, "SELECT "+selected+" FROM activitylog_events e WHERE e.id = ? AND e.org = ?", bytes.Clone(e.ID[:]), e.Org)
	return only(e, rows, err)
}

// only puts the event of the only row into e, and returns false if there is none.
func only(e *activitylog.Event, rows *sql.Rows, err error) (bool, error) {
	list, err := collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, 0) })
	if err != nil || len(list) == 0 {
		return false, err
	}
	*e = list[0].event
	return true, nil
}

func (x *sqliteChanger) rewrite(e *activitylog.Event) (bool, error) {
	s, ok, err := x.find(e.Org, e.ID)
	if !ok || err != nil {
		return false, err
	}
	if err := x.unindex(s); err != nil {
		return false, err
	}
	text := terms.Of(e)
	args := append(appendValues(nil, e, e.ID[:]), text, s.key)
	set := strings.ReplaceAll(columns, ",", " = ?,") + " = ?, search_text = ?"
	if err := x.exec("UPDATE activitylog_events SET "+set+" WHERE key = ?", args...); err != nil {
		return false, err
	}
	err = x.exec(textInsert(x.module), s.key, text)
	return err == nil, err
}
