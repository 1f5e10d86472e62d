package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// The text index is merged a little with each transaction: its parts never become so many that all of a size are merged
// at once, which at sixteen FTS4 does on its own.
func TestTextIndexMergesALittleAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "t.db")
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	defer store.Close()
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	require.NoError(t, err)
	defer db.Close()
	most, deepest := 0, 0
	for n := range 280 {
		events := make([]activitylog.Event, 20)
		for i := range events {
			var words strings.Builder
			for w := range 100 {
				fmt.Fprintf(&words, "word%d ", n*7919+i*104729+w*1299709)
			}
			events[i] = activitylog.Event{Org: "acme", Action: "project.update", Actor: activitylog.Actor{ID: "leo"}, Message: words.String()}
		}
		_, err := log.RecordAll(t.Context(), events)
		require.NoError(t, err)
		var parts, level int // those of a single transaction are small
		require.NoError(t, db.QueryRow("SELECT coalesce(max(n), 0), coalesce(max(level), 0) FROM (SELECT level, count(*) AS n FROM activitylog_text_segdir WHERE level > 0 GROUP BY level)").Scan(&parts, &level))
		most, deepest = max(most, parts), max(deepest, level)
	}
	require.Greater(t, deepest, 1, "too little was recorded to see merges")
	require.LessOrEqual(t, most, 12)
}
