package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// Events stand in the order of the transactions that wrote them. When they are restored to another server, from a dump
// or by logical replication, they keep their numbers, and that server counts on from where it is: followers would not
// see what was restored, and take what comes for what they have passed. So the order of an event is the number of its
// transaction moved behind all that was restored, which two functions of the database know:
//
//	activitylog_order(transaction)  the order of what a transaction writes
//	activitylog_writer(order)       that transaction; NULL for what was restored

// horizon is below which followers read.
const horizon = `activitylog_order(pg_snapshot_xmin(pg_current_snapshot()))`

// setOrder makes the functions for a server to which events up to an order were restored. Both are inlined into queries.
func setOrder(ctx context.Context, tx *sql.Tx, restored, moved uint64) error {
	order, writer := `SELECT x`, `SELECT x`
	if restored > 0 {
		order = fmt.Sprintf(`SELECT ((x::text::bigint + %d)::text)::xid8`, moved)
		writer = fmt.Sprintf(`SELECT CASE WHEN x > '%d'::xid8 THEN ((x::text::bigint - %d)::text)::xid8 END`, restored, moved)
	}
	for name, body := range map[string]string{"order": order, "writer": writer} {
		_, err := tx.ExecContext(ctx, `CREATE OR REPLACE FUNCTION activitylog_`+name+`(x xid8) RETURNS xid8
			LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$`+body+`$$`)
		if err != nil {
			return err
		}
	}
	return nil
}

// ahead returns the highest order of an event if no transaction of this server can have written it, and the oldest
// transaction that runs; else 0.
func ahead(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (restored, next uint64, err error) {
	var top, end string
	err = db.QueryRowContext(ctx, `SELECT xact::text, pg_snapshot_xmin(pg_current_snapshot())::text FROM activitylog_events
		WHERE xact >= activitylog_order(pg_snapshot_xmax(pg_current_snapshot())) ORDER BY xact DESC LIMIT 1`).Scan(&top, &end)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	restored, err = strconv.ParseUint(top, 10, 63)
	if err == nil {
		next, err = strconv.ParseUint(end, 10, 63)
	}
	return restored, next, err
}

// settle moves the order of what is recorded from now on behind what was restored.
func settle(ctx context.Context, tx *sql.Tx) error {
	if restored, _, err := ahead(ctx, tx); err != nil || restored == 0 {
		return err
	}
	// Transactions that wait here to write were begun before, but not before the oldest that runs.
	if _, err := tx.ExecContext(ctx, `LOCK TABLE activitylog_events IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	restored, next, err := ahead(ctx, tx)
	if err != nil || restored == 0 {
		return err
	}
	return setOrder(ctx, tx, restored, restored+1-next)
}

// settled fails if events were restored and the order was not moved.
func (b *postgres) settled(ctx context.Context) error {
	restored, _, err := ahead(ctx, b.db)
	if err == nil && restored > 0 {
		err = errors.New("the events were restored from another server, and new ones would not be seen behind them; run Migrate, or open it once with the Migrate option")
	}
	return err
}
