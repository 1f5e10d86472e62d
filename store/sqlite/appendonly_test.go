package sqlite_test

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// replacement is an INSERT of a foreign program: the second event with other values in some columns.
func replacement(t *testing.T, db *sql.DB, verb string, values map[string]string) string {
	t.Helper()
	var columns, selected []string
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM pragma_table_info('activitylog_events')")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		columns = append(columns, name)
		selected = append(selected, cmp.Or(values[name], name))
	}
	require.NoError(t, rows.Err())
	return fmt.Sprintf("%s INTO activitylog_events (%s) SELECT %s FROM activitylog_events WHERE seq = 2",
		verb, strings.Join(columns, ", "), strings.Join(selected, ", "))
}

// TestAppendOnly lets another program, whose connections have recursive triggers off, try to change history.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	log := logOver(t, open(t, path), nil)
	_, err := log.RecordAll(t.Context(), []activitylog.Event{event("first"), event("second"), event("third")})
	require.NoError(t, err)
	db := foreign(t, path)
	exec(t, db, "PRAGMA recursive_triggers = OFF")
	before := dump(t, db)
	replacing := func(verb string, changed ...string) string {
		values := map[string]string{"action": "'forged'"}
		for _, column := range changed {
			values[column] = map[string]string{"id": "x'00112233445566778899aabbccddeeff'", "key": "key + 5000000", "seq": "77"}[column]
		}
		return replacement(t, db, verb, values)
	}
	for _, tt := range []struct{ name, statement string }{
		{"update", "UPDATE activitylog_events SET action = 'forged' WHERE seq = 2"},
		{"update of nothing", "UPDATE activitylog_events SET action = action"},
		{"update of a key", "UPDATE activitylog_events SET key = key + 1 WHERE seq = 2"},
		{"update or replace", "UPDATE OR REPLACE activitylog_events SET seq = 1 WHERE seq = 2"},
		{"delete", "DELETE FROM activitylog_events WHERE seq = 2"},
		{"delete of all", "DELETE FROM activitylog_events"},
		{"replace by id", replacing("INSERT OR REPLACE", "key", "seq")},
		{"replace by key", replacing("INSERT OR REPLACE", "id", "seq")},
		{"replace by seq", replacing("REPLACE", "id", "key")},
		{"replace by all", replacing("REPLACE")},
		{"upsert", replacing("INSERT", "key", "seq") + " ON CONFLICT (id, org) DO UPDATE SET action = 'forged'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := db.ExecContext(t.Context(), tt.statement); err == nil || !strings.Contains(err.Error(), "activitylog: ") {
				t.Errorf("not refused: %v", err)
			}
			if after := dump(t, db); after != before {
				t.Errorf("the events changed:\n%s\n%s", before, after)
			}
		})
	}
}

// dump returns all that is in the table of events.
func dump(t testing.TB, db *sql.DB) string {
	t.Helper()
	return one[string](t, db, `SELECT group_concat(key || ' ' || seq || ' ' || hex(id) || ' ' || action || ' ' || data, char(10))
		FROM activitylog_events`)
}

// TestGuardCloses looks for a guard that was left open by Prune or Erase.
func TestGuardCloses(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	store := open(t, path)
	log, db := logOver(t, store, nil), foreign(t, path)
	for range 4 {
		_, err := log.Record(t.Context(), event("x"))
		require.NoError(t, err)
	}
	oldest := activitylog.StoreQuery{Order: activitylog.Oldest, Limit: 1}
	prune := func() error {
		n, err := store.Prune(t.Context(), oldest, 1)
		if err == nil && n != 1 {
			return fmt.Errorf("pruned %d events", n)
		}
		return err
	}
	erase := func() error {
		n, err := store.Erase(t.Context(), oldest, activitylog.ActorPart)
		if err == nil && n != 1 {
			return fmt.Errorf("erased %d events", n)
		}
		return err
	}
	closed := func(after string) {
		t.Helper()
		if guard := one[int](t, db, "SELECT value FROM activitylog_numbers WHERE name = 'guard'"); guard != 0 {
			t.Errorf("after %s the guard is %d", after, guard)
		}
		for _, statement := range []string{"DELETE FROM activitylog_events", "UPDATE activitylog_events SET action = 'forged'"} {
			if _, err := db.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("after %s this works: %s", after, statement)
			}
		}
	}
	require.NoError(t, prune())
	closed("Prune")
	require.NoError(t, erase())
	closed("Erase")
	// The host makes the change itself fail, when the guard is open.
	for _, act := range []string{"DELETE", "UPDATE"} {
		exec(t, db, "CREATE TRIGGER host_"+act+" AFTER "+act+" ON activitylog_events BEGIN SELECT RAISE(ABORT, 'the host says no'); END")
	}
	for name, change := range map[string]func() error{"a failed Prune": prune, "a failed Erase": erase} {
		require.ErrorContains(t, change(), "the host says no")
		closed(name)
	}
	if n := one[int](t, db, "SELECT count(*) FROM activitylog_events"); n != 3 {
		t.Errorf("%d of 3 events are left", n)
	}
}

// TestRecordTxNeedsTheGuardClosed records in a transaction of the host: the guard stays closed for it as well.
func TestRecordTxNeedsTheGuardClosed(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	open(t, path).Close()
	db := foreign(t, path)
	store, err := sqlstore.NewSQLite(db) // over the host's only connection
	require.NoError(t, err)
	defer store.Close()
	log := logOver(t, store, nil)
	_, err = log.Record(t.Context(), event("before"))
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = log.RecordTx(t.Context(), tx, event("inside"))
	require.NoError(t, err)
	_, changed := tx.ExecContext(t.Context(), "DELETE FROM activitylog_events")
	if err := tx.Rollback(); changed == nil || err != nil {
		t.Errorf("deleting in the transaction that records: %v", errors.Join(changed, err))
	}
	wantMessages(t, log, "before")
}
