package access_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// clock is a time that a test sets while others read it.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) Now() time.Time    { return *c.at.Load() }
func (c *clock) set(now time.Time) { c.at.Store(&now) }

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// rig is a guarded log over a store.
type rig struct {
	t     *testing.T
	clock *clock
	log   *activitylog.Log
	guard *access.Guard
}

func newRig(t *testing.T, store activitylog.Store) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{}}
	r.clock.set(start)
	var err error
	r.log, err = activitylog.New(store, &activitylog.Options{Now: r.clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.log.Close(context.Background())) })
	r.guard = r.newGuard()
	return r
}

// newGuard is a guard as another process has it.
func (r *rig) newGuard() *access.Guard {
	r.t.Helper()
	g, err := access.New(r.log, &access.Options{Now: r.clock.Now})
	require.NoError(r.t, err)
	return g
}

func memoryRig(t *testing.T) *rig { return newRig(t, memory.New()) }

var (
	ana = activitylog.Actor{ID: "ana", Name: "Ana"}
	leo = activitylog.Actor{ID: "leo", Name: "Leo"}
)

// record records one event of everything that can be sensitive.
func (r *rig) record(org, project, actor string, n int) activitylog.Event {
	r.t.Helper()
	ctx := activitylog.WithClient(r.t.Context(), activitylog.Client{
		IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "agent-" + org, Forwarded: []string{"10.0.0.1"}, Country: "CH",
	})
	id, err := r.log.Record(ctx, activitylog.Event{
		Org: org, Project: project, Action: "project.update", Reason: "asked by " + actor + "@" + org + ".example",
		Actor:    activitylog.Actor{ID: actor, Email: actor + "@" + org + ".example"},
		Targets:  []activitylog.Target{{Type: "project", ID: fmt.Sprint("p", n), Name: "secret of " + org}},
		Changes:  []activitylog.Change{{Path: "name", Old: "old-" + org, New: "new-" + org}},
		Request:  activitylog.Request{ID: "r1", SessionID: "session-" + org, CredentialID: "key-" + org},
		Metadata: map[string]any{"note": "meta-" + org},
	})
	require.NoError(r.t, err)
	e, err := r.log.Org(org).Get(r.t.Context(), id)
	require.NoError(r.t, err)
	return e
}

// records are the events about the log itself, oldest first.
func (r *rig) records(org string) []activitylog.Event {
	r.t.Helper()
	var list []activitylog.Event
	q := activitylog.Query{Filter: activitylog.CategoryIs("audit"), Order: activitylog.Oldest}
	for e, err := range r.log.Org(org).Events(r.t.Context(), q) {
		require.NoError(r.t, err)
		list = append(list, e)
	}
	return list
}
