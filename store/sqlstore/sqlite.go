package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

//go:embed migrations
var migrations embed.FS

// sqlite is the SQLite backend. All writes of one Store go through one connection, one at a time.
type sqlite struct {
	s      *Store
	db     *sql.DB
	writer sqliteWriter

	mu     sync.Mutex
	module string       // fts4 or fts5, once known
	spread atomic.Int64 // as last read; see migrations/sqlite
	known  sync.Map     // organizations that are in activitylog_orgs
}

// NewSQLite returns a store on a SQLite database of any driver with FTS4 or FTS5. The store sets synchronous=FULL on
// the connection it writes through; the journal mode and all else is the host's choice, WAL being the right one. A
// handle limited to one connection works, more is better: then the store keeps one for itself.
func NewSQLite(db *sql.DB) (*Store, error) {
	if db == nil {
		return nil, fmt.Errorf("activitylog: %w: a store needs a database handle", activitylog.ErrInvalid)
	}
	s := &Store{db: db, fresh: &fresh{}}
	b := &sqlite{s: s, db: db}
	b.writer.db = db
	b.writer.turn = make(chan struct{}, 1)
	s.back = b
	return s, nil
}

func (b *sqlite) newBuilder() *builder {
	return &builder{idArg: func(id uuid.UUID) any { return id[:] }, minMaxID: "min(e.id), max(e.id)",
		recorded: "+e.recorded"} // no index: what is read in order would be sorted
}

// indexed: the text index finds everything else.
func (b *sqlite) indexed(activitylog.Cond, bool) bool { return false }

func (b *sqlite) close() error { return b.writer.close() }

func (b *sqlite) migrate(ctx context.Context) error {
	var version int
	err := b.db.QueryRowContext(ctx, `SELECT max(version) FROM activitylog_schema`).Scan(&version)
	if err == nil && version == schemaVersion {
		return nil // without a write, which may have to wait for readers of other processes
	}
	return b.writer.do(ctx, func(c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS activitylog_schema (version INTEGER PRIMARY KEY)`); err != nil {
			return err
		}
		var version int
		if err := c.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM activitylog_schema`).Scan(&version); err != nil {
			return err
		}
		if version > schemaVersion {
			return tooNew(version)
		}
		if version >= 1 {
			return nil
		}
		for _, file := range []string{"0001_init.sql", "text_" + textModule(ctx, c) + ".sql"} {
			text, err := migrations.ReadFile("migrations/sqlite/" + file)
			if err != nil {
				return errors.New("this SQLite has neither FTS4 nor FTS5; build the driver with one of them")
			}
			if _, err := c.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		_, err := c.ExecContext(ctx, `INSERT INTO activitylog_schema VALUES (1)`)
		return err
	})
}

// schemaVersion is the version that this package reads and writes.
const schemaVersion = 1

func tooNew(version int) error {
	return fmt.Errorf("the database has schema version %d, this library knows %d; use a newer one", version, schemaVersion)
}

func notMigrated() error {
	return errors.New("the database holds no activity log yet; run Migrate, or open it with the Migrate option")
}

// textModule is the first full-text module that the driver was built with.
func textModule(ctx context.Context, c *sql.Conn) string {
	for _, m := range []string{"fts4", "fts5"} {
		// The module is looked up before the table, so that the error tells which is missing.
		_, err := c.ExecContext(ctx, `CREATE VIRTUAL TABLE temp.activitylog_probe USING `+m+`(a)`)
		if err == nil {
			_, err = c.ExecContext(ctx, `DROP TABLE temp.activitylog_probe`)
		}
		if err == nil {
			return m
		}
	}
	return "none"
}

func (b *sqlite) ready(ctx context.Context) error {
	_, err := b.textModule(ctx)
	return err
}

// textModule tells which module the database was made with and checks that this driver has it.
func (b *sqlite) textModule(ctx context.Context) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.module != "" {
		return b.module, nil
	}
	var ddl string
	var version int
	err := b.db.QueryRowContext(ctx, `SELECT sql FROM sqlite_master WHERE name = 'activitylog_text'`).Scan(&ddl)
	if errors.Is(err, sql.ErrNoRows) {
		return "", notMigrated()
	}
	if err == nil {
		err = b.db.QueryRowContext(ctx, `SELECT max(version) FROM activitylog_schema`).Scan(&version)
	}
	if err != nil {
		return "", err
	}
	if version > schemaVersion {
		return "", tooNew(version)
	}
	module := "fts4"
	if strings.Contains(ddl, "fts5") {
		module = "fts5"
	}
	if _, err := b.db.ExecContext(ctx, `SELECT rowid FROM activitylog_text LIMIT 0`); err != nil {
		return "", fmt.Errorf("the text index was made with %s, which this driver lacks: %w", strings.ToUpper(module), err)
	}
	b.module = module
	return module, nil
}

// from implements backend. Its statement reads the spread itself: no fetch has read it before.
func (b *sqlite) from(w *builder, p *plan) {
	hi, before := p.keyBefore()
	b.source(w, p, keyOf(p.since), hi, before)
	w.write(" AND ")
	w.condition(p.expr)
}

// fromAged is from for events that were recorded before some time, over all of them: what is old enough to go is counted
// from an index, and not from a log of which it may be a small part.
func (b *sqlite) fromAged(w *builder, p *plan) {
	hi, before := p.keyBefore()
	w.recorded = "e.recorded"
	w.write("FROM activitylog_events e INDEXED BY activitylog_events_recorded WHERE +e.key >= ? AND +e.key < "+hi, keyOf(p.since), before)
	if p.org != "" {
		w.write(" AND e.org = ?", p.org)
	}
	w.write(" AND ")
	w.condition(p.expr)
}

// keyBefore is the upper bound of keys on SQLite, as text with an argument.
func (p *plan) keyBefore() (text string, arg int64) {
	if p.before > math.MaxInt64>>slotBits {
		return "?", math.MaxInt64
	}
	return "? + ((SELECT value FROM activitylog_numbers WHERE name = 'spread') << 10)", keyOf(p.before)
}

// aged tells whether a filter means only events that were recorded before some time.
func aged(x activitylog.Expr) bool {
	switch x := x.(type) {
	case activitylog.AndExpr:
		return slices.ContainsFunc(x, aged)
	case activitylog.Cond:
		return x.Field == "recorded" && strings.HasPrefix(x.Op, "<")
	}
	return false
}

// order implements backend.
func (b *sqlite) order(w *builder, p *plan) {
	sort, _ := direction(p.order)
	w.write(" ORDER BY " + p.sortKey() + " " + sort)
}

// source writes the candidates of a plan between two keys: by terms, or by walking.
func (b *sqlite) source(w *builder, p *plan, lo int64, hiText string, hi int64) {
	if p.need != nil {
		w.write("FROM activitylog_text t CROSS JOIN activitylog_events e ON e.key = t.rowid "+
			"WHERE t.activitylog_text MATCH ? AND t.rowid >= ? AND t.rowid < "+hiText, p.need.String(), lo, hi)
	} else {
		w.write("FROM activitylog_events e WHERE e.key >= ? AND e.key < "+hiText, lo, hi)
	}
	if p.org != "" {
		w.write(" AND e.org = ?", p.org)
	}
}
