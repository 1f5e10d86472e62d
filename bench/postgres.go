package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
)

var pgSettings = []string{"shared_buffers=1GB", "max_wal_size=4GB"}

// emptyEvents empties the table and its indexes between two rounds.
func emptyEvents(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "SET activitylog.guard = 'open'; TRUNCATE activitylog_events; CHECKPOINT")
	return err
}

// ingestPostgres compares RecordAll with COPY, and concurrent Record with a transaction each.
func ingestPostgres(ctx context.Context, r *report) error {
	server, err := pgtest.Run(ctx, pgtest.Config{Settings: pgSettings})
	if err != nil {
		return err
	}
	defer server.Stop()
	store, err := postgres.Open(ctx, server.DSN(), &postgres.Options{Migrate: true})
	if err != nil {
		return err
	}
	defer store.Close()
	log, err := activitylog.New(store, nil)
	if err != nil {
		return err
	}
	db, err := sql.Open("postgres", server.DSN())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)

	const n = 20_000
	events := sample.New(1, 0).Events(n)
	if err := recordAll(ctx, log, events); err != nil {
		return err
	}
	rows, err := readRows(db.QueryContext(ctx, "SELECT * FROM activitylog_events ORDER BY time"))
	if err != nil {
		return err
	}
	rows = rows.without("xact")
	side := func(n int, f func() error) timed {
		return func() (time.Duration, int, error) {
			if err := emptyEvents(ctx, db); err != nil {
				return 0, 0, err
			}
			d, err := since(f)
			return d, n, err
		}
	}
	err = r.pair("PostgreSQL `RecordAll(1000)` against COPY of the same rows", 0.8,
		side(n, func() error { return recordAll(ctx, log, events) }),
		side(n, func() error { return rawCopy(ctx, db, rows) }))
	if err != nil {
		return err
	}
	for _, callers := range []int{1, 64} {
		count := 2000 * min(callers, 4)
		insert := rows.insertDollar()
		err := r.pair(fmt.Sprintf("PostgreSQL `Record`, %d callers, against a transaction each on 32 connections", callers), 0,
			side(count, func() error {
				return concurrently(callers, count, func(i int) error {
					_, err := log.Record(ctx, events[i])
					return err
				})
			}),
			side(count, func() error {
				stmt, err := db.PrepareContext(ctx, insert)
				if err != nil {
					return err
				}
				defer stmt.Close()
				return concurrently(callers, count, func(i int) error {
					_, err := stmt.ExecContext(ctx, rows.rows[i]...)
					return err
				})
			}))
		if err != nil {
			return err
		}
	}
	// Last, since it leaves the table without its text index.
	with := side(n, func() error { return rawCopy(ctx, db, rows) })
	without := func() (time.Duration, int, error) {
		if _, err := db.ExecContext(ctx, "DROP INDEX IF EXISTS activitylog_events_search"); err != nil {
			return 0, 0, err
		}
		d, n, err := with()
		if err == nil {
			_, err = db.ExecContext(ctx, "CREATE INDEX activitylog_events_search ON activitylog_events USING gin (search)")
		}
		return d, n, err
	}
	return r.pair("what the text index costs on PostgreSQL: without it against with it (COPY)", 0, without, with)
}

func (r *rawRows) without(column string) *rawRows {
	out := &rawRows{}
	skip := -1
	for i, c := range r.columns {
		if c == column {
			skip = i
			continue
		}
		out.columns = append(out.columns, c)
	}
	for _, row := range r.rows {
		values := append([]any{}, row[:skip]...)
		values = append(values, row[skip+1:]...)
		for i, v := range values {
			// Text that the driver returned as bytes; only evidence is binary.
			if b, ok := v.([]byte); ok && out.columns[i] != "leaf" && out.columns[i] != "opening" {
				values[i] = string(b)
			}
		}
		out.rows = append(out.rows, values)
	}
	return out
}

func (r *rawRows) insertDollar() string {
	marks := make([]string, len(r.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return fmt.Sprintf("INSERT INTO activitylog_events (%s) VALUES (%s)", strings.Join(r.columns, ", "), strings.Join(marks, ", "))
}

func rawCopy(ctx context.Context, db *sql.DB, r *rawRows) error {
	for start := 0; start < len(r.rows); start += 1000 {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		stmt, err := tx.PrepareContext(ctx, "COPY activitylog_events ("+strings.Join(r.columns, ", ")+") FROM STDIN")
		if err != nil {
			return err
		}
		for _, row := range r.rows[start:min(start+1000, len(r.rows))] {
			if _, err := stmt.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		if _, err := stmt.ExecContext(ctx); err != nil {
			return err
		}
		if err := stmt.Close(); err != nil {
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
