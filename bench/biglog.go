package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
)

// sizes are those of the large logs.
var sizes = []int{100_000, 1_000_000}

func sqliteBig(n int) (string, error) { return cacheDir(fmt.Sprintf("sqlite-%d.db", n)) }

// buildBigLogs makes what is missing of the large logs, on both databases, and the text index of a peer.
func buildBigLogs(ctx context.Context) error {
	for _, n := range sizes {
		if err := buildSQLite(ctx, n); err != nil {
			return err
		}
	}
	if err := buildPlainText(ctx); err != nil {
		return err
	}
	for _, n := range sizes {
		if err := buildPostgres(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// fillLog records n events.
func fillLog(ctx context.Context, log *activitylog.Log, n int) error {
	g := sample.New(1, 0)
	for done := 0; done < n; done += 5000 {
		if _, err := log.RecordAll(ctx, g.Events(min(5000, n-done))); err != nil {
			return err
		}
	}
	return nil
}

// once builds a file under another name and renames it when it is whole.
func once(path string, build func(temp string) error) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(unfinished(path) + suffix)
	}
	return goOn(path, build)
}

func unfinished(path string) string { return path + ".new" }

// goOn is once for what can go on with what an earlier try left.
func goOn(path string, build func(temp string) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	start := time.Now()
	temp := unfinished(path)
	if err := build(temp); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s built in %s\n", path, time.Since(start).Round(time.Second))
	return os.Rename(temp, path)
}

func buildSQLite(ctx context.Context, n int) error {
	path, err := sqliteBig(n)
	if err != nil {
		return err
	}
	return once(path, func(temp string) error {
		store, err := sqlite.Open(ctx, temp, &sqlite.Options{Migrate: true})
		if err != nil {
			return err
		}
		log, err := activitylog.New(store, &activitylog.Options{Timeout: time.Minute})
		if err == nil {
			err = fillLog(ctx, log, n)
		}
		if err != nil {
			return err
		}
		if err := store.Close(); err != nil {
			return err
		}
		return emptyWAL(ctx, temp)
	})
}

func emptyWAL(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func plainTextPath() (string, error) { return cacheDir("plain-text.db") }

// buildPlainText makes what a hand-written search would have: the words of the largest log in a text index without the
// organization in its terms, and the organization in a column beside.
func buildPlainText(ctx context.Context) error {
	path, err := plainTextPath()
	if err != nil {
		return err
	}
	return once(path, func(temp string) error {
		db, err := sql.Open("sqlite3", sqlite.DSN(temp)+"&_cache_size=-65536")
		if err != nil {
			return err
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(ctx, `CREATE TABLE e (key INTEGER PRIMARY KEY, org TEXT, words TEXT);
			CREATE VIRTUAL TABLE f USING fts4(content="e", words, tokenize=simple, matchinfo=fts3, order=desc)`); err != nil {
			return err
		}
		g := sample.New(1, 0)
		n := sizes[len(sizes)-1]
		for done := 0; done < n; done += 5000 {
			if err := plainBatch(ctx, db, g, done); err != nil {
				return err
			}
		}
		_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	})
}

func plainBatch(ctx context.Context, db *sql.DB, g *sample.Generator, first int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range 5000 {
		e := g.Event()
		key, words := e.Time.UnixMicro()<<10+int64(first+i)%2, activitylog.SearchText(&e)
		if _, err := tx.ExecContext(ctx, "INSERT INTO e VALUES (?, ?, ?)", key, e.Org, words); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO f (docid, words) VALUES (?, ?)", key, words); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func postgresBig(n int) (string, error) { return cacheDir(fmt.Sprintf("postgres-%d", n)) }

func buildPostgres(ctx context.Context, n int) error {
	dir, err := postgresBig(n)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	start := time.Now()
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
	log, err := activitylog.New(store, &activitylog.Options{Timeout: time.Minute})
	if err == nil {
		err = fillLog(ctx, log, n)
	}
	if err != nil {
		return err
	}
	db, err := sql.Open("postgres", server.DSN())
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM ANALYZE activitylog_events"); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "PostgreSQL log of %d events built in %s\n", n, time.Since(start).Round(time.Second))
	return server.Save(ctx, dir)
}
