// Not under the race detector, where a log of this size takes minutes: make test runs this package without it too.

//go:build !race

package sqlstore_test

import (
	"context"
	"database/sql"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var planEnd = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// documented is every field of activitylog.Cond with each of its operators, and every kind of text.
var documented = map[string]activitylog.Filter{
	"none":           {},
	"id":             activitylog.IDIs(uuid.MustParse("01978a00-0000-7000-8000-000000000000")),
	"project":        activitylog.ProjectIs("field-notes"),
	"no project":     activitylog.ProjectIs(""),
	"category":       activitylog.CategoryIs("member"),
	"categories":     activitylog.CategoryIs("member", "access"),
	"action":         activitylog.ActionIs("auth.login"),
	"action under":   activitylog.ActionUnder("auth.session"),
	"outcome":        activitylog.OutcomeIs(activitylog.Denied),
	"not successful": activitylog.Not(activitylog.OutcomeIs(activitylog.Success)),
	"successful":     activitylog.OutcomeIs(activitylog.Success),
	"severity":       activitylog.SeverityIs(activitylog.Critical),
	"severity from":  activitylog.SeverityAtLeast(activitylog.High),
	"model":          activitylog.ModelIs("quill-3-large"),
	"request":        activitylog.RequestIs("r1"),
	"session":        activitylog.SessionIs("s1"),
	"correlation":    activitylog.CorrelationIs("c1"),
	"actor":          activitylog.ActorIs("u1"),
	"acted":          activitylog.ActedBy("u1"),
	"impersonated":   activitylog.Impersonated("u1"),
	"authority":      activitylog.AuthorizedBy("u1"),
	"actor type":     activitylog.ActorTypeIs(activitylog.Agent),
	"target":         activitylog.TargetIs("user", "u1"),
	"target type":    activitylog.TargetIs("webhook"),
	"retention":      activitylog.RetentionIs("security"),
	"label":          activitylog.LabelIs("env", "prod"),
	"label key":      activitylog.LabelIs("env"),
	"meta":           activitylog.MetaIs("region", "eu"),
	"meta key":       activitylog.MetaIs("region"),
	"address":        activitylog.IPIn(netip.MustParsePrefix("192.0.2.1/32")),
	"network":        activitylog.IPIn(netip.MustParsePrefix("192.0.2.0/24")),
	"time":           activitylog.All(activitylog.Since(planEnd.AddDate(0, 0, -7)), activitylog.Before(planEnd)),
	"recorded":       activitylog.RecordedBefore(planEnd),
	"cost":           activitylog.CostAtLeast(1_000_000),
	"cost below":     activitylog.CostBelow(10),
	"word":           activitylog.Text("invited"),
	"phrase":         activitylog.Text(`"signed in"`),
	"words":          activitylog.Text("signed ber"),
	"and":            activitylog.CategoryIs("ai").And(activitylog.Not(activitylog.OutcomeIs(activitylog.Success))),
	"or":             activitylog.Any(activitylog.ActorIs("u1"), activitylog.TargetIs("user", "u1")),
	"not":            activitylog.Not(activitylog.CategoryIs("ai")),
}

// TestPlans shows that no documented filter reads the whole table, on any page, in any order, in any scope.
func TestPlans(t *testing.T) {
	lite, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lite.Close()) })
	pg, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pg.Close()) })
	for name, c := range map[string]struct {
		store   *sqlstore.Store
		analyze string
		explain string
		scan    func(query string, plan []string) string
	}{
		"sqlite":   {lite, "ANALYZE", "EXPLAIN QUERY PLAN ", sqliteScan},
		"postgres": {pg, "VACUUM ANALYZE", "EXPLAIN ", postgresScan},
	} {
		t.Run(name, func(t *testing.T) {
			fillWithDemo(t, c.store)
			// VACUUM sorts new events into the term index. Until then the planner takes it for so slow that it would now and
			// then rather read a table of this size.
			_, err := c.store.DB().ExecContext(t.Context(), c.analyze)
			require.NoError(t, err)
			queries := observed(t, c.store)
			if len(queries) < len(documented) {
				t.Fatalf("only %d queries were seen for %d filters", len(queries), len(documented))
			}
			for _, q := range queries {
				plan := explain(t, c.store.DB(), c.explain+q.text, q.args)
				if wrong := c.scan(q.text, plan); wrong != "" {
					t.Errorf("%s: %s\n%s\n\t%s", q.name, wrong, q.text, strings.Join(plan, "\n\t"))
				}
			}
		})
	}
}

