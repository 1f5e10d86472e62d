package sqlite_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/killtest"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// recordForever is a child that records from many goroutines and says the id of every event that was acknowledged.
func recordForever() error {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, os.Getenv(fileVariable), &sqlite.Options{Migrate: true})
	if err != nil {
		return err
	}
	log, err := activitylog.New(store, nil)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 64 {
		go func() {
			for {
				id, err := log.Record(ctx, event("evacuation"))
				if err != nil {
					failed <- err
					return
				}
				killtest.Say("%s", id)
			}
		}()
	}
	return <-failed
}

// TestKilledWhileRecording kills a process at random moments, over and over on one file: what it acknowledged is there.
func TestKilledWhileRecording(t *testing.T) {
	t.Parallel()
	rng, path := seeded(t), newFile(t)
	var acked, unchecked []uuid.UUID
	for round := range kills() {
		said, err := killtest.Run("record", []string{fileVariable + "=" + path}, randomPlan(rng))
		require.NoError(t, err, "round %d", round)
		ids := parseIDs(t, said)
		acked, unchecked = append(acked, ids...), append(unchecked, ids...)
		if round%20 == 19 { // else the next child finds the file as the killed one left it
			wantStored(t, path, unchecked)
			unchecked = nil
		}
	}
	wantStored(t, path, acked)
	wantSound(t, path)
	t.Logf("%d kills, %d acknowledged events, none lost", kills(), len(acked))
}

// randomPlan kills while the child opens the file, or a while later, or as some event is acknowledged.
func randomPlan(rng *rand.Rand) killtest.Plan {
	if rng.IntN(2) == 0 {
		return killtest.Plan{After: 1 + time.Duration(rng.Int64N(int64(50*time.Millisecond)))}
	}
	left := 1 + rng.IntN(200)
	return killtest.Plan{Now: func(string) bool { left--; return left == 0 }}
}

// parseIDs reads the ids that a child said.
func parseIDs(t testing.TB, said []string) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for _, line := range said {
		if strings.ContainsRune(line, '-') {
			id, err := uuid.Parse(line)
			require.NoError(t, err)
			ids = append(ids, id)
		}
	}
	return ids
}

// wantStored fails if one of the events is not there.
func wantStored(t testing.TB, path string, ids []uuid.UUID) {
	t.Helper()
	store := open(t, path)
	defer store.Close()
	log := logOver(t, store, nil)
	missing := map[uuid.UUID]bool{}
	for part := range slices.Chunk(ids, 500) {
		for _, id := range part {
			missing[id] = true
		}
		for e, err := range log.Org("acme").Events(t.Context(), activitylog.Query{Filter: activitylog.IDIs(part...)}) {
			require.NoError(t, err)
			require.Equal(t, "evacuation", e.Message)
			delete(missing, e.ID)
		}
	}
	for id := range missing {
		t.Errorf("event %s was acknowledged and is lost", id)
	}
	if len(ids) > 0 {
		_, err := log.Org("acme").Get(t.Context(), ids[len(ids)-1])
		require.NoError(t, err)
	}
}

// wantSound fails if the file is damaged or its indexes disagree with the events.
func wantSound(t testing.TB, path string) {
	t.Helper()
	store, db := open(t, path), foreign(t, path)
	acme := logOver(t, store, nil).Org("acme")
	if answer := one[string](t, db, "PRAGMA integrity_check"); answer != "ok" {
		t.Errorf("integrity_check: %s", answer)
	}
	rows := one[int64](t, db, "SELECT count(*) FROM activitylog_events NOT INDEXED WHERE action = 'drill.run'")
	// The index by itself, whose entries might also outlive their events.
	term, _, _ := strings.Cut(terms.Of(&activitylog.Event{Org: "acme", Category: "drill"}), " ")
	if n := one[int64](t, db, "SELECT count(*) FROM activitylog_text WHERE activitylog_text MATCH ?", term); n != rows {
		t.Errorf("the text index has %d entries for %d events", n, rows)
	}
	for _, f := range []activitylog.Filter{activitylog.Text("evacuation"), activitylog.ActionIs("drill.run"), {}} {
		n, err := acme.Count(t.Context(), f, 0)
		require.NoError(t, err)
		if n != rows {
			t.Errorf("filter {%s} counts %d of %d events", f, n, rows)
		}
	}
}
