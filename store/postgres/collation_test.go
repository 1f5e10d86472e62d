package postgres_test

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// newICU makes a database that sorts text as a language does, not by bytes.
func newICU(t *testing.T, dsn string) string {
	t.Helper()
	db, name := host(t, dsn), "activitylog_icu_"+strings.ToLower(rand.Text()[:8])
	exec(t, db, "CREATE DATABASE "+name+" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'")
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return with(t, dsn, "dbname", name)
}

// TestCollation compares with the reference store in a database that sorts "a" before "B" and hardly sees punctuation.
func TestCollation(t *testing.T) {
	t.Parallel()
	dsn := newICU(t, pgtest.DSN(t))
	require.True(t, one[bool](t, host(t, dsn), "SELECT 'a' < 'B' AND 'B' < 'c' AND 'a-c' < 'ab' AND 'a b' < 'a-a'"))
	here, reference := logOver(t, open(t, dsn, nil), nil), logOver(t, memory.New(), nil)
	words := []string{"a", "B", "c", "_", "-", "a.b", "a-b", "a/b", "ab", "a.B", "A.b", "A", "é", "e", "z", "ä", "a.é", "~", "0", "ß", "ss"}
	id, noon := uuid.Must(uuid.NewV7()), time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for i, w := range words {
		for _, log := range []*activitylog.Log{here, reference} {
			_, err := log.Record(t.Context(), activitylog.Event{
				ID: id, Time: noon, Org: w, Action: w, Category: w, Project: words[(i+5)%len(words)],
				Actor: activitylog.Actor{Type: activitylog.User, ID: w}, Labels: map[string]string{w: w},
				Client: activitylog.Client{IP: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})},
			})
			require.NoError(t, err)
		}
	}
	filters := []activitylog.Filter{{}}
	for _, w := range words {
		filters = append(filters, activitylog.ActionUnder(w), activitylog.ActionIs(w), activitylog.ActorIs(w), activitylog.ProjectIs(w),
			activitylog.CategoryIs(w), activitylog.LabelIs(w, w))
	}
	for _, f := range filters {
		for _, order := range []activitylog.Order{activitylog.Newest, activitylog.Oldest} {
			if got, want := orgs(t, here, f, order), orgs(t, reference, f, order); !slices.Equal(got, want) {
				t.Errorf("filter {%s}, order %d: the organizations come as %q instead of %q", f, order, got, want)
			}
		}
	}
	a := activitylog.Aggregation{By: []string{"org"}}
	if got, want := groups(t, here, a), groups(t, reference, a); !slices.Equal(got, want) {
		t.Errorf("grouped: %q instead of %q", got, want)
	}
}

// orgs walks through pages of two events, all at one time under one id, and returns their organizations.
func orgs(t *testing.T, log *activitylog.Log, f activitylog.Filter, order activitylog.Order) []string {
	t.Helper()
	var list []string
	q := activitylog.Query{Filter: f, Order: order, Limit: 2}
	for more := true; more; {
		page, err := log.AllOrgs().Page(t.Context(), q)
		require.NoError(t, err)
		for _, e := range page.Events {
			list = append(list, e.Org)
		}
		q.Cursor, more = page.Next, !page.Next.IsZero()
	}
	return list
}

func groups(t *testing.T, log *activitylog.Log, a activitylog.Aggregation) []string {
	t.Helper()
	var list []string
	for b, err := range log.AllOrgs().Aggregate(t.Context(), a) {
		require.NoError(t, err)
		list = append(list, fmt.Sprint(b.Values, b.Count))
	}
	slices.Sort(list)
	return list
}
