package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/google/uuid"
)

const (
	copyFrom  = 100 // events in a batch from which COPY pays
	maxValues = 64  // rows of one INSERT, so that few statements are prepared
)

const postgresColumns = columns + ", search"

// pgRow is one event with its values for all columns.
type pgRow struct {
	event *activitylog.Event
	args  []any
}

func pgRows(events []activitylog.Event) []pgRow {
	rows := make([]pgRow, len(events))
	for i := range events {
		e := &events[i]
		args := appendValues(make([]any, 0, columnCount+1), e, e.ID.String())
		rows[i] = pgRow{e, append(args, tsvector(terms.Of(e)))}
	}
	return rows
}

// tsvector writes terms in the text form of PostgreSQL. Terms are letters and digits.
func tsvector(text string) string {
	return "'" + strings.ReplaceAll(text, " ", "' '") + "'"
}

func (b *postgres) append(ctx context.Context, events []activitylog.Event) error {
	rows := pgRows(events)
	orgs := b.newOrgs(events)
	if b.isDurable(ctx) && len(orgs) == 0 && len(rows) <= maxValues && !b.opts.Partitioned {
		done, err := b.insertAlone(ctx, rows)
		if done {
			return err
		}
	}
	if b.opts.Copy && len(rows) >= copyFrom && !b.opts.Partitioned {
		err := b.transact(ctx, nil, func(tx *sql.Tx) error {
			if err := b.begun(ctx, tx, orgs); err != nil {
				return err
			}
			return copyRows(ctx, tx, rows)
		})
		if sqlState(err) != uniqueViolation {
			return b.learn(orgs, err)
		}
		// Some event is there already. COPY cannot skip it.
	}
	if err := b.prepareInserts(ctx, len(rows)); err != nil {
		return err
	}
	err := b.transact(ctx, nil, func(tx *sql.Tx) error {
		if err := b.begun(ctx, tx, orgs); err != nil {
			return err
		}
		return b.insertAll(ctx, tx, rows, b.prepared(tx))
	})
	return b.learn(orgs, err)
}

// insertAlone stores a small batch by one statement that is a transaction of its own, in a single round trip. It is
// not done where an event was there already or the server asks to repeat: that takes a transaction of more statements.
func (b *postgres) insertAlone(ctx context.Context, rows []pgRow) (done bool, err error) {
	args := make([]any, 0, len(rows)*(columnCount+1))
	for i := range rows {
		args = append(args, rows[i].args...)
	}
	text := insertText(len(rows), "")
	stmt, err := b.s.stmts.prepare(ctx, b.db, text)
	switch {
	case err != nil:
		return true, err
	case stmt == nil:
		_, err = b.db.ExecContext(ctx, text, args...)
	default:
		_, err = stmt.ExecContext(ctx, args...)
	}
	switch sqlState(err) {
	case uniqueViolation, serializationFailure, deadlockDetected:
		return false, nil
	}
	if err != nil {
		err = commitError(err)
	}
	return true, err
}

// begun does what every transaction of ours begins with.
func (b *postgres) begun(ctx context.Context, tx *sql.Tx, orgs []string) error {
	if err := b.ensureDurable(ctx, tx); err != nil {
		return err
	}
	return insertOrgs(ctx, tx, orgs)
}

// newOrgs are the organizations of events that this process has not yet seen stored, in order, so that two
// transactions never wait for each other.
func (b *postgres) newOrgs(events []activitylog.Event) []string {
	var orgs []string
	for i := range events {
		if _, known := b.known.Load(events[i].Org); !known {
			orgs = append(orgs, events[i].Org)
		}
	}
	slices.Sort(orgs)
	return slices.Compact(orgs)
}

func (b *postgres) learn(orgs []string, err error) error {
	if err == nil {
		for _, org := range orgs {
			b.known.Store(org, true)
		}
	}
	return err
}

func insertOrgs(ctx context.Context, tx activitylog.Tx, orgs []string) error {
	for _, org := range orgs {
		if _, err := tx.ExecContext(ctx, `INSERT INTO activitylog_orgs VALUES ($1) ON CONFLICT DO NOTHING`, org); err != nil {
			return err
		}
	}
	return nil
}

func copyRows(ctx context.Context, tx *sql.Tx, rows []pgRow) error {
	stmt, err := tx.PrepareContext(ctx, `COPY activitylog_events (`+postgresColumns+`) FROM STDIN`)
	if err != nil {
		return err
	}
	for i := range rows {
		if _, err := stmt.ExecContext(ctx, rows[i].args...); err != nil {
			stmt.Close()
			return err
		}
	}
	if _, err := stmt.ExecContext(ctx); err != nil {
		stmt.Close()
		return err
	}
	return stmt.Close()
}

// runner executes an INSERT of n rows.
type runner func(ctx context.Context, n int, args []any) (sql.Result, error)

