package postgres_test

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
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// These tell a child which database to use, and in which transaction to stop before the commit and wait for its end;
// 0: never.
const (
	dsnVariable  = "ACTIVITYLOG_KILLTEST_DSN"
	stopVariable = "ACTIVITYLOG_KILLTEST_STOP"
)

// transactForever is a child whose host writes a row and records an event in one transaction, again and again.
func transactForever() error {
	ctx, dsn := context.Background(), os.Getenv(dsnVariable)
	stop, err := strconv.Atoi(os.Getenv(stopVariable))
	if err != nil {
		return err
	}
	store, err := postgres.Open(ctx, dsn, nil)
	if err != nil {
		return err
	}
	log, err := activitylog.New(store, nil)
	if err != nil {
		return err
	}
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		id := uuid.Must(uuid.NewV7())
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO invoices VALUES ($1)", id); err != nil {
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
	rng, dsn := seeded(t), pgtest.DSN(t)
	open(t, dsn, nil).Close()
	db := host(t, dsn)
	exec(t, db, "CREATE TABLE invoices (id uuid PRIMARY KEY)")
	// One statement sees one state. What a killed client had sent may still be committed meanwhile.
	const halves = `SELECT count(*) FROM invoices FULL JOIN activitylog_events e USING (id) WHERE invoices.id IS NULL OR e.id IS NULL`
	const whole = `SELECT count(*) FROM invoices JOIN activitylog_events e USING (id) WHERE id = $1 AND org = 'acme'`
	kills, committed, undecided := often(300), 0, 0
	for round := range kills {
		stop, plan := 0, killtest.Plan{After: 1 + time.Duration(rng.Int64N(int64(50*time.Millisecond)))}
		if round%2 == 0 {
			stop = 1 + rng.IntN(10)
			plan = killtest.Plan{Now: func(line string) bool { return strings.HasPrefix(line, "undecided") }}
		}
		said, err := killtest.Run("transact", []string{dsnVariable + "=" + dsn, stopVariable + "=" + strconv.Itoa(stop)}, plan)
		require.NoError(t, err, "round %d", round)
		for _, line := range said {
			word, id, ok := strings.Cut(line, " ")
			if !ok {
				continue
			}
			want := 0
			if word == "committed" {
				want, committed = 1, committed+1
			} else {
				undecided++
			}
			if n := one[int](t, db, whole, id); n != want {
				t.Errorf("round %d: %s %s left %d rows with an event", round, word, id, n)
			}
		}
		if n := one[int](t, db, halves); n > 0 {
			t.Errorf("round %d: %d rows without their event or events without their row", round, n)
		}
	}
	if undecided != kills/2 {
		t.Errorf("killed %d times before a commit instead of %d times", undecided, kills/2)
	}
	t.Logf("%d kills, %d of them right before a commit, %d transactions committed", kills, undecided, committed)
}
