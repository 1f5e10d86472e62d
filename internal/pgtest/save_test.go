package pgtest_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/stretchr/testify/require"
)

func TestSavedDataComesBack(t *testing.T) {
	first := pgtest.Dedicated(t)
	db, err := sql.Open("postgres", first.DSN())
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	dir := filepath.Join(t.TempDir(), "saved")
	require.NoError(t, first.Save(t.Context(), dir))

	second, err := pgtest.Run(t.Context(), pgtest.Config{From: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Stop()) })
	db, err = sql.Open("postgres", second.DSN())
	require.NoError(t, err)
	defer db.Close()
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT n FROM kept").Scan(&n))
	if n != 42 {
		t.Errorf("the saved table holds %d, want 42", n)
	}
}
