package pgtest_test

import (
	"os"
	"testing"

	"github.com/activitylog/activitylog/internal/pgtest"
)

func TestDSNIsolatesDatabases(t *testing.T) {
	t.Parallel()
	one, two := connect(t, pgtest.DSN(t)), connect(t, pgtest.DSN(t))
	do(t, one, "CREATE TABLE only_here (x int)")
	const tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
	if got := ask(t, one, tables); got != "1" {
		t.Errorf("first database: %s tables, want 1", got)
	}
	if got := ask(t, two, tables); got != "0" {
		t.Errorf("second database: %s tables, want 0", got)
	}
}

func TestDSNDropsDatabaseInUse(t *testing.T) {
	t.Parallel()
	admin := connect(t, pgtest.DSN(t))
	var name string
	t.Run("use", func(t *testing.T) {
		db := connect(t, pgtest.DSN(t))
		name = ask(t, db, "SELECT current_database()")
		// An open transaction holds the connection until after the test.
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tx.Rollback() })
	})
	if got := ask(t, admin, "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"); got != "0" {
		t.Errorf("database %s is still there", name)
	}
}

// TestServerIsHostile holds the server to what makes it find mistakes.
func TestServerIsHostile(t *testing.T) {
	t.Parallel()
	if os.Getenv("ACTIVITYLOG_POSTGRES") != "" {
		return // not our server
	}
	db := connect(t, pgtest.DSN(t))
	tests := []struct{ name, query, want string }{
		{"keeps fsync on", "SHOW fsync", "on"},
		{"is not in UTC", "SELECT extract(timezone FROM now())::int::text", "20700"},
		{"encodes in UTF-8", "SHOW server_encoding", "UTF8"},
		{"does not sort by bytes", "SELECT ('a' < 'B')::text", "true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(t, db, tt.query); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
