package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// monthsOf records n events in each of the last, this and the next month, and returns the number in each.
func monthsOf(t *testing.T, log *activitylog.Log, n int) {
	t.Helper()
	for m := -1; m <= 1; m++ {
		var batch []activitylog.Event
		for i := range n {
			e := eventAt(monthStart(m).Add(time.Duration(i) * time.Minute))
			e.Project = fmt.Sprint("p", i%3)
			batch = append(batch, e)
		}
		_, err := log.RecordAll(t.Context(), batch)
		require.NoError(t, err)
	}
}

func TestPruneMonth(t *testing.T) {
	t.Parallel()
	never := activitylog.Any()
	for _, tt := range []struct {
		name string
		keep activitylog.Filter
		want int64
	}{
		{"nothing to keep", never, 90},
		{"none that is there", activitylog.ProjectIs("elsewhere"), 90},
		{"none that is there, by text", activitylog.Text("elsewhere"), 90},
		{"what another month holds", activitylog.Since(monthStart(0)), 90},
		{"all", activitylog.Filter{}, 0},
		{"some, by a column", activitylog.ProjectIs("p2"), 0},
		{"one, by its time", activitylog.Since(monthStart(0).Add(-time.Hour * 24 * 31)).And(activitylog.Before(monthStart(-1).Add(time.Microsecond))), 0},
		{"one, by text", activitylog.Text(`"` + monthStart(-1).Add(89*time.Minute).Format(time.RFC3339Nano) + `"`), 0},
		{"some, by the retention class", activitylog.RetentionIs("usage"), 0},
		{"none, by the retention class", activitylog.RetentionIs("security"), 90},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			store := open(t, dsn, partitioned)
			log, db := logOver(t, store, nil), host(t, dsn)
			monthsOf(t, log, 90)
			n, err := store.PruneMonth(t.Context(), monthStart(-1).AddDate(0, 0, 5), tt.keep, "")
			require.NoError(t, err)
			left := one[int64](t, db, "SELECT count(*) FROM activitylog_events")
			if n != tt.want || left != 270-tt.want {
				t.Errorf("%d went, want %d; %d are left", n, tt.want, left)
			}
			if _, err := db.ExecContext(t.Context(), "TRUNCATE activitylog_events_"+monthStart(0).Format("2006_01")); err == nil {
				t.Error("the guard is still open")
			}
			e := eventAt(monthStart(-1)) // the month can be used again
			_, err = log.Record(t.Context(), e)
			require.NoError(t, err)
		})
	}
}

// TestPruneMonthInUse has somebody in the middle of recording into the month.
func TestPruneMonthInUse(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := open(t, dsn, partitioned)
	log, db := logOver(t, store, nil), host(t, dsn)
	monthsOf(t, log, 10)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = log.RecordTx(t.Context(), tx, eventAt(monthStart(-1)))
	require.NoError(t, err)
	n, err := store.PruneMonth(t.Context(), monthStart(-1), activitylog.Any(), "")
	require.NoError(t, err)
	if n != 0 {
		t.Errorf("%d went under the hands of a writer", n)
	}
	require.NoError(t, tx.Commit())
	n, err = store.PruneMonth(t.Context(), monthStart(-1), activitylog.Any(), "")
	require.NoError(t, err)
	if n != 11 {
		t.Errorf("%d went, want 11", n)
	}
	n, err = store.PruneMonth(t.Context(), monthStart(-200), activitylog.Any(), "")
	if n != 0 || err != nil {
		t.Errorf("a month without a partition: %d, %v", n, err)
	}
}

func TestNoMonths(t *testing.T) {
	t.Parallel()
	store := open(t, pgtest.DSN(t), nil)
	months, err := store.Months(t.Context())
	require.NoError(t, err)
	require.Empty(t, months)
	if n, err := store.PruneMonth(t.Context(), monthStart(0), activitylog.Any(), ""); n != 0 || err != nil {
		t.Errorf("%d went, %v", n, err)
	}
}

// TestPurgeByMonths purges through package retention: whole months go at once, those that hold something that stays go
// event by event.
func TestPurgeByMonths(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	store := open(t, dsn, partitioned)
	log, db := logOver(t, store, nil), host(t, dsn)
	monthsOf(t, log, 300)
	keeper, err := retention.New(log, store, &retention.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, 40) }})
	require.NoError(t, err)
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
	_, err = keeper.SetHold(ctx, retention.Hold{Org: "acme", Filter: activitylog.Since(monthStart(0).Add(299 * time.Minute)).And(activitylog.Before(monthStart(1)))})
	require.NoError(t, err)
	require.NoError(t, keeper.SetWriteOnce(ctx, "globex", time.Now().AddDate(1, 0, 0), ""))
	_, err = log.Record(ctx, activitylog.Event{Org: "globex", Action: "drill.run", Time: monthStart(1).Add(time.Hour), Backfill: true})
	require.NoError(t, err)
	require.NoError(t, keeper.SetRules(ctx, "", []retention.Rule{{Name: "month", Filter: activitylog.ActionIs("drill.run"), Max: 30}}, ""))
	report, err := keeper.Purge(ctx, "", &retention.PurgeOptions{Load: 1})
	require.NoError(t, err)
	left := one[int64](t, db, "SELECT count(*) FROM activitylog_events WHERE action = 'drill.run'")
	if report.Months != 1 || report.Deleted != 899 || left != 2 { // in the second month globex keeps one
		t.Errorf("%+v; %d are left", report, left)
	}
	ended := one[string](t, db, "SELECT data FROM activitylog_events WHERE org = 'acme' AND action = 'audit.purge' AND outcome = 'success'")
	require.Contains(t, ended, `"deleted":899`)
}
