package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/activitylog/activitylog"
)

// Store is an activitylog.Store with every capability. Make it with NewSQLite or NewPostgres. It is safe for
// concurrent use, by any number of processes on one database.
type Store struct {
	db    *sql.DB
	back  backend
	owned bool // Close closes db
	stmts statements
	tx    activitylog.Tx // of a snapshot, whose queries all go through it
	fresh *fresh         // nil: not kept
}

var (
	_ activitylog.Store      = (*Store)(nil)
	_ activitylog.TxAppender = (*Store)(nil)
	_ activitylog.Counter    = (*Store)(nil)
	_ activitylog.Aggregator = (*Store)(nil)
	_ activitylog.Pruner     = (*Store)(nil)
	_ activitylog.Eraser     = (*Store)(nil)
	_ activitylog.Tailer     = (*Store)(nil)
	_ activitylog.Spacer     = (*Store)(nil)
)

// backend is what the databases do differently.
type backend interface {
	migrate(ctx context.Context) error
	// ready returns why the database cannot be used yet, such as a missing migration.
	ready(ctx context.Context) error
	append(ctx context.Context, events []activitylog.Event) error
	appendTx(ctx context.Context, tx activitylog.Tx, events []activitylog.Event) error
	// fetch returns the next events of p strictly behind after, at least one unless it is done or met only others.
	fetch(ctx context.Context, p *plan, after *activitylog.Key, n int) (batch, error)
	// from writes FROM and WHERE of everything that p may mean, for counting and summing.
	from(w *builder, p *plan)
	// order writes ORDER BY for a plan.
	order(w *builder, p *plan)
	tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error)
	// tailEach is tail for some columns, which each reads.
	tailEach(ctx context.Context, after activitylog.Position, limit int, columns string, each rowReader, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error)
	// change runs f in a transaction that may change and delete events.
	change(ctx context.Context, f func(changer) error) error
	update(ctx context.Context, space string, f func(*spaceTx) error) error
	view(ctx context.Context, space string, f func(*spaceTx) error) error
	// snapshot runs f in a transaction that only reads, all at one moment, with the backend within it.
	snapshot(ctx context.Context, f func(backend) error) error
	// check holds all that was derived from events, or stands beside them, to what it should be.
	check(ctx context.Context, c *checking) error
	durability(ctx context.Context) (string, error)
	newBuilder() *builder
	// indexed tells whether a B-tree of the database finds c in order of time, within one organization or over all.
	indexed(c activitylog.Cond, oneOrg bool) bool
	close() error
}

// changer deletes and rewrites events within one transaction.
type changer interface {
	// current reads an event anew, so that nothing is undone that somebody changed since it was found. It returns false if
	// the event is gone.
	current(e *activitylog.Event) (bool, error)
	rewrite(e *activitylog.Event) (bool, error)
	removeAll(keys []activitylog.Key) (int, error)
	open(e *activitylog.Event) error
}

// rowReader reads the rows of a query, of which the last column is a place in the order of commits, and calls f with each.
type rowReader func(w *builder, f func(e *activitylog.Event, place int64)) error

// batch is what one fetch brought.
type batch struct {
	events   []activitylog.Event
	next     *activitylog.Key // where to go on
	examined int              // rows that the database looked at and did not return
	done     bool             // nothing follows
}

// Migrate brings the schema up to date, one transaction per step. It may run in several processes at once.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.back.migrate(ctx); err != nil {
		return fmt.Errorf("activitylog: migrate: %w", err)
	}
	return nil
}

// Ready returns nil when the store can be used, or what is missing.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.back.ready(ctx); err != nil {
		return fmt.Errorf("activitylog: %w", err)
	}
	return nil
}

// CloseDB makes Close close the database handle too. The Open functions of store/sqlite and store/postgres use it.
func (s *Store) CloseDB() { s.owned = true }

