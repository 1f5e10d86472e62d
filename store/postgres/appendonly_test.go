package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// changes are statements that change history.
var changes = []string{
	"UPDATE activitylog_events SET action = 'forged'",
	"DELETE FROM activitylog_events WHERE action = 'drill.run'",
	"TRUNCATE activitylog_events",
	"TRUNCATE activitylog_events, activitylog_orgs CASCADE",
	`INSERT INTO activitylog_events SELECT * FROM activitylog_events ON CONFLICT (org, id) DO UPDATE SET action = 'forged'`,
	`MERGE INTO activitylog_events e USING activitylog_events o ON e.id = o.id WHEN MATCHED THEN DELETE`,
}

// partitionChanges go past the table to a partition of this month.
func partitionChanges() []string {
	month := "activitylog_events_" + time.Now().UTC().Format("2006_01")
	return []string{
		"UPDATE " + month + " SET action = 'forged'", "DELETE FROM " + month, "TRUNCATE " + month, "TRUNCATE activitylog_events_other",
		// Into another partition, which deletes the row from its own.
		"UPDATE activitylog_events SET time = 0",
	}
}

// TestAppendOnly lets another program, the owner of the tables even, try to change history.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		opts       postgres.Options
		statements []string
		refused    bool
	}{
		{"plain", postgres.Options{}, changes, true},
		{"partitioned", postgres.Options{Partitioned: true}, append(partitionChanges(), changes[:4]...), true},
		{"without triggers", postgres.Options{NoTriggers: true}, changes, false},
		{"partitioned without triggers", postgres.Options{Partitioned: true, NoTriggers: true}, partitionChanges(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			tt.opts.Migrate = true
			log := logOver(t, open(t, dsn, &tt.opts), nil)
			_, err := log.RecordAll(t.Context(), events("acme", "kept", 3))
			require.NoError(t, err)
			for _, role := range []string{"origin", "replica"} { // as replica, ordinary triggers do not fire
				db := host(t, with(t, dsn, "session_replication_role", role))
				require.Equal(t, role, one[string](t, db, "SHOW session_replication_role"))
				for _, statement := range tt.statements {
					tx, err := db.BeginTx(t.Context(), nil)
					require.NoError(t, err)
					_, err = tx.ExecContext(t.Context(), statement)
					require.NoError(t, tx.Rollback())
					if !tt.refused {
						require.NoError(t, err, statement)
						continue
					}
					refusal := pq.As(err)
					if refusal == nil || refusal.SQLState() != "23001" || refusal.Message != "activitylog: events are append-only" {
						t.Errorf("as %s, %s: not refused: %v", role, statement, err)
					}
				}
			}
			wantMessages(t, log, "kept", "kept", "kept")
		})
	}
}

// TestGuardCloses looks for a guard that Prune or Erase left open on a connection of the store.
func TestGuardCloses(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := open(t, dsn, &postgres.Options{Migrate: true, MaxConns: 1}) // so that all runs on one connection
	log, db := logOver(t, store, nil), host(t, dsn)
	_, err := log.RecordAll(t.Context(), events("acme", "kept", 4))
	require.NoError(t, err)
	oldest := activitylog.StoreQuery{Order: activitylog.Oldest, Limit: 1}
	n, err := store.Prune(t.Context(), oldest, 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = store.Erase(t.Context(), oldest, activitylog.ActorPart)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	// The host makes the change itself fail, when the guard is open.
	exec(t, db, `CREATE FUNCTION host() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF current_setting('activitylog.guard', true) = 'open' AND TG_OP <> 'INSERT' THEN RAISE EXCEPTION 'the host says no'; END IF;
		IF coalesce(current_setting('activitylog.guard', true), '') <> '' THEN RAISE EXCEPTION 'the guard was left open'; END IF;
		RETURN NEW; END $$`)
	exec(t, db, "CREATE TRIGGER host BEFORE INSERT OR UPDATE OR DELETE ON activitylog_events FOR EACH ROW EXECUTE FUNCTION host()")
	_, err = store.Prune(t.Context(), oldest, 1)
	require.ErrorContains(t, err, "the host says no")
	_, err = store.Erase(t.Context(), oldest, activitylog.ActorPart)
	require.ErrorContains(t, err, "the host says no")
	_, err = log.Record(t.Context(), event("last")) // on the same connection
	require.NoError(t, err)
	wantMessages(t, log, "[erased]", "kept", "kept", "last")
}

// TestOneConnection does everything on a handle with a single connection, where a second one is never to be had.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	for _, opts := range []postgres.Options{{Migrate: true, MaxConns: 1}, {Migrate: true, MaxConns: 1, Partitioned: true}} {
		store := open(t, pgtest.DSN(t), &opts)
		log := logOver(t, store, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		for n := range 3 {
			for _, size := range []int{1, 70, 150} {
				_, err := log.RecordAll(ctx, events("acme", "kept", size))
				require.NoError(t, err, "batch of %d, round %d", size, n)
			}
		}
		_, err := log.Org("acme").Page(ctx, activitylog.Query{Filter: activitylog.Text("kept")})
		require.NoError(t, err)
		_, _, err = log.Tail(ctx, "", 10)
		require.NoError(t, err)
		require.NoError(t, store.Space("a").Update(ctx, func(tx activitylog.SpaceTx) error { return tx.Put([]byte("k"), nil) }))
		_, err = store.Prune(ctx, activitylog.StoreQuery{}, 5)
		require.NoError(t, err)
		cancel()
	}
}
