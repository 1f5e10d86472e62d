package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/activitylog/activitylog"
)

// Space implements activitylog.Spacer.
func (s *Store) Space(name string) activitylog.Space { return &space{s.back, name} }

type space struct {
	back backend
	name string
}

func (s *space) Update(ctx context.Context, f func(activitylog.SpaceTx) error) error {
	return s.back.update(ctx, s.name, func(tx *spaceTx) error { return f(tx) })
}

func (s *space) View(ctx context.Context, f func(activitylog.SpaceTx) error) error {
	return s.back.view(ctx, s.name, func(tx *spaceTx) error { return f(tx) })
}

// spaceTx reads and writes one space inside a transaction of the database.
type spaceTx struct {
	ctx      context.Context
	x        executor
	name     string
	builder  func() *builder
	readOnly bool
}

var errReadOnly = errors.New("a view of a space cannot change it")

func (t *spaceTx) exec(text string, args ...any) error {
	if t.readOnly {
		return errReadOnly
	}
	w := t.builder()
	w.write(text, args...)
	_, err := t.x.exec(t.ctx, w.String(), w.args...)
	return err
}

// present is an empty value that is not NULL.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (t *spaceTx) Get(key []byte) ([]byte, bool, error) {
	w := t.builder()
	w.write("SELECT value FROM activitylog_spaces WHERE space = ? AND key = ?", t.name, present(key))
	rows, err := t.x.query(t.ctx, w.String(), w.args...)
	found, err := collect(rows, err, func(rows *sql.Rows) ([]byte, error) {
		var v []byte
		err := rows.Scan(&v)
		return v, err
	})
	if err != nil || len(found) == 0 {
		return nil, false, err
	}
	return present(found[0]), true, nil
}

func (t *spaceTx) Put(key, value []byte) error {
	return t.exec("INSERT INTO activitylog_spaces (space, key, value) VALUES (?, ?, ?) "+
		"ON CONFLICT (space, key) DO UPDATE SET value = excluded.value", t.name, present(key), present(value))
}

func (t *spaceTx) Delete(key []byte) error {
	return t.exec("DELETE FROM activitylog_spaces WHERE space = ? AND key = ?", t.name, present(key))
}

// Range reads in chunks, so that the loop body may use the transaction.
func (t *spaceTx) Range(from, to []byte) iter.Seq2[activitylog.Pair, error] {
	const chunk = 512
	return func(yield func(activitylog.Pair, error) bool) {
		op := ">="
		for {
			w := t.builder()
			w.write("SELECT key, value FROM activitylog_spaces WHERE space = ? AND key "+op+" ?", t.name, present(from))
			if to != nil {
				w.write(" AND key < ?", to)
			}
			w.write(" ORDER BY key LIMIT ?", chunk)
			rows, err := t.x.query(t.ctx, w.String(), w.args...)
			pairs, err := collect(rows, err, func(rows *sql.Rows) (activitylog.Pair, error) {
				var p activitylog.Pair
				err := rows.Scan(&p.Key, &p.Value)
				p.Key, p.Value = present(p.Key), present(p.Value)
				return p, err
			})
			if err != nil {
				yield(activitylog.Pair{}, err)
				return
			}
			for _, p := range pairs {
				if !yield(p, nil) {
					return
				}
			}
			if len(pairs) < chunk {
				return
			}
			from, op = pairs[len(pairs)-1].Key, ">"
		}
	}
}

func (b *sqlite) update(ctx context.Context, name string, f func(*spaceTx) error) error {
	return b.writer.do(ctx, func(*sql.Conn) error {
		if err := f(&spaceTx{ctx: ctx, x: writerExecutor{&b.writer}, name: name, builder: b.newBuilder}); err != nil {
			return &callerError{err}
		}
		return nil
	})
}

// callerError is an error of the caller's function, which says nothing about the database.
type callerError struct{ err error }

func (e *callerError) Error() string        { return e.err.Error() }
func (e *callerError) Unwrap() error        { return e.err }
func (e *callerError) Is(target error) bool { return target == errRolledBack }

func (b *sqlite) view(ctx context.Context, name string, f func(*spaceTx) error) error {
	return b.reading(ctx, func(tx *sql.Tx) error {
		return f(&spaceTx{ctx: ctx, x: txExecutor{tx}, name: name, builder: b.newBuilder, readOnly: true})
	})
}

func (b *sqlite) reading(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, nil) // deferred: one snapshot, no lock
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return f(tx)
}
