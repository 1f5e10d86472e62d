package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// PostgresOptions are choices for a PostgreSQL database. nil means the zero value.
type PostgresOptions struct {
	// Copy sends larger batches by COPY. The driver must take it as database/sql statements, as lib/pq does.
	Copy bool
	// Partitioned makes Migrate create the events in monthly partitions by time. It must be the same for every process.
	Partitioned bool
	// NoTriggers makes Migrate leave out the triggers that keep events append-only, for databases that lack them.
	NoTriggers bool
}

// postgres is the PostgreSQL backend.
type postgres struct {
	s    *Store
	db   *sql.DB
	opts PostgresOptions

	known   sync.Map // organizations that are in activitylog_orgs
	durable sync.Once
	weak    bool // the server acknowledges commits before they are on disk
}

// NewPostgres returns a store on a PostgreSQL database, version 15 or later, through any driver.
func NewPostgres(db *sql.DB, opts *PostgresOptions) (*Store, error) {
	if db == nil {
		return nil, fmt.Errorf("activitylog: %w: a store needs a database handle", activitylog.ErrInvalid)
	}
	s := &Store{db: db}
	b := &postgres{s: s, db: db}
	if opts != nil {
		b.opts = *opts
	}
	s.back = b
	return s, nil
}

func (b *postgres) newBuilder() *builder {
	return &builder{
		dollar: true, idArg: func(id uuid.UUID) any { return id.String() },
		minMaxID: `min(e.id::text COLLATE "C"), max(e.id::text COLLATE "C")`,
	}
}

// indexed are the conditions that have a B-tree ending in the order of time. It serves one value best; several are
// found by the term index.
func (b *postgres) indexed(c activitylog.Cond) bool {
	if len(c.Values) != 1 || c.Op != "in" {
		return false
	}
	switch c.Field {
	case "category", "action":
		return true
	case "project":
		return c.Values[0] != ""
	case "actor":
		return c.Key == "acted"
	}
	return false
}

func (b *postgres) close() error { return nil }

// sqlState is the code of a server error, whatever the driver.
func sqlState(err error) string {
	var e interface{ SQLState() string }
	if errors.As(err, &e) {
		return e.SQLState()
	}
	return ""
}

const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	noPrivilege          = "42501"
	undefinedTable       = "42P01"
)

// attempts and pause bound the repetition of a whole transaction that lost to another one.
const (
	attempts   = 8
	firstPause = 2 * time.Millisecond
)

// transact runs f in a transaction, again if the server asks for it.
func (b *postgres) transact(ctx context.Context, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := b.transactOnce(ctx, opts, f)
		if state := sqlState(err); attempt == attempts || state != serializationFailure && state != deadlockDetected {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause *= 2
		}
	}
}

func (b *postgres) transactOnce(ctx context.Context, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := b.db.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return commitError(err)
	}
	return nil
}

// commitError marks what leaves open whether the commit happened: all but a refusal by the server.
func commitError(err error) error {
	if state := sqlState(err); state != "" && state[:2] != "57" && state[:2] != "08" { // 57: shutdown, 08: connection
		return fmt.Errorf("commit: %w", err)
	}
	if errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return fmt.Errorf("commit: %w: %w", activitylog.ErrOutcomeUnknown, err)
}

// ensureDurable asks once whether the server waits for its disk, and makes a transaction wait where it does not.
func (b *postgres) ensureDurable(ctx context.Context, tx *sql.Tx) error {
	b.durable.Do(func() {
		var level string
		err := tx.QueryRowContext(ctx, "SELECT current_setting('synchronous_commit')").Scan(&level)
		b.weak = err != nil || level == "off" || level == "local"
	})
	if !b.weak {
		return nil
	}
	_, err := tx.ExecContext(ctx, "SET LOCAL synchronous_commit = on")
	return err
}

