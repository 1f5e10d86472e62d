package retention_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// clock is a time that a test sets while others read it.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) Now() time.Time    { return *c.at.Load() }
func (c *clock) set(now time.Time) { c.at.Store(&now) }

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

var bg = context.Background()

// quick is a purge that does not wait.
var quick = &retention.PurgeOptions{Load: 1}

// rig is a log with a keeper and a clock.
type rig struct {
	t      testing.TB
	ctx    context.Context
	clock  *clock
	store  activitylog.Store
	log    *activitylog.Log
	keeper *retention.Keeper
}

func newRig(t testing.TB, store activitylog.Store) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{}, store: store}
	r.clock.set(start)
	r.ctx = activitylog.WithActor(t.Context(), activitylog.Actor{Type: activitylog.System, ID: "janitor"})
	var err error
	r.log, err = activitylog.New(store, &activitylog.Options{Now: r.clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.log.Close(context.Background())) })
	r.keeper, err = retention.New(r.log, store, &retention.Options{Now: r.clock.Now})
	require.NoError(t, err)
	return r
}

func memoryRig(t testing.TB) *rig { return newRig(t, memory.New()) }

func sqliteRig(t testing.TB) *rig {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	return newRig(t, store)
}

// event is a small event with a name to find it by.
func event(org, action, name string) activitylog.Event {
	return activitylog.Event{Org: org, Action: action, Reason: name, Actor: activitylog.Actor{ID: "u1"}}
}

func (r *rig) record(events ...activitylog.Event) {
	r.t.Helper()
	_, err := r.log.RecordAll(r.ctx, events)
	require.NoError(r.t, err)
}

// many records n events named prefix 0 and so on.
func (r *rig) many(org, action, prefix string, n int) {
	r.t.Helper()
	var events []activitylog.Event
	for i := range n {
		events = append(events, event(org, action, fmt.Sprint(prefix, i)))
	}
	r.record(events...)
}

// left are the names of what is there beside the records about the log itself, sorted.
func (r *rig) left() []string {
	r.t.Helper()
	var names []string
	q := activitylog.Query{Filter: activitylog.Not(activitylog.CategoryIs("audit"))}
	for e, err := range r.log.AllOrgs().Events(r.t.Context(), q) {
		require.NoError(r.t, err)
		names = append(names, e.Reason)
	}
	slices.Sort(names)
	return names
}

// audits are the records about the log, oldest first.
func (r *rig) audits(org string, actions ...string) []activitylog.Event {
	r.t.Helper()
	var list []activitylog.Event
	q := activitylog.Query{Filter: activitylog.ActionIs(actions...), Order: activitylog.Oldest}
	for e, err := range r.log.Org(org).Events(r.t.Context(), q) {
		require.NoError(r.t, err)
		list = append(list, e)
	}
	return list
}

func (r *rig) rules(org string, rules ...retention.Rule) {
	r.t.Helper()
	require.NoError(r.t, r.keeper.SetRules(r.ctx, org, rules, "a test"))
}

func (r *rig) purge(org string) retention.Report {
	r.t.Helper()
	report, err := r.keeper.Purge(r.ctx, org, quick)
	require.NoError(r.t, err)
	return report
}
