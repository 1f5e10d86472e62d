package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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

	known sync.Map     // organizations that are in activitylog_orgs
	level atomic.Int32 // of durability, once known: durable or weak
}

// NewPostgres returns a store on a PostgreSQL database, version 15 or later, through any driver. With a driver that
// prepares every query by itself, as pgx does, set plan_cache_mode=force_custom_plan in the data source name: else the
// server comes to find rare and frequent values in one and the same way.
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
		dollar: true, idArg: func(id uuid.UUID) any { return id.String() }, recorded: "e.recorded",
		minMaxID: `min(e.id::text COLLATE "C"), max(e.id::text COLLATE "C")`,
	}
}

// indexed are the conditions that have a B-tree, which begins with the organization and ends in the order of time. It serves one value best; several are
// found by the term index.
func (b *postgres) indexed(c activitylog.Cond, oneOrg bool) bool {
	if !oneOrg || len(c.Values) != 1 || c.Op != "in" {
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
	checkViolation       = "23514"
	noPrivilege          = "42501"
	undefinedTable       = "42P01"
	lockNotAvailable     = "55P03"
)

// patience bounds the repetition of a whole transaction that lost to another one, if its context does not: one of many
// may lose often. The pauses are random, so that those who lost together do not meet again.
const (
	patience   = 20 * time.Second
	firstPause = 2 * time.Millisecond
	lastPause  = 256 * time.Millisecond
)

// transact runs f in a transaction, again if the server asks for it.
func (b *postgres) transact(ctx context.Context, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	began, pause := time.Now(), firstPause
	for {
		err := b.transactOnce(ctx, opts, f)
		if state := sqlState(err); state != serializationFailure && state != deadlockDetected || time.Since(began) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause/2 + rand.N(pause)):
			pause = min(2*pause, lastPause)
		}
	}
}

func (b *postgres) transactOnce(ctx context.Context, opts *sql.TxOptions, f func(*sql.Tx) error) error {
	b.isDurable(ctx) // asked here, since inside there may be no second connection to be had
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

// The levels of durability of a server: whether it waits for its disk before it acknowledges a commit.
const (
	durable = 1
	weak    = 2
)

// isDurable asks the server once. It must not be called inside a transaction: it takes a connection of its own, for
// which transactions that hold all others would wait forever.
func (b *postgres) isDurable(ctx context.Context) bool {
	if b.level.Load() == 0 {
		var setting string
		if err := b.db.QueryRowContext(ctx, "SELECT current_setting('synchronous_commit')").Scan(&setting); err != nil {
			return false
		}
		level := int32(durable)
		if setting == "off" {
			level = weak
		}
		b.level.Store(level)
	}
	return b.level.Load() == durable
}

// ensureDurable makes a transaction wait for the disk where the server would not, as far as is known.
func (b *postgres) ensureDurable(ctx context.Context, tx *sql.Tx) error {
	if b.level.Load() == durable {
		return nil
	}
	_, err := tx.ExecContext(ctx, "SET LOCAL synchronous_commit = on")
	return err
}