func (b *postgres) ready(ctx context.Context) error {
	var version int
	err := b.db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM activitylog_schema`).Scan(&version)
	switch {
	case sqlState(err) == noPrivilege: // a role that may only insert
		return nil
	case sqlState(err) == undefinedTable || err == nil && version == 0:
		return notMigrated()
	case err != nil:
		return err
	case version > schemaVersion:
		return tooNew(version)
	}
	return nil
}

func (b *postgres) migrate(ctx context.Context) error {
	err := b.transact(ctx, nil, func(tx *sql.Tx) error {
		// Held to the end of the transaction, so that processes that start together migrate one after the other.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7163001512)`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS activitylog_schema (version integer PRIMARY KEY)`); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM activitylog_schema`).Scan(&version); err != nil {
			return err
		}
		if version > schemaVersion {
			return tooNew(version)
		}
		if version >= 1 {
			return nil
		}
		files := []string{"0001_init.sql", "0001_tables.sql", "0001_triggers.sql"}
		if b.opts.Partitioned {
			files[0] = "0001_init_partitioned.sql"
		}
		if b.opts.NoTriggers {
			files = files[:2]
		}
		for _, file := range files {
			text, err := migrations.ReadFile("migrations/postgres/" + file)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(text)); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO activitylog_schema VALUES (1)`)
		return err
	})
	if err != nil || !b.opts.Partitioned {
		return err
	}
	now := time.Now()
	return b.addPartitions(ctx, now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
}

// AddPartitions creates the monthly partitions from the month of one time to the month of another, both included. It is
// for stores with PostgresOptions.Partitioned; Migrate creates last month to a year ahead. Events of other months go to
// a partition of their own kind; a month that already has such events cannot get a partition any more and is refused.
func (s *Store) AddPartitions(ctx context.Context, from, to time.Time) error {
	b, ok := s.back.(*postgres)
	if !ok || !b.opts.Partitioned {
		return fmt.Errorf("activitylog: this store has no partitions: %w", errors.ErrUnsupported)
	}
	return b.addPartitions(ctx, from, to)
}

func (b *postgres) addPartitions(ctx context.Context, from, to time.Time) error {
	month := func(t time.Time) time.Time {
		t = t.UTC()
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	for m := month(from); !m.After(month(to)); m = m.AddDate(0, 1, 0) {
		name := "activitylog_events_" + m.Format("2006_01")
		err := b.transact(ctx, nil, func(tx *sql.Tx) error {
			var exists bool
			if err := tx.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, name).Scan(&exists); err != nil || exists {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf(`CREATE TABLE %s PARTITION OF activitylog_events FOR VALUES FROM (%d) TO (%d)`,
				name, m.UnixMicro(), m.AddDate(0, 1, 0).UnixMicro()))
			if err == nil && !b.opts.NoTriggers {
				// Row triggers come down from the parent, TRUNCATE of a partition alone would not meet one.
				_, err = tx.ExecContext(ctx, fmt.Sprintf(`CREATE TRIGGER activitylog_no_truncate BEFORE TRUNCATE ON %s
					FOR EACH STATEMENT EXECUTE FUNCTION activitylog_guard();
					ALTER TABLE %s ENABLE ALWAYS TRIGGER activitylog_no_truncate`, name, name))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("partition %s: %w", name, err)
		}
	}
	return nil
}

// keyOrder are the columns of activitylog.Key in their order.
const keyOrder = "e.time %[1]s, e.id %[1]s, e.org %[1]s"

// bounds writes the scope, the bounds of time and the place of a plan.
func (b *postgres) bounds(w *builder, p *plan, after *activitylog.Key) {
	w.write("FROM activitylog_events e WHERE 1=1")
	if p.org != "" {
		w.write(" AND e.org = ?", p.org)
	}
	if after != nil {
		_, behind := direction(p.order)
		if p.org != "" {
			w.write(" AND (e.time, e.id) "+behind+" (?, ?)", after.Time.UnixMicro(), after.ID.String())
		} else {
			w.write(" AND (e.time, e.id, e.org) "+behind+" (?, ?, ?)", after.Time.UnixMicro(), after.ID.String(), after.Org)
		}
	}
	for _, x := range conjuncts(p.expr) {
		if c, ok := x.(activitylog.Cond); ok && (c.Field == "time" || c.Field == "id" || b.indexed(c)) {
			w.write(" AND ")
			w.condition(c)
		}
	}
	if p.need != nil {
		w.write(" AND e.search @@ ?::tsquery", p.need.tsquery())
	}
}

// residual writes the conditions that bounds left out.
func (b *postgres) residual(w *builder, p *plan) {
	rest := slices.DeleteFunc(slices.Clone(conjuncts(p.expr)), func(x activitylog.Expr) bool {
		c, ok := x.(activitylog.Cond)
		return ok && (c.Field == "time" || c.Field == "id" || b.indexed(c))
	})
	w.write(" AND ")
	w.condition(activitylog.AndExpr(rest))
}

// from implements backend.
func (b *postgres) from(w *builder, p *plan) {
	b.bounds(w, p, nil)
	b.residual(w, p)
}

// order writes the order of a plan; within one organization the last column says nothing and would cost an index.
func (b *postgres) order(w *builder, p *plan) {
	sort, _ := direction(p.order)
	if p.org != "" {
		w.write(" ORDER BY e.time " + sort + ", e.id " + sort)
		return
	}
	w.write(fmt.Sprintf(" ORDER BY "+keyOrder, sort))
}

// fetch implements backend.
func (b *postgres) fetch(ctx context.Context, p *plan, after *activitylog.Key, n int) (batch, error) {
	var edge *activitylog.Key
	window := 0
	if p.windowed {
		window = max(4*n, 512)
		var err error
		if edge, err = b.window(ctx, p, after, window); err != nil {
			return batch{}, err
		}
	}
	w := b.newBuilder()
	// The wide columns are read for the rows of the page only.
	w.write("SELECT " + selected + " FROM activitylog_events e JOIN (SELECT e.org, e.id, e.time ")
	b.bounds(w, p, after)
	b.residual(w, p)
	if edge != nil {
		op := ">="
		if p.order == activitylog.Oldest {
			op = "<="
		}
		w.write(" AND (e.time, e.id, e.org) "+op+" (?, ?, ?)", edge.Time.UnixMicro(), edge.ID.String(), edge.Org)
	}
	b.order(w, p)
	w.write(" LIMIT ?) p ON p.org = e.org AND p.id = e.id AND p.time = e.time", n)
	b.order(w, p)
	rows, err := b.s.query(ctx, w)
	found, err := collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, 0) })
	if err != nil {
		if sqlState(err) == undefinedTable {
			err = notMigrated()
		}
		return batch{}, err
	}
	out := batch{events: make([]activitylog.Event, len(found))}
	for i := range found {
		out.events[i] = found[i].event
	}
	switch {
	case len(found) == n:
		k := activitylog.KeyOf(&out.events[n-1])
		out.next = &k
	case edge != nil:
		out.next, out.examined = edge, window-len(found)
	default:
		out.done = true
	}
	return out, nil
}

// window finds the n-th candidate, or nil if there are fewer.
func (b *postgres) window(ctx context.Context, p *plan, after *activitylog.Key, n int) (*activitylog.Key, error) {
	w := b.newBuilder()
	w.write("SELECT e.time, e.id, e.org ")
	b.bounds(w, p, after)
	b.order(w, p)
	w.write(" OFFSET ? LIMIT 1", n-1)
	rows, err := b.s.query(ctx, w)
	keys, err := collect(rows, err, scanKey)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return &keys[0], nil
}

func scanKey(rows *sql.Rows) (activitylog.Key, error) {
	var k activitylog.Key
	var us int64
	err := rows.Scan(&us, &k.ID, &k.Org)
	k.Time = time.UnixMicro(us).UTC()
	return k, err
}
