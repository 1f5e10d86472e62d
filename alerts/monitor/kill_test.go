package monitor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// fileVariable tells a child which file to use.
const fileVariable = "ACTIVITYLOG_KILLTEST_FILE"

// kills is how often a child is killed: often enough for each change, ten times as often in a soak.
func kills() int {
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		return 300
	}
	return 30
}

// said is a notifier that says what it is told.
type said struct{}

func (said) Notify(_ context.Context, n alerts.Notice) error {
	killtest.Say("told %s", n.ID)
	return nil
}

// monitorForever is a child that records attacks from ever new addresses, and has a monitor beside.
func monitorForever() error {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, os.Getenv(fileVariable), &sqlite.Options{Migrate: true})
	if err != nil {
		return err
	}
	log, err := activitylog.New(store, nil)
	if err != nil {
		return err
	}
	if _, err := log.Record(ctx, login("leo", "198.51.100.1", time.Now().AddDate(0, 0, -9))); err != nil {
		return err
	}
	m, err := monitor.New(log, &monitor.Options{Notifier: said{}, NotifyTimeout: time.Millisecond})
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() {
		for range time.Tick(5 * time.Millisecond) {
			if err := attack(ctx, log); err != nil {
				failed <- err
				return
			}
			killtest.Say("attacked")
		}
	}()
	go func() {
		for {
			if err := m.Poll(ctx); err != nil {
				failed <- err
				return
			}
			if err := m.Deliver(ctx); err != nil {
				failed <- err
				return
			}
		}
	}()
	return <-failed
}

// attack fails to sign in, from an address that hardly anybody had before.
func attack(ctx context.Context, log *activitylog.Log) error {
	address := fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), 1+rand.IntN(250))
	var events []activitylog.Event
	for range 12 {
		e := login("leo", address, time.Now())
		e.Outcome = activitylog.Failure
		events = append(events, e)
	}
	_, err := log.RecordAll(ctx, events)
	return err
}

// TestKilledMonitor kills a process that records, folds, judges and tells, over and over on one file: roll-ups stay the
// figures of the events, every alert is opened once, and every notice was delivered.
func TestKilledMonitor(t *testing.T) {
	t.Parallel()
	rng, path := seeded(t), filepath.Join(t.TempDir(), "activity.db")
	told := map[string]int{}
	hear := func(lines []string) {
		for _, line := range lines {
			if id, ok := strings.CutPrefix(line, "told "); ok {
				told[id]++
			}
		}
	}
	for round := range kills() {
		left := 1 + rng.IntN(12)
		lines, err := killtest.Run("monitor", []string{fileVariable + "=" + path}, killtest.Plan{Now: func(line string) bool {
			left--
			return left == 0
		}})
		require.NoError(t, err, "round %d", round)
		hear(lines)
	}
	store, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer store.Close()
	log := logOver(t, store, nil)
	last := &inbox{}
	m, err := monitor.New(log, &monitor.Options{Notifier: last, Now: func() time.Time { return time.Now().Add(time.Minute) }})
	require.NoError(t, err)
	for quiet := 0; quiet < 2; { // what is decided in one round is told in the next, and an hour may end in between
		n, err := log.Org("acme").Count(t.Context(), activitylog.Filter{}, 0)
		require.NoError(t, err)
		notices := len(last.get())
		require.NoError(t, m.Poll(t.Context()))
		require.NoError(t, m.Deliver(t.Context()))
		after, err := log.Org("acme").Count(t.Context(), activitylog.Filter{}, 0)
		require.NoError(t, err)
		if quiet++; after != n || len(last.get()) != notices {
			quiet = 0
		}
	}
	for _, n := range last.get() {
		told[n.ID.String()]++
	}
	wantFigures(t, m.Rollups(), "acme", recount(t, log, "acme"))
	opened := map[string]int{}
	for e, err := range log.Org("acme").Events(t.Context(), activitylog.Query{Filter: activitylog.ActionIs("audit.alert.open")}) {
		require.NoError(t, err)
		opened[e.Targets[0].ID]++
		if e.Severity != activitylog.Low && e.Severity != activitylog.Info && told[e.ID.String()] == 0 {
			t.Errorf("nobody was told of %s: %s", e.ID, e.Message)
		}
		delete(told, e.ID.String())
	}
	for fingerprint, n := range opened {
		if n != 1 {
			t.Errorf("%s was opened %d times", fingerprint, n)
		}
	}
	for id := range told {
		e, err := log.Org("acme").Get(t.Context(), uuidOf(t, id))
		if err != nil || !strings.HasPrefix(e.Action, "audit.alert.") {
			t.Errorf("people were told of %s, which the log does not hold: %v", id, err)
		}
	}
	require.Greater(t, len(opened), kills()/4, "too little happened between the kills")
	t.Logf("%d kills, %d alerts", kills(), len(opened))
}
