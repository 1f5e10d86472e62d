package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// stopVariable tells a child in which transaction to stop before the commit and wait for its end; 0: never.
const stopVariable = "ACTIVITYLOG_KILLTEST_STOP"

// transactForever is a child whose host writes a row and records an event in one transaction, again and again.
func transactForever() error {
	ctx, path := context.Background(), os.Getenv(fileVariable)
	stop, err := strconv.Atoi(os.Getenv(stopVariable))
	if err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, path, nil)
	if err != nil {
		return err
	}
	log, err := activitylog.New(store, nil)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		id := uuid.Must(uuid.NewV7())
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO invoices VALUES (?)", id[:]); err != nil {
			return err
		}
		e := event("evacuation")
		e.ID = id
		if _, err := log.RecordTx(ctx, tx, e); err != nil {
			return err
		}
		if n == stop {
			killtest.Say("undecided %s", id)
			select {}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		killtest.Say("committed %s", id)
	}
}

// TestKilledInTransaction kills a host between its write, the event and the commit: both are there, or neither is.
func TestKilledInTransaction(t *testing.T) {
	t.Parallel()
	rng, path := seeded(t), newFile(t)
	open(t, path).Close()
	db, err := sql.Open("sqlite3", sqlite.DSN(path))
	require.NoError(t, err)
	defer db.Close()
	exec(t, db, "CREATE TABLE invoices (id BLOB PRIMARY KEY)")
	committed, undecided := 0, 0
	for round := range kills() {
		stop, plan := 0, killtest.Plan{After: 1 + time.Duration(rng.Int64N(int64(40*time.Millisecond)))}
		if round%2 == 0 {
			stop = 1 + rng.IntN(10)
			plan = killtest.Plan{Now: func(line string) bool { return strings.HasPrefix(line, "undecided") }}
		}
		said, err := killtest.Run("transact", []string{fileVariable + "=" + path, stopVariable + "=" + strconv.Itoa(stop)}, plan)
		require.NoError(t, err, "round %d", round)
		for _, line := range said {
			word, text, ok := strings.Cut(line, " ")
			if !ok {
				continue
			}
			id, want := uuid.MustParse(text), 0
			if word == "committed" {
				want, committed = 1, committed+1
			} else {
				undecided++
			}
			rows := one[int](t, db, "SELECT count(*) FROM invoices WHERE id = ?", id[:])
			events := one[int](t, db, "SELECT count(*) FROM activitylog_events WHERE id = ? AND org = 'acme'", id[:])
			if rows != want || events != want {
				t.Errorf("round %d: %s %s left %d rows and %d events", round, word, id, rows, events)
			}
		}
	}
	if n := one[int](t, db, `SELECT count(*) FROM invoices FULL JOIN activitylog_events e USING (id)
		WHERE invoices.id IS NULL OR e.id IS NULL`); n > 0 {
		t.Errorf("%d rows without their event or events without their row", n)
	}
	if undecided != kills()/2 {
		t.Errorf("killed %d times before a commit instead of %d times", undecided, kills()/2)
	}
	wantSound(t, path)
	t.Logf("%d kills, %d of them right before a commit, %d transactions committed", kills(), undecided, committed)
}
