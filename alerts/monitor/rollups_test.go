package monitor_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

var (
	longAgo = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	start   = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	farOff  = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
)

// randomEvents happen within ten days of start, in no order, in three organizations.
func randomEvents(rng *rand.Rand, n int) []activitylog.Event {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	events := make([]activitylog.Event, n)
	for i := range events {
		e := &events[i]
		*e = activitylog.Event{
			Org: pick("acme", "acme", "acme", "zenith", "organization ü"), Time: start.Add(time.Duration(rng.Int64N(int64(240 * time.Hour)))),
			Action: pick("auth.login", "ai.message.send", "member.role.change", "data.export", "project.delete"), Outcome: activitylog.Outcome(pick("success", "success", "failure", "denied")),
			Actor:   activitylog.Actor{Type: activitylog.User, ID: fmt.Sprintf("user-%d", rng.IntN(12))},
			Targets: []activitylog.Target{{Type: "user", ID: pick("ana", "leo")}}, Client: activitylog.Client{UserAgent: pick("curl/8", "wget/1")},
			Backfill: rng.IntN(10) == 0,
		}
		if e.Action == "ai.message.send" {
			cost := rng.Int64N(1_000_000)
			e.AI = &activitylog.AIUsage{Provider: "openai", Model: pick("gpt-5", "gpt-5-mini", "o4"), InputTokens: rng.Int64N(100), CostMicros: &cost, Currency: "EUR"}
		}
	}
	return events
}

// recount folds all events that the log holds of an organization.
func recount(t testing.TB, log *activitylog.Log, org string) *alerts.Figures {
	t.Helper()
	var f alerts.Figures
	for e, err := range log.Org(org).Events(t.Context(), activitylog.Query{}) {
		require.NoError(t, err)
		f.Add(&e)
	}
	return &f
}

// wantFigures fails if the roll-ups of an organization do not become the ones wanted: on PostgreSQL a transaction of
// another test, on the same server, holds back what followers see.
func wantFigures(t testing.TB, r *monitor.Rollups, org string, want *alerts.Figures) {
	t.Helper()
	block := want.AppendBlock(nil)
	eventually(t, org+" has the figures of its events", func() bool {
		_, err := r.CatchUp(t.Context())
		require.NoError(t, err)
		got, err := r.Figures(t.Context(), org, longAgo, farOff)
		require.NoError(t, err)
		return bytes.Equal(got.AppendBlock(nil), block)
	})
}

// eventually fails if something does not come true for half a minute.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(30 * time.Second); !done(); <-again.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func newRollups(t testing.TB, log *activitylog.Log) *monitor.Rollups {
	t.Helper()
	r, err := monitor.NewRollups(log)
	require.NoError(t, err)
	return r
}

// TestRollupsEqualRecount keeps roll-ups under random batches with late events, under restarts, two processes at once
// and a rebuild: they are always the figures of the events.
func TestRollupsEqualRecount(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store prunable) {
		rng := seeded(t)
		log := logOver(t, store, nil)
		kept := []*monitor.Rollups{newRollups(t, log), newRollups(t, log)}
		for range 12 {
			_, err := log.RecordAll(t.Context(), randomEvents(rng, 1+rng.IntN(700)))
			require.NoError(t, err)
			switch rng.IntN(4) {
			case 0: // a process ends, and another one begins
				kept[rng.IntN(2)] = newRollups(t, log)
			case 1:
				continue // nobody looks for a while
			case 2:
				require.NoError(t, kept[rng.IntN(2)].Rebuild(t.Context(), monitor.Purged(rng.IntN(2) == 0)))
			}
			catchUpTogether(t, kept...)
			for _, org := range []string{"acme", "zenith", "organization ü"} {
				wantFigures(t, kept[rng.IntN(2)], org, recount(t, log, org))
			}
		}
		wantFigures(t, kept[0], "zenith", recount(t, log, "zenith"))
		orgs, err := kept[0].Orgs(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"acme", "organization ü", "zenith"}, orgs)
	})
}

// catchUpTogether lets several processes fold the same events at once.
func catchUpTogether(t testing.TB, list ...*monitor.Rollups) {
	t.Helper()
	var wg sync.WaitGroup
	for _, r := range list {
		wg.Go(func() {
			if _, err := r.CatchUp(t.Context()); err != nil {
				t.Errorf("catch up: %v", err)
			}
		})
	}
	wg.Wait()
}