func fillWithDemo(t *testing.T, store *sqlstore.Store) {
	t.Helper()
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	events := slices.Collect(demo.Events(demo.Options{Seed: 1, End: planEnd}))
	for part := range slices.Chunk(events, 1000) {
		_, err := log.RecordAll(t.Context(), part)
		require.NoError(t, err)
	}
}

type observedQuery struct {
	name, text string
	args       []any
}

// observed asks everything that readers can ask of every documented filter and returns the queries behind it.
func observed(t *testing.T, store *sqlstore.Store) []observedQuery {
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	var queries []observedQuery
	for name, f := range documented {
		store.Observe(func(text string, args []any) {
			if strings.Contains(text, "activitylog_events") {
				queries = append(queries, observedQuery{name, text, args})
			}
		})
		for _, r := range []activitylog.Reader{log.Org(demo.Orgs()[0].ID), log.AllOrgs()} {
			for _, order := range []activitylog.Order{activitylog.Newest, activitylog.Oldest} {
				q := activitylog.Query{Filter: f, Order: order, Limit: 10}
				page, err := r.Page(t.Context(), q)
				require.NoError(t, err)
				if q.Cursor = page.Next; !q.Cursor.IsZero() {
					_, err := r.Page(t.Context(), q)
					require.NoError(t, err)
				}
			}
			_, err := r.Count(t.Context(), f, 1000)
			require.NoError(t, err)
		}
	}
	tally := func(text string, args []any) {
		queries = append(queries, observedQuery{"old enough to go", text, args})
	}
	for _, org := range []string{"", demo.Orgs()[0].ID} {
		store.Observe(tally)
		_, err := store.Tally(t.Context(), org, documented["recorded"].And(documented["not"]))
		require.NoError(t, err)
	}
	store.Observe(func(text string, args []any) { queries = append(queries, observedQuery{"decisions", text, args}) })
	for _, err := range store.ScanAudit(t.Context(), "audit.config", "audit.hold") {
		require.NoError(t, err)
	}
	store.Observe(nil)
	return queries
}

func explain(t *testing.T, db *sql.DB, text string, args []any) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), text, args...)
	require.NoError(t, err, text)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var plan []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		require.NoError(t, rows.Scan(dest...))
		plan = append(plan, values[len(values)-1].String) // the text is the last column on both
	}
	require.NoError(t, rows.Err())
	return plan
}

var fullText = regexp.MustCompile(`^SCAN t VIRTUAL TABLE INDEX 0:`)

// sqliteScan finds a step that reads the whole table. Walking a range of keys is what a page without terms does: the
// query then has to end at a number of rows.
func sqliteScan(query string, plan []string) string {
	for _, step := range plan {
		switch {
		case strings.Contains(step, "activitylog_events_recorded") && !strings.HasPrefix(step, "SEARCH e USING COVERING INDEX"):
			return "reads rows to count what is old"
		case strings.Contains(query, "events_audit") && strings.Contains(step, " e ") && !strings.HasPrefix(step, "SEARCH e USING INDEX activitylog_events_audit (action=?)"):
			return "reads more than decisions"
		case strings.HasPrefix(step, "SCAN e") && !strings.Contains(step, "USING"):
			return "reads the table from end to end"
		case fullText.MatchString(step):
			return "reads the text index from end to end"
		case strings.HasPrefix(step, "SEARCH e USING INTEGER PRIMARY KEY (rowid>") && !strings.Contains(query, "LIMIT"):
			return "walks without a bound"
		case strings.HasPrefix(step, "USE TEMP B-TREE FOR ORDER BY") && !strings.Contains(query, "e.id "):
			return "sorts what it should find in order"
		}
	}
	return ""
}

func postgresScan(_ string, plan []string) string {
	for _, step := range plan {
		if strings.Contains(step, "Seq Scan on activitylog_events") {
			return "reads the table from end to end"
		}
	}
	return ""
}
