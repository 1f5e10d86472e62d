package postgres_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// newWriter makes a role that may do nothing but insert events and organizations and returns a DSN that acts as it.
func newWriter(t testing.TB, dsn string) string {
	t.Helper()
	db, role := host(t, dsn), "activitylog_writer_"+strings.ToLower(rand.Text()[:8])
	exec(t, db, "CREATE ROLE "+role)
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := db.Exec(statement); err != nil {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
	exec(t, db, "GRANT INSERT ON activitylog_events, activitylog_orgs TO "+role)
	return with(t, dsn, "options", "-c role="+role)
}

// TestInsertOnly records as a role that may only insert. It cannot compare a known id with what is stored, so such an
// event is skipped; everything else works as ever.
func TestInsertOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts postgres.Options
	}{{name: "plain"}, {name: "partitioned", opts: postgres.Options{Partitioned: true}}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dsn, owner := pgtest.DSN(t), tt.opts
			owner.Migrate = true
			reader := logOver(t, open(t, dsn, &owner), nil)
			writerDSN := newWriter(t, dsn)
			log := logOver(t, open(t, writerDSN, &tt.opts), nil)
			count := func() int64 {
				t.Helper()
				n, err := reader.AllOrgs().Count(t.Context(), activitylog.Filter{}, 0)
				require.NoError(t, err)
				return n
			}

			id, err := log.Record(t.Context(), event("one"))
			require.NoError(t, err)
			_, err = log.Record(t.Context(), event("two"))
			require.NoError(t, err)
			_, err = log.RecordAll(t.Context(), events("many", "three", 500))
			require.NoError(t, err)
			pending, err := log.Submit(t.Context(), event("four"))
			require.NoError(t, err)
			require.NoError(t, pending.Wait(t.Context()))
			require.EqualValues(t, 503, count())

			tx, err := host(t, writerDSN).BeginTx(t.Context(), nil)
			require.NoError(t, err)
			_, err = log.RecordTx(t.Context(), tx, event("five"))
			require.NoError(t, err)
			require.NoError(t, tx.Commit())
			require.EqualValues(t, 504, count())

			stored, err := reader.Org("acme").Get(t.Context(), id)
			require.NoError(t, err)
			again := events("acme", "another content", 3)
			again[1].ID, again[1].Time = id, stored.Time
			_, err = log.RecordAll(t.Context(), again)
			require.NoError(t, err)
			require.EqualValues(t, 506, count())
			for batch := range 2 { // the second time all of them are known
				many := events("many", "again", 150)
				for k := range many {
					many[k].ID, many[k].Time = uuid.NewSHA1(id, []byte{byte(k)}), stored.Time
				}
				_, err = log.RecordAll(t.Context(), many)
				require.NoError(t, err, "batch %d", batch)
				require.EqualValues(t, 656, count())
			}
			if got, err := reader.Org("acme").Get(t.Context(), id); err != nil || got.Message != "one" {
				t.Errorf("recording under a known id turned %q into %q: %v", "one", got.Message, err)
			}

			_, err = log.Org("acme").Page(t.Context(), activitylog.Query{})
			require.ErrorContains(t, err, "permission denied for table activitylog_events")
			_, _, err = log.Tail(t.Context(), "", 10)
			require.ErrorContains(t, err, "permission denied for table activitylog_events")
			_, err = open(t, writerDSN, &tt.opts).Prune(t.Context(), activitylog.StoreQuery{}, 1)
			require.ErrorContains(t, err, "permission denied")
		})
	}
}
