package integrity_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// What a child is told: its database and its keys.
const (
	dsnVariable = "ACTIVITYLOG_KILLTEST_DSN"
	keyVariable = "ACTIVITYLOG_KILLTEST_KEY"
)

func openStore(ctx context.Context, dsn string) (*sqlstore.Store, error) {
	if strings.Contains(dsn, "://") {
		return postgres.Open(ctx, dsn, &postgres.Options{Migrate: true})
	}
	return sqlite.Open(ctx, dsn, &sqlite.Options{Migrate: true})
}

// sealForever is a child that records from many goroutines and seals all the time. It says each number of sealed events.
func sealForever() error {
	ctx := activitylog.WithActor(context.Background(), activitylog.Actor{ID: "u1"})
	keys, err := integrity.LoadKeyFile(os.Getenv(keyVariable))
	if err != nil {
		return err
	}
	store, err := openStore(ctx, os.Getenv(dsnVariable))
	if err != nil {
		return err
	}
	w := integrity.NewWriter(keys.WriterKeys)
	log, err := activitylog.New(store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
	if err != nil {
		return err
	}
	sealer, err := integrity.NewSealer(log, store, &keys.Keys, nil)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for i := range 8 {
		go func() {
			for n := 0; ; n++ {
				if _, err := log.Record(ctx, event(fmt.Sprintf("org%d", i%3), n)); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	go func() {
		for {
			n, err := sealer.Seal(ctx)
			if err != nil {
				failed <- err
				return
			}
			killtest.Say("%d", n)
		}
	}()
	return <-failed
}

// kills is how often a child is killed on each database: ten times as often in a soak, and less under the race detector,
// since make test runs this package without it too.
func kills() int {
	switch {
	case os.Getenv("ACTIVITYLOG_SOAK") == "1":
		return 1500
	case raceEnabled:
		return 15
	}
	return 150
}

func TestKilledWhileSealing(t *testing.T) {
	t.Parallel()
	for _, db := range rigs[1:] {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			rng, r := seeded(t), db.open(t)
			path := filepath.Join(t.TempDir(), "log.key")
			keys, err := integrity.CreateKeyFile(path)
			require.NoError(t, err)
			r.keys = keys.Keys
			r.reopen()
			for round := range kills() {
				seals := 1 + rng.IntN(20)
				plan := killtest.Plan{Now: func(string) bool { seals--; return seals == 0 }}
				if rng.IntN(2) == 0 {
					plan = killtest.Plan{After: 1 + time.Duration(rng.Int64N(int64(60*time.Millisecond)))}
				}
				_, err := killtest.Run("seal", []string{dsnVariable + "=" + r.dsn, keyVariable + "=" + path}, plan)
				require.NoError(t, err, "round %d", round)
				if round%50 == 49 {
					r.clean()
				}
			}
			r.seal()
			report := r.verifyDeeply()
			require.Empty(t, report.Findings)
			t.Logf("%d kills, %d events sealed, no fault", kills(), report.Sealed)
		})
	}
}
