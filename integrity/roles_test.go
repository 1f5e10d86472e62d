package integrity_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// role makes a role with rights and returns a DSN that acts as it.
func role(t *testing.T, dsn string, db *sql.DB, grants ...string) string {
	t.Helper()
	name := "activitylog_" + strings.ToLower(rand.Text()[:10])
	do := func(statement string) {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
	do("CREATE ROLE " + name)
	t.Cleanup(func() {
		_, err := db.Exec("DROP OWNED BY " + name)
		require.NoError(t, err)
		_, err = db.Exec("DROP ROLE " + name)
		require.NoError(t, err)
	})
	for _, g := range grants {
		do("GRANT " + g + " TO " + name)
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("options", "-c role="+name)
	u.RawQuery = q.Encode()
	return u.String()
}

// The rights of docs/integrity.md.
var (
	writerRights  = []string{"INSERT ON activitylog_events, activitylog_orgs"}
	sealerRights  = []string{"SELECT, INSERT ON activitylog_events, activitylog_orgs", "UPDATE (opening) ON activitylog_events", "SELECT, INSERT, UPDATE, DELETE ON activitylog_spaces, activitylog_space_locks", "SELECT ON activitylog_schema"}
	auditorRights = []string{"SELECT ON ALL TABLES IN SCHEMA public"}
)

// TestSealerThatMayGiveNoOpening seals an event without evidence with and without the right that this takes, and goes on.
func TestSealerThatMayGiveNoOpening(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		rights []string
		want   string
	}{
		"with":    {sealerRights, ""},
		"without": {append(append([]string{}, sealerRights[0]), sealerRights[2:]...), "could fix only part of the row"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := postgresRig(t)
			r.adopted(1)
			db, err := sql.Open("postgres", r.dsn)
			require.NoError(t, err)
			t.Cleanup(func() { db.Close() })
			sealing, err := postgres.Open(t.Context(), role(t, r.dsn, db, x.rights...), nil)
			require.NoError(t, err)
			t.Cleanup(func() { sealing.Close() })
			log, err := activitylog.New(sealing, nil)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, log.Close(context.Background())) })
			r.sealer, err = integrity.NewSealer(log, sealing, &r.keys, nil)
			require.NoError(t, err)
			r.seal()
			got := r.verify().Findings
			if x.want == "" && len(got) > 0 || x.want != "" && (len(got) != 1 || !strings.Contains(got[0].What, x.want)) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestSealerWithARoleOfItsOwn has one process that records and may only insert, one that seals and has the only key, and
// an auditor that may only read and has no secret.
func TestSealerWithARoleOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, partitioned := range map[string]bool{"one table": false, "partitioned": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			keys, _ := newKeys(t)
			store := func(dsn string, migrate bool) *sqlstore.Store {
				s, err := postgres.Open(t.Context(), dsn, &postgres.Options{Migrate: migrate, Partitioned: partitioned})
				require.NoError(t, err)
				t.Cleanup(func() { s.Close() })
				return s
			}
			logOver := func(s activitylog.Store) *activitylog.Log {
				w := integrity.NewWriter(keys.WriterKeys)
				log, err := activitylog.New(s, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, log.Close(context.Background())) })
				return log
			}
			store(dsn, true)
			db, err := sql.Open("postgres", dsn)
			require.NoError(t, err)
			t.Cleanup(func() { db.Close() })
			writerDSN, sealerDSN, auditorDSN := role(t, dsn, db, writerRights...), role(t, dsn, db, sealerRights...), role(t, dsn, db, auditorRights...)

			ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "u1"})
			writer := logOver(store(writerDSN, false))
			sealing := store(sealerDSN, false)
			anchors := filepath.Join(t.TempDir(), "anchors")
			sealer, err := integrity.NewSealer(logOver(sealing), sealing, &keys, &integrity.SealerOptions{Anchors: []integrity.Anchor{integrity.FileAnchor{Path: anchors}}})
			require.NoError(t, err)
			sealer.Start()
			_, err = writer.RecordAll(ctx, []activitylog.Event{event("acme", 1), event("acme", 2), event("globex", 3)})
			require.NoError(t, err)
			auditing := store(auditorDSN, false)
			verify := func() *integrity.Report {
				report, err := integrity.Verify(t.Context(), auditing, &integrity.VerifyOptions{Verifiers: keys.Verifiers, Deep: true})
				require.NoError(t, err)
				return report
			}
			// Three and the declaration of the sealer; the transactions of other tests hold followers back.
			for verify().Sealed < 4 {
				require.NoError(t, t.Context().Err())
			}
			require.NoError(t, sealer.SwitchOff(ctx, "enough"))
			report := verify()
			require.Empty(t, report.Findings)
			b, err := os.ReadFile(anchors)
			require.NoError(t, err)
			require.NotEmpty(t, integrity.ReadCheckpoints(b))

			for _, x := range []struct{ who, dsn, statement string }{
				{"writer", writerDSN, "SELECT count(*) FROM activitylog_events"},
				{"writer", writerDSN, "DELETE FROM activitylog_events"},
				{"writer", writerDSN, "INSERT INTO activitylog_spaces (space, key, value) VALUES ('activitylog/seal', '\\x00', '\\x00')"},
				{"sealer", sealerDSN, "UPDATE activitylog_events SET action = 'x.y'"},
				{"sealer", sealerDSN, "DELETE FROM activitylog_events"},
				{"auditor", auditorDSN, "INSERT INTO activitylog_orgs VALUES ('x')"},
				{"auditor", auditorDSN, "DELETE FROM activitylog_spaces"},
			} {
				as, err := sql.Open("postgres", x.dsn)
				require.NoError(t, err)
				_, err = as.Exec(x.statement)
				require.ErrorContains(t, err, "permission denied", "%s: %s", x.who, x.statement)
				require.NoError(t, as.Close())
			}
		})
	}
}
