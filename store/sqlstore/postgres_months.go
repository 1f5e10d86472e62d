package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

const partitionPrefix = "activitylog_events_"

func partitionOf(month time.Time) string { return partitionPrefix + month.Format("2006_01") }

// Months returns the first moments of the months that have a partition, oldest first. Without partitions there are none.
func (s *Store) Months(ctx context.Context) ([]time.Time, error) {
	b, ok := s.back.(*postgres)
	if !ok {
		return nil, nil
	}
	rows, err := b.db.QueryContext(ctx, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = to_regclass('activitylog_events')`)
	names, err := collect(rows, err, scanText)
	if err != nil {
		return nil, fmt.Errorf("activitylog: months: %w", err)
	}
	var months []time.Time
	for _, name := range names {
		if m, err := time.Parse("2006_01", strings.TrimPrefix(name, partitionPrefix)); err == nil {
			months = append(months, m)
		}
	}
	slices.SortFunc(months, time.Time.Compare)
	return months, nil
}

// How long deleting a month waits: first for those who write into it, which keeps nobody from reading and is long enough
// for the server to call its own maintenance off, then for those who read it, behind which others queue.
const (
	patienceForWriters = "3s"
	patienceForReaders = "100ms"
)

// LookMonth tells what a month holds without disturbing anybody: how many events by organization and category, and when
// the first and the last of them were recorded. PruneMonth deletes exactly these if it is given what it returns as seen.
// It counts nothing, and returns no parts, if the month is empty or something in it was recorded at before or later.
func (s *Store) LookMonth(ctx context.Context, month, before time.Time) (parts []activitylog.Bucket, first, last time.Time, seen string, err error) {
	b, ok := s.back.(*postgres)
	if !ok {
		return nil, first, last, "", fmt.Errorf("activitylog: this store has no partitions: %w", errors.ErrUnsupported)
	}
	name := partitionOf(monthOf(month))
	// One snapshot for all of it.
	err = b.transact(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(tx *sql.Tx) error {
		var from, to sql.NullInt64
		var snapshot string
		row := tx.QueryRowContext(ctx, `SELECT (SELECT min(recorded) FROM `+name+`), (SELECT max(recorded) FROM `+name+`), pg_current_snapshot()::text`)
		if err := row.Scan(&from, &to, &snapshot); err != nil {
			return err
		}
		first, last = time.UnixMicro(from.Int64).UTC(), time.UnixMicro(to.Int64).UTC()
		if !from.Valid || !last.Before(before) {
			return nil
		}
		rows, err := tx.QueryContext(ctx, `SELECT org, category, count(*), min(time), max(time) FROM `+name+` GROUP BY org, category`)
		if parts, err = collect(rows, err, scanTally); err != nil {
			return err
		}
		var n int64
		for _, p := range parts {
			n += p.Count
		}
		seen = strconv.FormatInt(n, 10) + " " + snapshot
		return nil
	})
	if sqlState(err) == undefinedTable {
		err = nil
	}
	if err != nil {
		return nil, first, last, "", fmt.Errorf("activitylog: look at a month: %w", err)
	}
	return parts, first, last, seen, nil
}

// PruneMonth deletes all events of the month that begins at a time, if keep means none of them, and returns how many
// there were. It looks while nothing can come into the month, and empties the partition at once, however large it is.
// Only the partition is locked: those who record into other months do not notice. If keep means an event, somebody uses
// the month for long, it has no partition, or it does not hold exactly what LookMonth has seen, it deletes nothing and
// returns 0. An empty seen asks for nothing. On a database that has no partitions at all it returns errors.ErrUnsupported.
func (s *Store) PruneMonth(ctx context.Context, month time.Time, keep activitylog.Filter, seen string) (deleted int64, err error) {
	b, ok := s.back.(*postgres)
	if !ok {
		return 0, fmt.Errorf("activitylog: this store has no partitions: %w", errors.ErrUnsupported)
	}
	month = monthOf(month)
	within := activitylog.Since(month).And(activitylog.Before(month.AddDate(0, 1, 0)))
	p, err := s.plan(ctx, activitylog.StoreQuery{Filter: keep.And(within)})
	if err != nil {
		return 0, fmt.Errorf("activitylog: prune month: %w", err)
	}
	name := partitionOf(month)
	err = b.transact(ctx, nil, func(tx *sql.Tx) error {
		deleted, err = b.emptyPartition(ctx, tx, name, p, seen)
		return err
	})
	switch sqlState(err) {
	case undefinedTable, lockNotAvailable:
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("activitylog: prune month: %w", err)
	}
	return deleted, nil
}

func (b *postgres) emptyPartition(ctx context.Context, tx *sql.Tx, name string, keep *plan, seen string) (n int64, err error) {
	if err := b.ensureDurable(ctx, tx); err != nil {
		return 0, err
	}
	for _, text := range []string{
		`SET LOCAL activitylog.guard = 'open'`,
		`SET LOCAL lock_timeout = '` + patienceForWriters + `'`,
		`LOCK TABLE ` + name + ` IN SHARE MODE`, // readers go on while we look
		`SET LOCAL lock_timeout = '` + patienceForReaders + `'`,
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return 0, err
		}
	}
	if kept, err := b.anyIn(ctx, tx, name, keep); err != nil || kept {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+name).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	if same, err := asSeen(ctx, tx, name, n, seen); err != nil || !same {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `TRUNCATE `+name)
	return n, err
}

// asSeen tells whether a partition of n events holds what LookMonth saw: as many, and none of a transaction that had not
// ended then.
func asSeen(ctx context.Context, tx *sql.Tx, name string, n int64, seen string) (same bool, err error) {
	if seen == "" {
		return true, nil
	}
	count, snapshot, _ := strings.Cut(seen, " ")
	if count != strconv.FormatInt(n, 10) {
		return false, nil
	}
	var came bool
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+name+` WHERE xact >= activitylog_order(pg_snapshot_xmin($1::text::pg_snapshot))
		AND NOT pg_visible_in_snapshot(activitylog_writer(xact), $1::text::pg_snapshot))`, snapshot).Scan(&came)
	return !came, err
}

// anyIn tells whether a partition holds an event that a plan means.
func (b *postgres) anyIn(ctx context.Context, tx *sql.Tx, name string, p *plan) (bool, error) {
	if p.never {
		return false, nil
	}
	w := b.newBuilder()
	w.write("SELECT " + selected + " ")
	b.from(w, p)
	if p.exact {
		w.write(" LIMIT 1")
	}
	rows, err := tx.QueryContext(ctx, strings.Replace(w.String(), "FROM activitylog_events e", "FROM "+name+" e", 1), w.args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRow(rows, 0)
		if err != nil {
			return false, err
		}
		if p.filter.Match(&r.event) {
			return true, nil
		}
	}
	return false, rows.Err()
}
