package postgres_test

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/stretchr/testify/require"
)

// TestDurability asks a server as it is meant to be, and then with pages that a loss of power can tear.
func TestDurability(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Dedicated(t).DSN()
	store := open(t, dsn, &postgres.Options{Migrate: true})
	db := host(t, dsn)
	for _, x := range [][2]string{{"on", "power"}, {"off", "process"}} {
		exec(t, db, "ALTER SYSTEM SET full_page_writes = "+x[0])
		exec(t, db, "SELECT pg_reload_conf()")
		require.Eventually(t, func() bool {
			got, err := store.Durability(t.Context())
			require.NoError(t, err)
			return got == x[1]
		}, time.Minute, 5*time.Millisecond, "full_page_writes = %s", x[0])
	}
}
