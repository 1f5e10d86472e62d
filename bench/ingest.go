package main

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
)

func openSQLite(ctx context.Context, path string) (*sqlstore.Store, *activitylog.Log, error) {
	store, err := sqlite.Open(ctx, path, nil)
	if err != nil {
		return nil, nil, err
	}
	log, err := activitylog.New(store, nil)
	return store, log, err
}

// oursSQLite measures f on a log over an empty database.
func oursSQLite(ctx context.Context, n int, f func(*activitylog.Log) error) timed {
	return func() (time.Duration, int, error) {
		path, done, err := emptySQLite(ctx)
		if err != nil {
			return 0, 0, err
		}
		defer done()
		store, log, err := openSQLite(ctx, path)
		if err != nil {
			return 0, 0, err
		}
		defer store.Close()
		// The first write opens the connection and makes the checkpoint.
		if _, err := log.Record(ctx, sample.New(9, 0).Event()); err != nil {
			return 0, 0, err
		}
		d, err := since(func() error { return f(log) })
		return d, n, err
	}
}

// peerSQLite measures f on a raw handle over an empty database.
func peerSQLite(ctx context.Context, n, conns int, f func(*sql.DB) error) timed {
	return func() (time.Duration, int, error) {
		path, done, err := emptySQLite(ctx)
		if err != nil {
			return 0, 0, err
		}
		defer done()
		db, err := rawSQLite(path, conns)
		if err != nil {
			return 0, 0, err
		}
		defer db.Close()
		d, err := since(func() error { return f(db) })
		return d, n, err
	}
}

// ingest compares RecordAll with raw prepared inserts of the same rows.
func ingest(ctx context.Context, r *report) error {
	const n = 20_000
	rows, err := sampleRows(ctx, n)
	if err != nil {
		return err
	}
	events := sample.New(1, 0).Events(n)
	ours := oursSQLite(ctx, n, func(log *activitylog.Log) error { return recordAll(ctx, log, events) })
	err = r.pair("SQLite `RecordAll(1000)` against raw prepared inserts", 0.8, ours,
		peerSQLite(ctx, n, 1, func(db *sql.DB) error { return rawBatches(ctx, db, rows, 1000) }))
	if err != nil {
		return err
	}
	return r.pair("what the text index costs on SQLite: without it against with it (raw)", 0,
		peerSQLite(ctx, n, 1, func(db *sql.DB) error { return rawWithoutText(ctx, db, rows) }),
		peerSQLite(ctx, n, 1, func(db *sql.DB) error { return rawBatches(ctx, db, rows, 1000) }))
}

func rawWithoutText(ctx context.Context, db *sql.DB, r *rawRows) error {
	for start := 0; start < len(r.rows); start += 1000 {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		stmt, err := tx.PrepareContext(ctx, r.insert())
		if err != nil {
			return err
		}
		for _, row := range r.rows[start:min(start+1000, len(r.rows))] {
			if _, err := stmt.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// record compares concurrent Record with one transaction for each event.
func record(ctx context.Context, r *report) error {
	for _, c := range []struct {
		callers, n int
		target     float64
	}{{1, 3000, 0.9}, {8, 4000, 0}, {64, 6000, 8}, {256, 8000, 10}} {
		rows, err := sampleRows(ctx, c.n)
		if err != nil {
			return err
		}
		// The peer would take minutes for as many events, so it gets fewer.
		few := rows.first(2000)
		events := sample.New(1, 0).Events(c.n)
		ours := oursSQLite(ctx, c.n, func(log *activitylog.Log) error {
			return concurrently(c.callers, c.n, func(i int) error {
				_, err := log.Record(ctx, events[i])
				return err
			})
		})
		what := fmt.Sprintf("SQLite `Record`, %d callers, against a transaction each", c.callers)
		peer := func(conns int) timed {
			return peerSQLite(ctx, len(few.rows), conns, func(db *sql.DB) error { return rawConcurrent(ctx, db, few, c.callers) })
		}
		if c.callers > 1 {
			if err := r.pair(what+", a connection each", c.target, ours, peer(c.callers)); err != nil {
				return err
			}
			what += ", one connection"
			c.target = 0
		}
		if err := r.pair(what, c.target, ours, peer(1)); err != nil {
			return err
		}
	}
	return nil
}

// heap is what is in use after a collection.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
