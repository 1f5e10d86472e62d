package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// inAMonth is the clock of a purge to which all of the last month is old.
func inAMonth() time.Time { return time.Now().AddDate(0, 0, 40) }

// namesLeft are the reasons of the events that are not of the log about itself, sorted.
func namesLeft(t *testing.T, log *activitylog.Log) []string {
	t.Helper()
	var names []string
	for e, err := range log.AllOrgs().Events(t.Context(), activitylog.Query{Filter: activitylog.Not(activitylog.CategoryIs("audit"))}) {
		require.NoError(t, err)
		names = append(names, e.Reason)
	}
	slices.Sort(names)
	return names
}

// TestMonthsAgainstMemory purges the same log in months and in memory, by random rules and holds.
func TestMonthsAgainstMemory(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
	filters := []string{"", "", "-category:audit", "category:auth,ai", "category:auth", "org:acme", "-org:acme", "action:ai.message.*", "e1"}
	dropped, batches := 0, 0
	for round := 0; round < 10 || dropped == 0 && round < 50; round++ { // some seeds let no whole month go for long
		store := open(t, pgtest.DSN(t), partitioned)
		var left [2][]string
		var planned [2]int64
		rules, held := []retention.Rule{}, activitylog.Any()
		for i := range 1 + rng.IntN(3) {
			f, err := activitylog.ParseFilter(filters[rng.IntN(len(filters))])
			require.NoError(t, err)
			rules = append(rules, retention.Rule{Name: fmt.Sprint("r", i), Filter: f, Max: retention.Days(1 + rng.IntN(60))})
		}
		if rng.IntN(3) == 0 {
			held = activitylog.ActionIs("auth.logout")
		}
		var events []activitylog.Event
		for i := range 300 {
			e := eventAt(monthStart(rng.IntN(3) - 1).Add(time.Duration(i) * time.Minute))
			e.Org, e.Action, e.Reason = []string{"acme", "globex", "initech"}[rng.IntN(3)], []string{"auth.login", "ai.message.send"}[rng.IntN(2)], fmt.Sprint("e", i)
			if i == 7 {
				e.Action = "auth.logout"
			}
			events = append(events, e)
		}
		for i, s := range []activitylog.Store{memory.New(), store} {
			now := time.Now()
			clock := func() time.Time { return now }
			log, err := activitylog.New(s, &activitylog.Options{Now: clock})
			require.NoError(t, err)
			keeper, err := retention.New(log, s, &retention.Options{Now: clock})
			require.NoError(t, err)
			_, err = log.RecordAll(ctx, slices.Clone(events))
			require.NoError(t, err)
			now = inAMonth()
			require.NoError(t, keeper.SetRules(ctx, "", rules, ""))
			_, err = keeper.SetHold(ctx, retention.Hold{ID: "h", Filter: held})
			require.NoError(t, err)
			plan, err := keeper.Plan(ctx, "")
			require.NoError(t, err)
			report, err := keeper.Purge(ctx, "", &retention.PurgeOptions{Load: 1})
			require.NoError(t, err)
			if report.Planned != plan.Events || report.Deleted != plan.Events {
				t.Fatalf("the dry run said %d, and the purge planned %d and removed %d", plan.Events, report.Planned, report.Deleted)
			}
			left[i], planned[i] = namesLeft(t, log), plan.Events
			dropped, batches = dropped+report.Months, batches+report.Batches
			require.NoError(t, log.Close(ctx))
		}
		if !slices.Equal(left[0], left[1]) || planned[0] != planned[1] {
			t.Fatalf("%v, but not %v: in memory %d are left of %d planned, in months %d of %d", rules, held, len(left[0]), planned[0], len(left[1]), planned[1])
		}
	}
	if dropped == 0 || batches == 0 {
		t.Errorf("%d months and %d batches", dropped, batches)
	}
}

