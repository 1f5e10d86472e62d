package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// TestTextIndexMergesALittleAtATime looks for the setting by which no transaction merges large parts of the text index
// at once. What it saves shows in logs of hundreds of thousands of events only; docs/benchmarks.md has the figures.
func TestTextIndexMergesALittleAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.db")
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	defer store.Close()
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	require.NoError(t, err)
	defer db.Close()
	var automerge int
	const ofAutomerge = 2 // its id in the table
	require.NoError(t, db.QueryRow("SELECT value FROM activitylog_text_stat WHERE id = ?", ofAutomerge).Scan(&automerge))
	if automerge != 8 {
		t.Errorf("automerge is %d", automerge)
	}
}
