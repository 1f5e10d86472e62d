package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// sqliteWriter is the one connection through which a Store writes, one transaction at a time.
//
// Nothing is acknowledged on a connection before a checkpoint succeeded on it: what a crashed process left in the WAL
// may never have reached the disk, and a WAL that is only continued would lose what is written behind it as well. For
// the same reason an error that is not understood drops the connection.
type sqliteWriter struct {
	db    *sql.DB
	turn  chan struct{} // holds one token while somebody writes
	conn  *sql.Conn     // nil: to be opened
	stmts map[string]*sql.Stmt
}

// do runs f inside one immediate transaction and commits it.
func (w *sqliteWriter) do(ctx context.Context, f func(*sql.Conn) error) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	if err := w.open(ctx); err != nil {
		return err
	}
	err := w.transact(ctx, f)
	if err != nil && !understood(err) || w.db.Stats().MaxOpenConnections == 1 {
		w.drop()
	}
	return err
}

// understood tells whether err is an answer about the events rather than trouble with the database.
func understood(err error) bool {
	return errors.Is(err, activitylog.ErrConflict) || errors.Is(err, activitylog.ErrInvalid) || errors.Is(err, errRolledBack)
}

// errRolledBack marks the error of a caller's function.
var errRolledBack = errors.New("rolled back")

func (w *sqliteWriter) transact(ctx context.Context, f func(*sql.Conn) error) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	err := f(w.conn)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if _, rerr := w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rerr != nil {
			w.drop()
		}
		return err
	}
	// The commit is not interrupted: its outcome would be unknown.
	if _, err := w.conn.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		w.drop()
		if locked(err) {
			return fmt.Errorf("commit: %w", err)
		}
		return fmt.Errorf("commit: %w: %w", activitylog.ErrOutcomeUnknown, err)
	}
	return nil
}

// begin takes the write lock of the database and waits for it as long as ctx allows. The statement itself is not
// watched by ctx, which would cost a goroutine; it waits for the busy timeout of the connection.
func (w *sqliteWriter) begin(ctx context.Context) error {
	for {
		_, err := w.conn.ExecContext(context.WithoutCancel(ctx), "BEGIN IMMEDIATE")
		if err == nil {
			return nil
		}
		if !locked(err) {
			return fmt.Errorf("begin: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("begin: %w: %w", ctx.Err(), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// locked tells whether another connection held a lock, whatever the driver.
func locked(err error) bool {
	text := err.Error()
	return strings.Contains(text, "locked") || strings.Contains(text, "busy") || strings.Contains(text, "BUSY")
}

func (w *sqliteWriter) open(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	w.conn, w.stmts = conn, map[string]*sql.Stmt{}
	if err := w.prepareConn(ctx); err != nil {
		w.drop()
		return err
	}
	return nil
}

func (w *sqliteWriter) prepareConn(ctx context.Context) error {
	for _, pragma := range []string{
		"PRAGMA synchronous=FULL", "PRAGMA fullfsync=ON", "PRAGMA checkpoint_fullfsync=ON", "PRAGMA recursive_triggers=ON",
		"PRAGMA busy_timeout=1000",
		"PRAGMA trusted_schema=OFF", "PRAGMA wal_autocheckpoint=20000", // rarer checkpoints write each page less often
	} {
		if _, err := w.conn.ExecContext(ctx, pragma); err != nil {
			return fmt.Errorf("%s: %w", pragma, err)
		}
	}
	var level int
	if err := w.conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil || level < 2 {
		return fmt.Errorf("the connection does not keep synchronous=FULL (level %d): %w", level, errors.Join(err, errors.ErrUnsupported))
	}
	return w.checkpoint(ctx)
}

// checkpoint brings all that was ever written to the disk. Truncating needs a moment without readers of other
// processes; where none comes, a full checkpoint is as good for durability.
func (w *sqliteWriter) checkpoint(ctx context.Context) error {
	var err error
	for {
		for _, mode := range []string{"TRUNCATE", "FULL"} {
			var busy, log, done int
			err = w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &done)
			if err == nil && busy == 0 {
				return nil
			}
			if err != nil && !locked(err) && ctx.Err() == nil {
				return fmt.Errorf("checkpoint before the first write: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("checkpoint before the first write: %w", errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// drop closes the connection for good, so that the pool cannot hand it out again.
func (w *sqliteWriter) drop() {
	if w.conn == nil {
		return
	}
	for _, stmt := range w.stmts {
		stmt.Close()
	}
	if w.db.Stats().MaxOpenConnections != 1 {
		w.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	w.conn.Close()
	w.conn, w.stmts = nil, nil
}

func (w *sqliteWriter) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	if w.conn == nil {
		return nil
	}
	for _, stmt := range w.stmts {
		stmt.Close()
	}
	err := w.conn.Close()
	w.conn, w.stmts = nil, nil
	return err
}

// prepared returns a statement of the write connection, unless ctx is over.
func (w *sqliteWriter) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if stmt := w.stmts[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.WithoutCancel(ctx), text)
	if err == nil {
		w.stmts[text] = stmt
	}
	return stmt, err
}
