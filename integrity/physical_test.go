// Not under the race detector, where it takes long: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/stretchr/testify/require"
)

// copies counts how often the canary stands in the files of a folder, packed or not, by their names.
func copies(t testing.TB, dir string) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return err
			}
			if b, err = io.ReadAll(z); err != nil {
				return err
			}
		}
		if n := bytes.Count(bytes.ToLower(b), bytes.ToLower([]byte(canary))); n > 0 {
			found[path[len(dir):]] = n
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

// erasedPerson records what a person did, archives some of it by a purge, and erases the person from log and archive.
// It returns the folder of the archive.
func (r *rig) erasedPerson() string {
	r.t.Helper()
	person := activitylog.WithActor(r.ctx, activitylog.Actor{ID: "p1", Name: canary, Email: canary + "@example.org"})
	for n := range 300 {
		e := event("acme", n)
		e.Reason, e.Client.UserAgent = canary, canary
		if n < 100 {
			e.Action = "auth.login"
		}
		_, err := r.log.Record(person, e)
		require.NoError(r.t, err)
	}
	r.seal()
	keeper, err := retention.New(r.log, r.store, &retention.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, 40) }})
	require.NoError(r.t, err)
	require.NoError(r.t, keeper.SetRules(r.ctx, "acme", []retention.Rule{{Name: "logins", Filter: activitylog.ActionIs("auth.login"), Max: 30}}, ""))
	dir := r.t.TempDir()
	purged, err := keeper.Purge(r.ctx, "acme", &retention.PurgeOptions{Load: 1, Archive: dir})
	require.NoError(r.t, err)
	require.EqualValues(r.t, 100, purged.Archived)
	if len(copies(r.t, dir)) != 1 {
		r.t.Error("the archive does not hold what is to be erased from it")
	}
	archived, err := retention.OpenArchive(dir)
	require.NoError(r.t, err)
	x := integrity.Erasure{Org: "acme", Filter: activitylog.ActorIs("p1"), Ground: "GDPR art. 17", Keeper: keeper}
	for _, at := range []struct {
		store activitylog.Store
		want  int
	}{{r.store, 200}, {archived, 100}} {
		n, err := integrity.Erase(r.ctx, r.log, at.store, x)
		require.NoError(r.t, err)
		require.Equal(r.t, at.want, n)
	}
	for e, err := range archived.Scan(r.ctx, activitylog.StoreQuery{}) {
		require.NoError(r.t, err)
		if e.Actor.ID != "[erased]" || e.Action != "auth.login" || len(e.Leaf) == 0 {
			r.t.Fatalf("in the archive: %+v", e)
		}
	}
	r.seal()
	return dir
}

// afterwards wants no copy in any of the folders, and a log that verifies.
func (r *rig) afterwards(dirs ...string) {
	r.t.Helper()
	for _, dir := range dirs {
		for path, n := range copies(r.t, dir) {
			r.t.Errorf("%d copies in %s", n, path)
		}
	}
	if report := r.verifyDeeply(); len(report.Findings) > 0 || report.Erased != 200 || report.Purged != 100 {
		r.t.Errorf("got %+v", report)
	}
}

// TestErasedIsGoneFromSQLite follows the recipe of docs/integrity.md.
func TestErasedIsGoneFromSQLite(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	archive := r.erasedPerson()
	if len(copies(t, filepath.Dir(r.dsn))) == 0 {
		t.Error("nothing is left anyway: the recipe would not be needed")
	}
	db, err := sql.Open("sqlite3", r.dsn)
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
	r.afterwards(filepath.Dir(r.dsn), archive)
}

// TestErasedIsGoneFromPostgreSQL follows the recipe of docs/integrity.md, on a server of its own: the WAL is one for all
// databases.
func TestErasedIsGoneFromPostgreSQL(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{"one table": false}
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		kinds["partitioned"] = true
	}
	for name, partitioned := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Dedicated(t).DSN()
			store, err := postgres.Open(t.Context(), dsn, &postgres.Options{Migrate: true, Partitioned: partitioned})
			require.NoError(t, err)
			t.Cleanup(func() { store.Close() })
			r := newRig(t, store)
			archive := r.erasedPerson()
			db, err := sql.Open("postgres", dsn)
			require.NoError(t, err)
			defer db.Close()
			var data string
			require.NoError(t, db.QueryRow("SHOW data_directory").Scan(&data))
			if len(copies(t, data)) == 0 {
				t.Error("nothing is left anyway: the recipe would not be needed")
			}
			for _, statement := range []string{
				"ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()",
				"VACUUM (FULL, ANALYZE) activitylog_events", "VACUUM FULL pg_statistic",
				"SELECT pg_switch_wal()", "CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT",
			} {
				_, err := db.Exec(statement)
				require.NoError(t, err, statement)
			}
			r.afterwards(data, archive)
		})
	}
}