// TestConcurrentFollowers has several followers fold while events are recorded: each event counts once.
func TestConcurrentFollowers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store prunable) {
		rng := seeded(t)
		log := logOver(t, store, nil)
		batches := make([][]activitylog.Event, 20)
		for i := range batches {
			batches[i] = randomEvents(rng, 50)
		}
		a, b := newRollups(t, log), newRollups(t, log)
		var wg sync.WaitGroup
		done := make(chan struct{})
		for _, r := range []*monitor.Rollups{a, b} {
			wg.Go(func() {
				for {
					if _, err := r.CatchUp(t.Context()); err != nil {
						t.Errorf("catch up: %v", err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		for _, batch := range batches {
			if _, err := log.RecordAll(t.Context(), batch); err != nil {
				t.Errorf("record: %v", err)
			}
		}
		if err := b.Rebuild(t.Context(), monitor.KeepPurged); err != nil {
			t.Errorf("rebuild: %v", err)
		}
		close(done)
		wg.Wait()
		wantFigures(t, a, "acme", recount(t, log, "acme"))
	})
}

// TestPurgedStaysFrozen purges events: the roll-ups stay as they were, also when they are rebuilt, unless told otherwise.
func TestPurgedStaysFrozen(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store prunable) {
		rng := seeded(t)
		log := logOver(t, store, nil)
		r := newRollups(t, log)
		_, err := log.RecordAll(t.Context(), randomEvents(rng, 1500))
		require.NoError(t, err)
		full := recount(t, log, "acme")
		for _, org := range []string{"acme", "zenith", "organization ü"} {
			wantFigures(t, r, org, recount(t, log, org))
		}
		boundary := start.AddDate(0, 0, 4)
		for _, f := range []activitylog.Filter{
			activitylog.Before(boundary), // all that is old
			activitylog.All(activitylog.Since(boundary), activitylog.Before(boundary.AddDate(0, 0, 1)), activitylog.ActionIs("auth.login")), // one class of what is newer
		} {
			n, err := store.Prune(t.Context(), activitylog.StoreQuery{Filter: f}, 10_000)
			require.NoError(t, err)
			require.Positive(t, n)
		}
		wantFigures(t, r, "acme", full)

		late := randomEvents(rng, 300) // some of them where everything was purged
		ids, err := log.RecordAll(t.Context(), late)
		require.NoError(t, err)
		before := full
		for i, e := range late {
			if e.Org == "acme" {
				stored, err := log.Org("acme").Get(t.Context(), ids[i])
				require.NoError(t, err)
				before.Add(&stored)
			}
		}
		wantFigures(t, r, "acme", before)
		require.NoError(t, r.Rebuild(t.Context(), monitor.KeepPurged))
		wantFigures(t, r, "acme", before)
		require.NoError(t, r.Rebuild(t.Context(), monitor.KeepPurged))
		wantFigures(t, r, "acme", before)

		kept := recount(t, log, "acme")
		require.NoError(t, r.Rebuild(t.Context(), monitor.DropPurged))
		wantFigures(t, r, "acme", kept)
	})
}

// TestFiguresOfSomeTime reads a part of the time: judging its end gives what judging all figures gives.
func TestFiguresOfSomeTime(t *testing.T) {
	t.Parallel()
	rng := seeded(t)
	log := logOver(t, memory.New(), nil)
	r := newRollups(t, log)
	for _, shift := range []int{0, 100, 260} {
		events := randomEvents(rng, 900)
		for i := range events {
			events[i].Time = events[i].Time.AddDate(0, 0, -shift)
		}
		_, err := log.RecordAll(t.Context(), events)
		require.NoError(t, err)
	}
	catchUpTogether(t, r)
	config := alerts.Config{Org: "acme"}
	from, at := start.AddDate(0, 0, 5), start.AddDate(0, 0, 10)
	want := alerts.Judge(recount(t, log, "acme"), from, at, config)
	require.NotEmpty(t, want)
	some, err := r.Figures(t.Context(), "acme", from.Add(-config.Reach()), at)
	require.NoError(t, err)
	if got := alerts.Judge(some, from, at, config); !slices.EqualFunc(got, want, func(a, b alerts.Finding) bool {
		return a.Fingerprint == b.Fingerprint && a.Window == b.Window && a.Severity == b.Severity && a.Count == b.Count && a.Explanation == b.Explanation
	}) {
		t.Errorf("got %d findings, want %d", len(got), len(want))
	}
}

// withoutSpaces is a store that can do nothing beside its two methods.
type withoutSpaces struct{ activitylog.Store }

func TestStoreWithoutSpaces(t *testing.T) {
	t.Parallel()
	if _, err := monitor.NewRollups(logOver(t, withoutSpaces{memory.New()}, nil)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}
