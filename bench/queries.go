package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
)

// filters are those that an index serves, with values that every size of log has.
var filters = []struct {
	name   string
	filter activitylog.Filter
}{
	{"organization alone", activitylog.Filter{}},
	{"category", activitylog.CategoryIs("category3")},
	{"action", activitylog.ActionIs("category3.action4")},
	{"actions under a prefix", activitylog.ActionUnder("category3")},
	{"actor", activitylog.ActedBy("user-0-7")},
	{"actor in any role", activitylog.ActorIs("user-0-7")},
	{"project", activitylog.ProjectIs("project-3")},
	{"not successful", activitylog.Not(activitylog.OutcomeIs(activitylog.Success))},
	{"target", activitylog.TargetIs("document", "doc-17")},
	{"session", activitylog.SessionIs("session-99")},
	{"address", activitylog.IPIn(netip.MustParsePrefix("198.51.0.7/32"))},
	{"a week", activitylog.All(activitylog.Since(sample.Start), activitylog.Before(sample.Start.AddDate(0, 0, 7)))},
	{"a common word", activitylog.Text(sample.Common)},
	{"two words", activitylog.Text("invoice " + sample.Common)},
	{"a rare word", activitylog.Text(sample.Rare)},
}

// times is how often a query runs in one round, after it ran once.
const times = 50

// page measures one page of a query.
func page(ctx context.Context, r activitylog.Reader, q activitylog.Query) timed {
	return func() (time.Duration, int, error) {
		if _, err := r.Page(ctx, q); err != nil {
			return 0, 0, err
		}
		d, err := since(func() error {
			for range times {
				if _, err := r.Page(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		return d, times, err
	}
}

func bigSQLite(ctx context.Context, n int) (*activitylog.Log, func() error, error) {
	path, err := sqliteBig(n)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("the large logs are missing; run: make biglog")
	}
	store, log, err := openSQLite(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	return log, store.Close, nil
}

// queries compares pages at both sizes, deep pages with first ones, and a search with the one that people write.
func queries(ctx context.Context, r *report) error {
	logs := make([]*activitylog.Log, len(sizes))
	for i, n := range sizes {
		log, done, err := bigSQLite(ctx, n)
		if err != nil {
			return err
		}
		defer done()
		logs[i] = log
	}
	if err := pages(ctx, r, "SQLite", logs[0], logs[1]); err != nil {
		return err
	}
	return searchSmall(ctx, r, logs[1])
}

func pages(ctx context.Context, r *report, database string, small, big *activitylog.Log) error {
	for _, f := range filters {
		q := activitylog.Query{Filter: f.filter}
		uneven, err := unevenPages(ctx, big.Org(sample.Big), small.Org(sample.Big), q)
		if err != nil {
			return err
		}
		err = r.slowdown(fmt.Sprintf("%s first page, %s: 1M against 100k%s", database, f.name, uneven), 1.5,
			page(ctx, big.Org(sample.Big), q), page(ctx, small.Org(sample.Big), q))
		if err != nil {
			return err
		}
	}
	for _, scope := range []struct {
		name   string
		reader activitylog.Reader
		depth  int
	}{{"all organizations", big.AllOrgs(), 500_000}, {"one organization", big.Org(sample.Big), 50_000}} {
		deep, err := cursorAt(ctx, scope.reader, scope.depth)
		if err != nil {
			return err
		}
		err = r.slowdown(fmt.Sprintf("%s page %d against page 1, %s", database, scope.depth/50, scope.name), 1.5,
			page(ctx, scope.reader, activitylog.Query{Cursor: deep}), page(ctx, scope.reader, activitylog.Query{}))
		if err != nil {
			return err
		}
	}
	return nil
}

// unevenPages tells how many events two pages have, if it is not the same: the fuller one takes longer to read.
func unevenPages(ctx context.Context, big, small activitylog.Reader, q activitylog.Query) (string, error) {
	a, err := big.Page(ctx, q)
	if err != nil {
		return "", err
	}
	b, err := small.Page(ctx, q)
	if err != nil || len(a.Events) == len(b.Events) {
		return "", err
	}
	return fmt.Sprintf(" (%d events against %d)", len(a.Events), len(b.Events)), nil
}

// cursorAt walks to the page behind depth events.
func cursorAt(ctx context.Context, r activitylog.Reader, depth int) (activitylog.Cursor, error) {
	q := activitylog.Query{Limit: 1000}
	for range depth / q.Limit {
		p, err := r.Page(ctx, q)
		if err != nil {
			return q.Cursor, err
		}
		q.Cursor = p.Next
	}
	return q.Cursor, nil
}

// searchSmall looks for a common word in a small organization.
func searchSmall(ctx context.Context, r *report, log *activitylog.Log) error {
	path, err := plainTextPath()
	if err != nil {
		return err
	}
	plain, err := sql.Open("sqlite3", sqlite.DSN(path)+"&_cache_size=-65536")
	if err != nil {
		return err
	}
	defer plain.Close()
	ours := page(ctx, log.Org(sample.Small), activitylog.Query{Filter: activitylog.Text(sample.Common)})
	err = r.pair("SQLite common word in a small organization, against text index and filtering row by row", 20, ours,
		repeated(ctx, plain, `SELECT f.docid, e.words FROM f CROSS JOIN e ON e.key = f.docid WHERE f.words MATCH ? AND e.org = ?
			ORDER BY f.docid DESC LIMIT 50`, sample.Common+"*", sample.Small))
	if err != nil {
		return err
	}
	return r.pair("the same, against walking through time row by row", 0, ours,
		repeated(ctx, plain, `SELECT e.key, e.words FROM e NOT INDEXED WHERE e.words LIKE ? AND e.org = ? ORDER BY e.key DESC LIMIT 50`,
			"%"+sample.Common+"%", sample.Small))
}

// repeated runs a raw query and reads its rows.
func repeated(ctx context.Context, db *sql.DB, query string, args ...any) timed {
	once := func() error {
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var a, b any
		for rows.Next() {
			if err := rows.Scan(&a, &b); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	return func() (time.Duration, int, error) {
		if err := once(); err != nil {
			return 0, 0, err
		}
		d, err := since(func() error {
			for range times / 10 {
				if err := once(); err != nil {
					return err
				}
			}
			return nil
		})
		return d, times / 10, err
	}
}

// queriesPostgres compares pages on PostgreSQL.
func queriesPostgres(ctx context.Context, r *report) error {
	logs := make([]*activitylog.Log, len(sizes))
	for i, n := range sizes {
		dir, err := postgresBig(n)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("the large logs are missing; run: make biglog")
		}
		server, err := pgtest.Run(ctx, pgtest.Config{From: dir, Settings: pgSettings})
		if err != nil {
			return err
		}
		defer server.Stop()
		store, err := postgres.Open(ctx, server.DSN(), nil)
		if err != nil {
			return err
		}
		defer store.Close()
		if logs[i], err = activitylog.New(store, nil); err != nil {
			return err
		}
	}
	return pages(ctx, r, "PostgreSQL", logs[0], logs[1])
}