// meddled is a store in which something happens right after a purge has looked at a month.
type meddled struct {
	*sqlstore.Store
	meddle func()
}

func (m *meddled) LookMonth(ctx context.Context, month, before time.Time) (parts []activitylog.Bucket, first, last time.Time, seen string, err error) {
	parts, first, last, seen, err = m.Store.LookMonth(ctx, month, before)
	if f := m.meddle; f != nil && len(parts) > 0 {
		m.meddle = nil
		f()
	}
	return parts, first, last, seen, err
}

// TestMonthThatChanges holds that what comes after the look at a month counts, and that the counts are of what went.
func TestMonthThatChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		meddle func(t *testing.T, ctx context.Context, log *activitylog.Log, keeper *retention.Keeper, store *sqlstore.Store)
		months int
		left   int // of 30
		acme   int // that went from the organization
	}{
		{"nothing", nil, 1, 0, 30},
		{"a hold over one event", func(t *testing.T, ctx context.Context, _ *activitylog.Log, keeper *retention.Keeper, _ *sqlstore.Store) {
			_, err := keeper.SetHold(ctx, retention.Hold{Filter: activitylog.Before(monthStart(-1).Add(time.Second))})
			require.NoError(t, err)
		}, 0, 1, 29},
		{"other rules", func(t *testing.T, ctx context.Context, _ *activitylog.Log, keeper *retention.Keeper, _ *sqlstore.Store) {
			require.NoError(t, keeper.SetRules(ctx, "", []retention.Rule{{Name: "later", Filter: activitylog.Not(activitylog.CategoryIs("audit")), Max: 4000}}, ""))
		}, 0, 30, 0},
		{"a new event", func(t *testing.T, ctx context.Context, log *activitylog.Log, _ *retention.Keeper, _ *sqlstore.Store) {
			_, err := log.Record(ctx, eventAt(monthStart(-1).Add(time.Second)))
			require.NoError(t, err)
		}, 1, 0, 31},
		{"an event in place of another", func(t *testing.T, ctx context.Context, log *activitylog.Log, _ *retention.Keeper, store *sqlstore.Store) {
			e := eventAt(monthStart(-1).Add(time.Second))
			e.Org = "globex"
			_, err := log.Record(ctx, e)
			require.NoError(t, err)
			n, err := store.Prune(ctx, activitylog.StoreQuery{Org: "acme", Filter: activitylog.Before(monthStart(-1).Add(time.Millisecond))}, 10)
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}, 1, 0, 29},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			store := &meddled{Store: open(t, dsn, partitioned)}
			log, db := logOver(t, store.Store, nil), host(t, dsn)
			var events []activitylog.Event
			for i := range 30 {
				events = append(events, eventAt(monthStart(-1).Add(time.Duration(i)*time.Minute)))
			}
			_, err := log.RecordAll(t.Context(), events)
			require.NoError(t, err)
			keeper, err := retention.New(log, store, &retention.Options{Now: inAMonth})
			require.NoError(t, err)
			ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
			require.NoError(t, keeper.SetRules(ctx, "", []retention.Rule{{Name: "month", Filter: activitylog.Not(activitylog.CategoryIs("audit")), Max: 30}}, ""))
			if tt.meddle != nil {
				store.meddle = func() { tt.meddle(t, ctx, log, keeper, store.Store) }
			}
			report, err := keeper.Purge(ctx, "", &retention.PurgeOptions{Load: 1})
			require.NoError(t, err)
			left := one[int64](t, db, "SELECT count(*) FROM activitylog_events WHERE category <> 'audit'")
			if report.Months != tt.months || left != int64(tt.left) {
				t.Errorf("%+v; %d are left", report, left)
			}
			told := one[string](t, db, "SELECT data FROM activitylog_events WHERE org = 'acme' AND action = 'audit.purge' AND outcome = 'success'")
			require.Contains(t, told, fmt.Sprintf(`"deleted":%d,`, tt.acme))
		})
	}
}
