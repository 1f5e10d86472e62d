package retention_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// roles are what a child of these tests can be.
var roles = map[string]func() error{"purge": purgeForever}

func TestMain(m *testing.M) { os.Exit(killtest.Main(m.Run, roles)) }

const folderVariable = "ACTIVITYLOG_KILLTEST_FOLDER"

// later is when everything of the test is due that is to go.
var later = start.Add(40 * day)

// openFolder opens the log of a folder.
func openFolder(ctx context.Context, dir string, now time.Time) (*activitylog.Log, *retention.Keeper, func(), error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "t.db"), &sqlite.Options{Migrate: true})
	if err != nil {
		return nil, nil, nil, err
	}
	began := time.Now()
	clock := func() time.Time { return now.Add(time.Since(began)) }
	log, err := activitylog.New(store, &activitylog.Options{Now: clock, Timeout: time.Minute})
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := retention.New(log, store, &retention.Options{Now: clock, Lease: 900 * time.Millisecond})
	return log, k, func() { log.Close(ctx); store.Close() }, err
}

// purgeForever is a child that purges, and goes on as long as it lives.
func purgeForever() error {
	dir := os.Getenv(folderVariable)
	n, err := strconv.Atoi(os.Getenv(folderVariable + "_ROUND"))
	if err != nil {
		return err
	}
	// A lease of one who died must be over by the clock of the next, a second later.
	_, k, _, err := openFolder(context.Background(), dir, later.Add(time.Duration(n)*time.Second))
	if err != nil {
		return err
	}
	ctx := activitylog.WithActor(context.Background(), activitylog.Actor{Type: activitylog.System, ID: "janitor"})
	o := &retention.PurgeOptions{
		Load: 0.5, Batch: 8, Archive: filepath.Join(dir, "archive"),
		Progress: func(p retention.Progress) { killtest.Say("deleted %d", p.Deleted) },
	}
	for {
		_, err := k.Purge(ctx, "", o)
		if err == nil {
			break
		}
		if !errors.Is(err, context.DeadlineExceeded) { // of the lease, on a busy machine
			return err
		}
	}
	killtest.Say("finished")
	select {}
}

// TestKilledPurge kills a purge 100 times at random moments. At its end exactly what was due is gone, and stands in the
// archive.
func TestKilledPurge(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	rng, dir := rand.New(rand.NewPCG(seed, 0)), t.TempDir()
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
	log, k, done, err := openFolder(ctx, dir, start)
	require.NoError(t, err)
	var due, kept []string
	var events []activitylog.Event
	for i := range 9000 {
		e := event([]string{"acme", "globex"}[i%2], []string{"auth.login", "ai.message.send", "project.create"}[rng.IntN(3)], fmt.Sprint("e", i))
		if e.Action == "project.create" || e.Org == "globex" && e.Action == "auth.login" {
			kept = append(kept, e.Reason)
		} else {
			due = append(due, e.Reason)
		}
		events = append(events, e)
	}
	_, err = log.RecordAll(ctx, events)
	require.NoError(t, err)
	require.NoError(t, k.SetRules(ctx, "", []retention.Rule{{Name: "a", Filter: activitylog.CategoryIs("auth", "ai"), Max: 30}}, ""))
	_, err = k.SetHold(ctx, retention.Hold{Org: "globex", Filter: activitylog.CategoryIs("auth")})
	require.NoError(t, err)
	done()

	removing, finished := 0, 0
	for round := range 100 {
		left := 1 + rng.IntN(10)
		plan := killtest.Plan{Now: func(line string) bool { left--; return left <= 0 || line == "finished" }}
		if rng.IntN(2) == 0 {
			plan = killtest.Plan{After: 1 + time.Duration(rng.Int64N(int64(120*time.Millisecond))), Now: func(line string) bool { return line == "finished" }}
		}
		said, err := killtest.Run("purge", []string{folderVariable + "=" + dir, folderVariable + "_ROUND=" + fmt.Sprint(round)}, plan)
		require.NoError(t, err, "round %d", round)
		switch last := said[len(said)-1]; {
		case strings.HasPrefix(last, "deleted"):
			removing++
		case last == "finished":
			finished++
		}
	}
	log, k, done, err = openFolder(ctx, dir, later.Add(time.Hour))
	require.NoError(t, err)
	defer done()
	_, err = k.Purge(ctx, "", &retention.PurgeOptions{Load: 1, Archive: filepath.Join(dir, "archive")})
	require.NoError(t, err)
	data := activitylog.Not(activitylog.CategoryIs("audit"))
	wantReasons(t, log, data, kept)
	wantReasons(t, reopened(t, filepath.Join(dir, "archive")), data, due)
	t.Logf("100 kills: %d while it removed, %d after it had ended", removing, finished)
	if removing < 10 {
		t.Errorf("only %d of the kills met a purge that removed something", removing)
	}
}

// wantReasons fails unless a log holds exactly the events with the names.
func wantReasons(t *testing.T, log *activitylog.Log, f activitylog.Filter, want []string) {
	t.Helper()
	var got []string
	for e, err := range log.AllOrgs().Events(t.Context(), activitylog.Query{Filter: f}) {
		require.NoError(t, err)
		got = append(got, e.Reason)
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%d events instead of %d", len(got), len(want))
	}
}
