package pgtest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/pgtest"
)

func TestKillKeepsCommittedData(t *testing.T) {
	t.Parallel()
	s := pgtest.Dedicated(t)
	db := connect(t, s.DSN())
	do(t, db, "CREATE TABLE kept AS SELECT 1 AS x")
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("INSERT INTO kept VALUES (2)")
	require.NoError(t, err)

	require.NoError(t, s.Kill())
	if err := tx.Commit(); err == nil {
		t.Error("commit on a killed server succeeded")
	}
	if err := db.Ping(); err == nil {
		t.Error("a killed server answers")
	}
	require.NoError(t, s.Restart(t.Context()))
	if got := ask(t, db, "SELECT string_agg(x::text, ',') FROM kept"); got != "1" {
		t.Errorf("after the crash: rows %s, want 1", got)
	}
}

func TestRestartOfARunningServer(t *testing.T) {
	t.Parallel()
	s := pgtest.Dedicated(t)
	db := connect(t, s.DSN())
	do(t, db, "CREATE TABLE kept AS SELECT 1 AS x")
	require.NoError(t, s.Restart(t.Context()))
	if got := ask(t, db, "SELECT count(*) FROM kept"); got != "1" {
		t.Errorf("after a restart: %s rows, want 1", got)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		name := "running"
		if killed {
			name = "killed"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pgtest.Dedicated(t)
			data := ask(t, connect(t, s.DSN()), "SHOW data_directory")
			if killed {
				require.NoError(t, s.Kill())
			}
			require.NoError(t, s.Stop())
			if _, err := os.Stat(filepath.Dir(data)); !os.IsNotExist(err) {
				t.Errorf("folder after Stop: %v, want it gone", err)
			}
			if pids := processesIn(data); len(pids) > 0 {
				t.Errorf("processes after Stop: %v", pids)
			}
			if err := s.Stop(); err != nil {
				t.Errorf("second Stop: %v", err)
			}
			if err := s.Restart(t.Context()); err == nil {
				t.Error("Restart of a stopped server succeeded")
			}
		})
	}
}

func TestRunTakesSettings(t *testing.T) {
	t.Parallel()
	pgtest.Dedicated(t) // skips where there is no PostgreSQL
	s, err := pgtest.Run(t.Context(), pgtest.Config{Settings: []string{"work_mem=12MB", "jit=on"}})
	require.NoError(t, err)
	t.Cleanup(func() { s.Stop() })
	db := connect(t, s.DSN())
	if got := ask(t, db, "SELECT current_setting('work_mem') || ' ' || current_setting('jit')"); got != "12MB on" {
		t.Errorf("settings: %s, want 12MB on", got)
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	t.Run("without binaries", func(t *testing.T) {
		_, err := pgtest.Run(t.Context(), pgtest.Config{Bin: t.TempDir()})
		if !errors.Is(err, pgtest.ErrNotInstalled) {
			t.Errorf("got %v, want ErrNotInstalled", err)
		}
	})
	t.Run("with a setting the server refuses", func(t *testing.T) {
		pgtest.Dedicated(t)
		_, err := pgtest.Run(t.Context(), pgtest.Config{Settings: []string{"no_such_setting=1"}})
		require.ErrorContains(t, err, `unrecognized configuration parameter "no_such_setting"`)
	})
	t.Run("when its context ends", func(t *testing.T) {
		pgtest.Dedicated(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := pgtest.Run(ctx, pgtest.Config{})
		require.ErrorIs(t, err, context.Canceled)
	})
}
