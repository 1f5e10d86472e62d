package sqlstore

import (
	"context"
	"database/sql"
	"slices"

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

// writerExecutor looks at ctx before each statement alone: on this connection none can wait, and to watch one costs a
// goroutine.
type writerExecutor struct{ w *sqliteWriter }

func (x writerExecutor) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := x.w.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(context.WithoutCancel(ctx), args...)
}

func (x writerExecutor) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := x.w.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.WithoutCancel(ctx), args...)
}

func (b *sqlite) append(ctx context.Context, events []activitylog.Event) error {
	module, err := b.textModule(ctx)
	if err != nil {
		return err
	}
	encoded := encode(events)
	defer encoded.stop()
	a := appender{b: b, x: writerExecutor{&b.writer}, module: module}
	err = b.writer.do(ctx, func(*sql.Conn) error { return a.run(ctx, events, encoded) })
	if err == nil {
		b.s.fresh.add(a.seq, events, a.places)
		for _, org := range a.orgs {
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
	// Every organization is written again: the host may roll back.
	a := appender{b: b, x: txExecutor{tx}, module: module, foreign: true}
	// A write first takes the lock that makes what is read next true until the end.
	if _, err := tx.ExecContext(ctx, `UPDATE activitylog_numbers SET value = value WHERE name = 'spread'`); err != nil {
		return err
	}
	encoded := encode(events)
	defer encoded.stop()
	return a.run(ctx, events, encoded)
}

// appender inserts events inside one transaction that holds the write lock.
type appender struct {
	b       *sqlite
	x       executor
	module  string
	foreign bool // the transaction is the host's
	newest  int64
	seq     int64 // the highest before
	spread  int64
	orgs    []string // newly written
	places  []place  // of the events that were inserted
}

// place is where an event of a batch stands in the order of commits.
type place struct {
	index int
	seq   int64
}

func (a *appender) run(ctx context.Context, events []activitylog.Event, encoded *encoding) error {
	if err := a.readState(ctx); err != nil {
		return err
	}
	spread := a.spread
	// All rows before all terms: the trigger of a row opens a savepoint, at which the text index would write out what
	// it gathered so far, a segment for every row.
	added := make([]indexedRow, 0, len(events))
	for r := range encoded.rows {
		seq := a.seq + 1 + int64(r.index)
		key, ok, err := a.insert(ctx, &events[r.index], seq, r)
		if err != nil {
			return err
		}
		if ok {
			added = append(added, indexedRow{key, r.text})
			a.places = append(a.places, place{r.index, seq})
		}
	}
	index := textInsert(a.module)
	for _, r := range added {
		if _, err := a.x.exec(ctx, index, r.key, r.text); err != nil {
			return err
		}
	}
	if a.spread != spread {
		_, err := a.x.exec(ctx, `UPDATE activitylog_numbers SET value = ? WHERE name = 'spread'`, a.spread)
		return err
	}
	return nil
}

func (a *appender) readState(ctx context.Context) error {
	rows, err := a.x.query(ctx, sqliteState)
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		return struct{}{}, rows.Scan(&a.newest, &a.seq, &a.spread)
	})
	return err
}

// indexedRow is what the text index gets for one event.
type indexedRow struct {
	key  int64
	text string
}

// insert stores one event and returns its key, or false if it is there already.
func (a *appender) insert(ctx context.Context, e *activitylog.Event, seq int64, r encodedRow) (int64, bool, error) {
	key, err := a.slot(ctx, e.Time.UnixMicro())
	if err != nil {
		return 0, false, err
	}
	r.args[0], r.args[1] = key, seq
	if _, err := a.x.exec(ctx, sqliteInsert, append(r.args, r.text)...); err != nil {
		return 0, false, a.duplicate(ctx, e, err)
	}
	a.newest = max(a.newest, key)
	return key, true, a.org(ctx, e.Org)
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