// prepareInserts prepares what insertAll will run for n rows. Inside the transaction that would take a second connection.
func (b *postgres) prepareInserts(ctx context.Context, n int) error {
	for _, size := range []int{min(n, maxValues), n % maxValues} {
		if size == 0 {
			continue
		}
		if _, err := b.s.stmts.prepare(ctx, b.db, insertText(size, skipKnown)); err != nil {
			return err
		}
	}
	return nil
}

func (b *postgres) prepared(tx *sql.Tx) runner {
	return func(ctx context.Context, n int, args []any) (sql.Result, error) {
		text := insertText(n, skipKnown)
		if stmt := b.s.stmts.known(text); stmt != nil {
			return tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
		}
		return tx.ExecContext(ctx, text, args...)
	}
}

// skipKnown names no conflict target: with one the role would need SELECT.
const skipKnown = " ON CONFLICT DO NOTHING"

// insertText is an INSERT of n rows.
func insertText(n int, conflict string) string {
	w := builder{dollar: true}
	w.write("INSERT INTO activitylog_events (" + postgresColumns + ") VALUES ")
	for i := range n {
		if i > 0 {
			w.write(", ")
		}
		w.write("(")
		for c := range columnCount + 1 {
			if c > 0 {
				w.write(", ")
			}
			w.arg(nil)
		}
		w.write(")")
	}
	w.write(conflict)
	return w.String()
}

func (b *postgres) insertAll(ctx context.Context, tx activitylog.Tx, rows []pgRow, run runner) error {
	if b.opts.Partitioned {
		var err error
		if rows, err = b.unknown(ctx, tx, rows); err != nil {
			return err
		}
	}
	// Always in one order, so that two batches with the same ids cannot deadlock.
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y pgRow) int {
		return activitylog.KeyOf(x.event).Compare(activitylog.KeyOf(y.event))
	})
	for start := 0; start < len(rows); {
		n := min(maxValues, len(rows)-start)
		part := rows[start : start+n]
		args := make([]any, 0, n*(columnCount+1))
		for i := range part {
			args = append(args, part[i].args...)
		}
		res, err := run(ctx, n, args)
		if err != nil {
			return err
		}
		stored, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if stored < int64(n) {
			if _, err := b.compare(ctx, tx, part); err != nil {
				return err
			}
		}
		start += n
	}
	return nil
}

// compare fails if one of the rows is stored with other content, and returns the ids that are stored. A role that
// may not read cannot compare: there a duplicate stays skipped unseen.
func (b *postgres) compare(ctx context.Context, tx activitylog.Tx, rows []pgRow) (map[identity]bool, error) {
	allowed, err := b.mayRead(ctx, tx)
	if err != nil || !allowed {
		return nil, err
	}
	var orgs, ids array
	for i := range rows {
		orgs.addText(rows[i].event.Org)
		ids.add(rows[i].event.ID.String())
	}
	// One by one by the index: a list of that many pairs takes longer to plan than to run, once for every partition.
	found, err := tx.QueryContext(ctx, `SELECT `+selected+` FROM unnest($1::text[], $2::uuid[]) AS k (org, id) CROSS JOIN LATERAL
		(SELECT * FROM activitylog_events x WHERE x.org = k.org COLLATE "C" AND x.id = k.id OFFSET 0) e`, orgs.String(), ids.String())
	list, err := collect(found, err, func(r *sql.Rows) (row, error) { return scanRow(r, 0) })
	if err != nil {
		return nil, err
	}
	stored := map[identity]*activitylog.Event{}
	known := map[identity]bool{}
	for i := range list {
		e := &list[i].event
		stored[identity{e.Org, e.ID}], known[identity{e.Org, e.ID}] = e, true
	}
	for i := range rows {
		e := rows[i].event
		if s := stored[identity{e.Org, e.ID}]; s != nil && !s.SameContent(e) {
			return nil, &activitylog.ConflictError{ID: e.ID}
		}
	}
	return known, nil
}

type identity struct {
	org string
	id  uuid.UUID
}

func (b *postgres) mayRead(ctx context.Context, tx activitylog.Tx) (bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT has_table_privilege('activitylog_events', 'SELECT')`)
	list, err := collect(rows, err, func(r *sql.Rows) (bool, error) {
		var ok bool
		err := r.Scan(&ok)
		return ok, err
	})
	return err == nil && list[0], err
}

func (b *postgres) appendTx(ctx context.Context, tx activitylog.Tx, events []activitylog.Event) error {
	var orgs []string
	for i := range events {
		orgs = append(orgs, events[i].Org)
	}
	slices.Sort(orgs)
	if err := insertOrgs(ctx, tx, slices.Compact(orgs)); err != nil {
		return err
	}
	return b.insertAll(ctx, tx, pgRows(events), func(ctx context.Context, n int, args []any) (sql.Result, error) {
		return tx.ExecContext(ctx, insertText(n, skipKnown), args...)
	})
}
