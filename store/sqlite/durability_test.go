package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

func TestDurability(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	got, err := store.Durability(t.Context())
	require.NoError(t, err)
	require.Equal(t, "power", got)
	require.NoError(t, store.Close())
	_, err = store.Durability(t.Context())
	require.Error(t, err)
}
