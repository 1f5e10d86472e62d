package postgres_test

import (
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/stretchr/testify/require"
)

// TestMigrateAtOnce starts eight processes on an empty database, as a rolling deployment does.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for _, opts := range []postgres.Options{{}, {Partitioned: true}, {NoTriggers: true}, {Partitioned: true, NoTriggers: true}} {
		dsn := pgtest.DSN(t)
		opts.Migrate, opts.MaxConns = true, 2
		var processes sync.WaitGroup
		for i := range 8 {
			processes.Go(func() {
				store, err := postgres.Open(t.Context(), dsn, &opts)
				if err != nil {
					t.Errorf("process %d: %v", i, err)
					return
				}
				defer store.Close()
				if err := store.Append(t.Context(), nil); err != nil {
					t.Errorf("process %d: %v", i, err)
				}
			})
		}
		processes.Wait()
		db := host(t, dsn)
		if n := one[int](t, db, "SELECT count(*) FROM activitylog_schema"); n != 1 {
			t.Errorf("%+v: %d rows say which version it is", opts, n)
		}
		log := logOver(t, open(t, dsn, &opts), nil)
		_, err := log.Record(t.Context(), event("kept"))
		require.NoError(t, err)
		wantMessages(t, logOver(t, open(t, dsn, &opts), nil), "kept")
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	_, err := postgres.Open(t.Context(), dsn, nil)
	require.ErrorContains(t, err, "run Migrate")
	_, err = postgres.Open(t.Context(), "postgres://%zz", nil)
	require.Error(t, err)
	open(t, dsn, nil).Close()
	exec(t, host(t, dsn), "UPDATE activitylog_schema SET version = 99")
	for _, opts := range []*postgres.Options{nil, {Migrate: true}} {
		_, err = postgres.Open(t.Context(), dsn, opts)
		require.ErrorContains(t, err, "schema version 99")
	}
}

// TestWeakServer records on a server that acknowledges commits before they are on disk, unless it is asked not to.
func TestWeakServer(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	weak := with(t, dsn, "synchronous_commit", "off")
	db := host(t, weak)
	require.Equal(t, "off", one[string](t, db, "SHOW synchronous_commit"))
	open(t, dsn, nil).Close()
	exec(t, db, `CREATE TABLE levels (level text);
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO levels VALUES (current_setting('synchronous_commit')); RETURN coalesce(NEW, OLD); END $$;
		CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON activitylog_events FOR EACH ROW EXECUTE FUNCTION note();
		CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON activitylog_spaces FOR EACH ROW EXECUTE FUNCTION note()`)
	store := open(t, weak, nil)
	log := logOver(t, store, nil)
	for _, size := range []int{1, 1, 20, 200} {
		_, err := log.RecordAll(t.Context(), events("acme", "kept", size))
		require.NoError(t, err)
	}
	require.NoError(t, store.Space("a").Update(t.Context(), func(tx activitylog.SpaceTx) error { return tx.Put([]byte("k"), nil) }))
	for _, change := range []func() (int, error){
		func() (int, error) { return store.Prune(t.Context(), activitylog.StoreQuery{}, 1) },
		func() (int, error) {
			return store.Erase(t.Context(), activitylog.StoreQuery{Limit: 1}, activitylog.AllParts)
		},
	} {
		n, err := change()
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	if n := one[int](t, db, "SELECT count(*) FROM levels WHERE level <> 'on'"); n > 0 {
		t.Errorf("%d of %d writes did not wait for the disk", n, one[int](t, db, "SELECT count(*) FROM levels"))
	}
	if n := one[int](t, db, "SELECT count(*) FROM levels"); n != 222+1+2 {
		t.Errorf("the test saw %d writes", n)
	}
}
