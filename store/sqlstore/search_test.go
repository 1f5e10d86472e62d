// Not under the race detector, as plan_test.go, whose helpers it uses.

//go:build !race

package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/stretchr/testify/require"
)

// TestSearchReadsWhatItNeeds looks at how PostgreSQL answers a search in an organization with a tenth of all events. Left
// to the planner, a page under a frequent term sorted all events with it, and one under a rare term first collected all
// events of the organization: 30 and 13 ms among 120,000 events.
func TestSearchReadsWhatItNeeds(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	events := make([]activitylog.Event, 20_000)
	for i := range events {
		events[i] = activitylog.Event{
			Time: planEnd.Add(time.Duration(i) * time.Second), Org: fmt.Sprint("org-", i%10), Action: "file.open",
			Actor: activitylog.Actor{ID: "u1"}, Outcome: []activitylog.Outcome{activitylog.Failure, activitylog.Success}[i/10%2],
			Request: activitylog.Request{SessionID: fmt.Sprint("s", i/40)},
		}
	}
	_, err = log.RecordAll(t.Context(), events)
	require.NoError(t, err)
	// What the index has not yet sorted in would make the planner read a table as small as this one.
	_, err = store.DB().ExecContext(t.Context(), "VACUUM ANALYZE activitylog_events")
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		filter activitylog.Filter
		events int
		never  []string // in the plan of any query
	}{
		{"frequent", activitylog.OutcomeIs(activitylog.Failure), 50, []string{"Bitmap", "Sort"}},
		{"rare", activitylog.SessionIs("s7"), 4, []string{"BitmapAnd", "Bitmap Index Scan on activitylog_events_org", "Bitmap Index Scan on activitylog_events_pkey"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var queries []observedQuery
			store.Observe(func(text string, args []any) { queries = append(queries, observedQuery{c.name, text, args}) })
			page, err := log.Org("org-3").Page(t.Context(), activitylog.Query{Filter: c.filter, Limit: 50})
			store.Observe(nil)
			if err != nil || len(page.Events) != c.events {
				t.Fatalf("%d events, want %d: %v", len(page.Events), c.events, err)
			}
			for _, q := range queries {
				plan := strings.Join(explain(t, store.DB(), "EXPLAIN "+q.text, q.args), "\n")
				for _, never := range append(c.never, "Seq Scan") {
					if strings.Contains(plan, never) {
						t.Errorf("%s in\n%s\n%s", never, q.text, plan)
					}
				}
			}
		})
	}
}
