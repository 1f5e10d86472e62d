package attempt

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// DB begins transactions, as *sql.DB and *sql.Conn do.
type DB interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

// InTx runs f in a transaction of db and records e: in the same transaction if f succeeds, so that what it did and its
// event are there both or neither; after the rollback, outside, if it does not. The store of log must be able to record
// in transactions of db.
//
// If the event cannot be recorded in the transaction, that is rolled back, and InTx tries to record the failure outside.
// If the answer to the commit is an error, a second event says that the outcome is Unknown: the transaction may be there
// or not. f may change its event as in Do.
func InTx(ctx context.Context, db DB, log *activitylog.Log, e activitylog.Event, f func(context.Context, *sql.Tx, *activitylog.Event) error) error {
	n := begin(ctx, log, e)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return n.record(fmt.Errorf("begin: %w", err))
	}
	defer n.ifPanicking()
	defer tx.Rollback() // first of the two; it does nothing after a commit
	err = f(ctx, tx, &n.event)
	n.returned = true
	if err != nil {
		tx.Rollback() // so that the record need not wait for it
		return n.record(err)
	}
	n.conclude(nil)
	if _, err := log.RecordTx(ctx, tx, n.event); err != nil {
		tx.Rollback()
		return n.again(activitylog.Failure, fmt.Errorf("%w in the transaction, which was rolled back: %w", ErrNotRecorded, err))
	}
	if err := tx.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) || errors.Is(err, ctx.Err()) { // database/sql had rolled it back before
			return n.again(activitylog.Failure, fmt.Errorf("commit: %w", err))
		}
		return n.again(activitylog.Unknown, fmt.Errorf("commit: %w", err))
	}
	return nil
}

// again records an event beside that of the transaction, which may be there or not.
func (n *ending) again(o activitylog.Outcome, err error) error {
	n.event.ID = uuid.Nil // the other one keeps its own
	n.event.Outcome, n.event.Reason = o, ""
	return n.record(err)
}
