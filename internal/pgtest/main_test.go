package pgtest_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/pgtest"
)

// childVariable makes this test binary start a server, print its DSN and wait
// to be killed.
const childVariable = "PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		s, err := pgtest.Run(context.Background(), pgtest.Config{})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.DSN())
		select {}
	}
	os.Exit(pgtest.Main(m))
}

// connect opens dsn for the length of the test.
func connect(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// ask returns the one value that a query yields.
func ask(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var v string
	require.NoError(t, db.QueryRowContext(t.Context(), query).Scan(&v))
	return v
}

func do(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// processesIn returns the processes that work in dir, as those of a server do
// in its data folder.
func processesIn(dir string) []string {
	var found []string
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		// The kernel marks a removed folder.
		if cwd, _ := os.Readlink(link); strings.TrimSuffix(cwd, " (deleted)") == dir {
			found = append(found, filepath.Dir(link))
		}
	}
	return found
}
