package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/activitylog/activitylog/store/sqlite"
)

// rawRows are the rows of a log exactly as the library stored them: the raw peer writes the same bytes into the same
// schema with its constraints, triggers, B-trees and text index, and has nothing else to do.
type rawRows struct {
	columns []string
	rows    [][]any  // key first
	terms   []string // for the text index, by row
}

func (r *rawRows) insert() string {
	return fmt.Sprintf("INSERT INTO activitylog_events (%s) VALUES (?%s)", strings.Join(r.columns, ", "), strings.Repeat(", ?", len(r.columns)-1))
}

const rawText = "INSERT INTO activitylog_text (docid, search_text) VALUES (?, ?)"

// sampleRows records n events with the library and reads back the rows.
func sampleRows(ctx context.Context, n int) (*rawRows, error) {
	path, done, err := emptySQLite(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	store, log, err := openSQLite(ctx, path)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if err := recordAll(ctx, log, sample.New(1, 0).Events(n)); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	r, err := readRows(db.QueryContext(ctx, "SELECT * FROM activitylog_events ORDER BY key"))
	if err != nil {
		return nil, err
	}
	for e, err := range log.AllOrgs().Events(ctx, activitylog.Query{Order: activitylog.Oldest}) {
		if err != nil {
			return nil, err
		}
		r.terms = append(r.terms, terms.Of(&e))
	}
	return r, nil
}

// first is the first n rows.
func (r *rawRows) first(n int) *rawRows {
	n = min(n, len(r.rows))
	return &rawRows{r.columns, r.rows[:n], r.terms[:n]}
}

func readRows(rows *sql.Rows, err error) (*rawRows, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var r rawRows
	if r.columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	for rows.Next() {
		row, dest := make([]any, len(r.columns)), make([]any, len(r.columns))
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		r.rows = append(r.rows, row)
	}
	return &r, rows.Err()
}

// emptySQLite makes a migrated database in a folder of its own.
func emptySQLite(ctx context.Context) (path string, done func(), err error) {
	dir, err := os.MkdirTemp("", "activitylog-bench-")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "log.db")
	store, err := sqlite.Open(ctx, path, &sqlite.Options{Migrate: true})
	if err != nil {
		return "", nil, err
	}
	return path, func() { os.RemoveAll(dir) }, store.Close()
}

// rawSQLite opens a database the way the library does, for at most conns connections.
func rawSQLite(path string, conns int) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", sqlite.DSN(path)+"&_cache_size=-65536&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(max(conns, 2))
	_, err = db.Exec("PRAGMA wal_autocheckpoint=20000")
	return db, err
}

// rawBatches inserts the rows in transactions of size, with prepared statements. Terms follow the rows of their
// transaction, which is the faster order.
func rawBatches(ctx context.Context, db *sql.DB, r *rawRows, size int) error {
	for start := 0; start < len(r.rows); start += size {
		if err := rawTx(ctx, db, r, start, min(start+size, len(r.rows))); err != nil {
			return err
		}
	}
	return nil
}

func rawTx(ctx context.Context, db *sql.DB, r *rawRows, start, end int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	event, err := tx.PrepareContext(ctx, r.insert())
	if err != nil {
		return err
	}
	text, err := tx.PrepareContext(ctx, rawText)
	if err != nil {
		return err
	}
	for _, row := range r.rows[start:end] {
		if _, err := event.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	for i := start; i < end; i++ {
		if _, err := text.ExecContext(ctx, r.rows[i][0], r.terms[i]); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// rawConcurrent lets callers insert the rows, each in a transaction of its own.
func rawConcurrent(ctx context.Context, db *sql.DB, r *rawRows, callers int) error {
	event, err := db.PrepareContext(ctx, r.insert())
	if err != nil {
		return err
	}
	defer event.Close()
	text, err := db.PrepareContext(ctx, rawText)
	if err != nil {
		return err
	}
	defer text.Close()
	return concurrently(callers, len(r.rows), func(i int) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		row := r.rows[i]
		if _, err := tx.StmtContext(ctx, event).ExecContext(ctx, row...); err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, text).ExecContext(ctx, row[0], r.terms[i]); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// concurrently calls f for 0 to n-1 from a number of goroutines.
func concurrently(callers, n int, f func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, callers)
	for range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

func recordAll(ctx context.Context, log *activitylog.Log, events []activitylog.Event) error {
	for start := 0; start < len(events); start += 1000 {
		if _, err := log.RecordAll(ctx, events[start:min(start+1000, len(events))]); err != nil {
			return err
		}
	}
	return nil
}

// since is the time that f takes.
func since(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}
