package integrity_test

import (
	"testing"

	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/stretchr/testify/require"
)

// TestRestoredDatabase moves a sealed log to a server that has seen fewer transactions: it is sealed on, and verifies.
func TestRestoredDatabase(t *testing.T) {
	t.Parallel()
	from, to := pgtest.Dedicated(t).DSN(), pgtest.Dedicated(t).DSN()
	open := func(dsn string) *rig {
		store, err := postgres.Open(t.Context(), dsn, &postgres.Options{Migrate: true, MaxConns: 4})
		require.NoError(t, err)
		t.Cleanup(func() { store.Close() })
		r := newRig(t, store)
		r.dsn = dsn
		return r
	}
	old := open(from)
	newAttacker(t, old).exec("DO $$ BEGIN FOR i IN 1..2000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
	old.record("acme", 10)
	old.seal()
	old.record("acme", 3)

	require.NoError(t, open(to).store.(interface{ Close() error }).Close())
	require.NoError(t, pgtest.Restore(t.Context(), from, to, "activitylog_"))
	r := open(to)
	r.keys, r.public = old.keys, old.public
	r.reopen()
	r.record("acme", 5)
	sealed, err := r.sealer.Seal(r.ctx)
	require.NoError(t, err)
	if sealed != 8 {
		t.Errorf("%d events were sealed on the new server, want 3 that were restored and 5 new ones", sealed)
	}
	if report := r.verifyDeeply(); report.Verdict() != integrity.Clean || report.Sealed != 18 {
		t.Errorf("%d sealed, %v", report.Sealed, report.Findings)
	}
}
