package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// replacement is an event of a foreign program with the given id, key and seq.
func replacement(verb, id, key, seq string) string {
	columns := `org, time, recorded, project, category, action, outcome, severity, actor_type, actor_id, model, provider,
		currency, cost, tokens_in, tokens_out, tokens_cached, tokens_cache_write, tokens_reasoning, ip, data, search_text`
	return fmt.Sprintf(`%s INTO activitylog_events (id, key, seq, %[2]s)
		SELECT %[3]s, %[4]s, %[5]s, %[6]s FROM activitylog_events WHERE seq = 2`,
		verb, columns, id, key, seq, strings.Replace(columns, "action", "'forged'", 1))
}

const (
	newID  = "x'00112233445566778899aabbccddeeff'"
	newKey = "key + 5000000"
	newSeq = "77"
)

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
	for _, tt := range []struct{ name, statement string }{
		{"update", "UPDATE activitylog_events SET action = 'forged' WHERE seq = 2"},
		{"update of nothing", "UPDATE activitylog_events SET action = action"},
		{"update of a key", "UPDATE activitylog_events SET key = key + 1 WHERE seq = 2"},
		{"update or replace", "UPDATE OR REPLACE activitylog_events SET seq = 1 WHERE seq = 2"},
		{"delete", "DELETE FROM activitylog_events WHERE seq = 2"},
		{"delete of all", "DELETE FROM activitylog_events"},
		{"replace by id", replacement("INSERT OR REPLACE", "id", newKey, newSeq)},
		{"replace by key", replacement("INSERT OR REPLACE", newID, "key", newSeq)},
		{"replace by seq", replacement("REPLACE", newID, newKey, "seq")},
		{"replace by all", replacement("REPLACE", "id", "key", "seq")},
		{"upsert", replacement("INSERT", "id", newKey, newSeq) + " AND 1 ON CONFLICT (id, org) DO UPDATE SET action = 'forged'"},
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