// Close frees what the store holds. The handle that the host brought stays open.
func (s *Store) Close() error {
	err := s.stmts.close()
	err = errors.Join(err, s.back.close())
	if s.owned {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// Append implements activitylog.Store.
func (s *Store) Append(ctx context.Context, events []activitylog.Event) error {
	if err := ctx.Err(); err != nil || len(events) == 0 {
		return err
	}
	return s.back.append(ctx, events)
}

// AppendTx implements activitylog.TxAppender. The transaction must be one of the database that holds the events.
func (s *Store) AppendTx(ctx context.Context, tx activitylog.Tx, events []activitylog.Event) error {
	if err := ctx.Err(); err != nil || len(events) == 0 {
		return err
	}
	return s.back.appendTx(ctx, tx, events)
}

// Tail implements activitylog.Tailer. On PostgreSQL a transaction that stays open holds back what was committed after
// it began, since nothing may appear behind a position.
func (s *Store) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	return s.back.tail(ctx, after, limit)
}

// TailEvidence is Tail for sealing: it calls f with each event, of which only ID, Org, Recorded, Action and Leaf are
// read, and returns the position of the last. The event holds until f returns, its leaf longer. On SQLite, what this
// Store committed last comes as it was recorded, whatever became of the rows.
func (s *Store) TailEvidence(ctx context.Context, after activitylog.Position, limit int,
	f func(e *activitylog.Event, at activitylog.Position)) (activitylog.Position, error) {
	after, served := s.fresh.tail(after, limit, f)
	if served > 0 && served == limit {
		return after, ctx.Err()
	}
	limit -= served
	return s.back.tailEach(ctx, after, limit, evidence, func(w *builder, each func(*activitylog.Event, int64)) error {
		return s.eachEvidence(ctx, w, each)
	}, f)
}

// Prune implements activitylog.Pruner.
func (s *Store) Prune(ctx context.Context, q activitylog.StoreQuery, limit int) (int, error) {
	q.Limit, q.Examine = limit, 0
	var keys []activitylog.Key
	for e, err := range s.Scan(ctx, q) {
		if err != nil {
			return 0, err
		}
		keys = append(keys, activitylog.KeyOf(&e))
	}
	deleted, _, err := s.PruneKeys(ctx, keys)
	return deleted, err
}

// Erase implements activitylog.Eraser.
func (s *Store) Erase(ctx context.Context, q activitylog.StoreQuery, parts activitylog.Parts) (int, error) {
	return s.changeAll(ctx, q, func(c changer, e *activitylog.Event) (bool, error) {
		if there, err := c.current(e); !there || err != nil {
			return false, err
		}
		parts.Erase(e)
		return c.rewrite(e)
	})
}

func (s *Store) changeAll(ctx context.Context, q activitylog.StoreQuery, f func(changer, *activitylog.Event) (bool, error)) (int, error) {
	q.Examine = 0
	var events []activitylog.Event
	for e, err := range s.Scan(ctx, q) {
		if err != nil {
			return 0, err
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return 0, nil
	}
	slices.SortFunc(events, lockOrder)
	n := 0
	err := s.back.change(ctx, func(c changer) error {
		n = 0
		for i := range events {
			done, err := f(c, &events[i])
			if err != nil {
				return err
			}
			if done {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// lockOrder is the order in which the rows of several events are changed. If each transaction had its own, two could wait
// for each other until PostgreSQL ends one of them, a second later.
func lockOrder(a, b activitylog.Event) int {
	return cmp.Or(bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Org, b.Org))
}

// query runs a read with a statement that is prepared once for each text, unless it is a one-off.
func (s *Store) query(ctx context.Context, w *builder) (*sql.Rows, error) {
	if s.tx != nil {
		return s.tx.QueryContext(ctx, w.String(), w.args...)
	}
	return s.stmts.query(ctx, s.db, w)
}

// statements keeps prepared statements by their text.
type statements struct {
	mu     sync.Mutex
	byText map[string]*sql.Stmt

	observe func(text string, args []any) // set by the test of query plans alone
}

// maxStatements bounds the cache; what goes over it is run without.
const maxStatements = 256

func (c *statements) query(ctx context.Context, db *sql.DB, w *builder) (*sql.Rows, error) {
	text := w.String()
	if c.observe != nil {
		c.observe(text, w.args)
	}
	if w.oneOff {
		return db.QueryContext(ctx, text, w.args...)
	}
	stmt, err := c.prepare(ctx, db, text)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return db.QueryContext(ctx, text, w.args...)
	}
	return stmt.QueryContext(ctx, w.args...)
}

func (c *statements) prepare(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	c.mu.Lock()
	stmt, full := c.byText[text], len(c.byText) >= maxStatements
	c.mu.Unlock()
	if stmt != nil || full {
		return stmt, nil
	}
	stmt, err := db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	kept := c.keep(text, stmt)
	if kept != stmt { // somebody was faster; closing waits for connections in use, so it must not be done under the lock
		err = stmt.Close()
	}
	return kept, err
}

// keep returns the statement for text: the one that was kept before, or else stmt.
func (c *statements) keep(text string, stmt *sql.Stmt) *sql.Stmt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.byText[text]; other != nil {
		return other
	}
	if c.byText == nil {
		c.byText = map[string]*sql.Stmt{}
	}
	c.byText[text] = stmt
	return stmt
}

// known returns a statement that was prepared before, or nil.
func (c *statements) known(text string) *sql.Stmt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byText[text]
}

func (c *statements) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, stmt := range c.byText {
		err = errors.Join(err, stmt.Close())
	}
	c.byText = nil
	return err
}

// collect reads all rows before anything else happens, so that no connection is held while callers work.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// seqOf turns a list and an error into a sequence.
func seqOf[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}
