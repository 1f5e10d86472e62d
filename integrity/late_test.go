package integrity_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// told are the events of the platform under an action.
func (r *rig) told(action string) []activitylog.Event { return r.events(activitylog.SystemOrg, action) }

// events are those of an organization under an action.
func (r *rig) events(org, action string) (list []activitylog.Event) {
	r.t.Helper()
	for e, err := range r.log.Org(org).Events(r.ctx, activitylog.Query{Filter: activitylog.ActionIs(action)}) {
		require.NoError(r.t, err)
		list = append(list, e)
	}
	return list
}

// untilTold waits for such an event.
func (r *rig) untilTold(action string) activitylog.Event {
	r.t.Helper()
	for {
		if list := r.told(action); len(list) > 0 {
			return list[0]
		}
		require.NoError(r.t, r.ctx.Err())
	}
}

// alert wants the alert of a kind that a monitor makes of the log of the platform, which must lead to an event.
func (r *rig) alert(rule, kind string, e activitylog.Event) {
	r.t.Helper()
	m, err := monitor.New(r.log, nil)
	require.NoError(r.t, err)
	for end := time.Now().Add(time.Minute); ; { // on PostgreSQL the transactions of other tests hold followers back
		require.NoError(r.t, m.Poll(r.ctx))
		list, err := monitor.Alerts(r.ctx, r.log.Org(activitylog.SystemOrg), time.Now().Add(time.Minute))
		require.NoError(r.t, err)
		for _, a := range list {
			if a.Rule != rule || a.Kind != kind {
				continue
			}
			f, err := activitylog.ParseFilter(a.Filter)
			require.NoError(r.t, err)
			found, err := r.log.Org(activitylog.SystemOrg).Count(r.ctx, f.And(activitylog.IDIs(e.ID)), 0)
			require.NoError(r.t, err)
			if found != 1 {
				r.t.Errorf("the alert %+v does not lead to %s", a, e.ID)
			}
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("no alert %s of %s in %+v", kind, rule, list)
		}
	}
}

func TestLateAnchorBecomesAnAlert(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		folder := filepath.Join(t.TempDir(), "elsewhere")
		s := r.newSealer(&integrity.SealerOptions{
			Every: time.Millisecond, Beat: time.Millisecond, AnchorEvery: 2 * time.Millisecond, Late: 40 * time.Millisecond,
			Anchors: []integrity.Anchor{integrity.FileAnchor{Path: filepath.Join(folder, "anchors")}},
		})
		r.record("acme", 1)
		s.Start()
		late := r.untilTold("audit.anchor.late")
		if late.Targets[0].ID != "file anchors" || late.Reason != "it never had a checkpoint" || late.Severity != activitylog.High {
			t.Errorf("told %+v", late)
		}
		r.record("acme", 1) // goes on all the while
		r.alert(alerts.LogGap, "anchor", late)
		h, err := s.Health(t.Context())
		require.NoError(t, err)
		if len(h.Anchors) != 1 || h.Anchors[0].Behind.IsZero() || !h.Anchors[0].Anchored.IsZero() {
			t.Errorf("health %+v", h)
		}
		if n := len(r.told("audit.anchor.late")); n != 1 {
			t.Errorf("told %d times of one delay", n)
		}
		require.NoError(t, os.Mkdir(folder, 0o700))
		r.untilTold("audit.anchor.resume")
		require.NoError(t, s.Close(t.Context()))
		r.seal()
		if got := r.clean().Anchors; len(got) != 1 || got[0].At.IsZero() || got[0].Receipts != 0 {
			t.Errorf("anchors %+v", got)
		}
	})
}

// TestSilentSealerIsTold has another process tell that nothing is sealed any more.
func TestSilentSealerIsTold(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		now := time.Now()
		watch := func() { require.NoError(t, integrity.Watch(r.ctx, r.log, r.store, now, 15*time.Minute)) }
		watch() // nothing was ever sealed: nobody promised it
		r.record("acme", 3)
		r.seal()
		watch()
		require.Empty(t, r.told("audit.seal.late"))
		now = now.Add(16 * time.Minute)
		for range 3 {
			watch()
		}
		late := r.told("audit.seal.late")
		require.Len(t, late, 1)
		r.alert(alerts.LogGap, "seal", late[0])
		h, err := integrity.HealthOf(r.ctx, r.log, r.store)
		require.NoError(t, err)
		if list := h.Late(now, 15*time.Minute); len(list) != 1 || !strings.HasPrefix(list[0], "nothing was sealed since") {
			t.Errorf("late: %q", list)
		}
		if h.Backlog == 0 {
			t.Error("no backlog")
		}
	})
}

// TestMonitorWatches has a monitor of alerts look whether the log is sealed, once a minute.
func TestMonitorWatches(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 1)
	r.seal()
	now, asked := time.Now(), 0
	m, err := monitor.New(r.log, &monitor.Options{Now: func() time.Time { return now }, Watch: func(ctx context.Context) error {
		asked++
		return integrity.Watch(ctx, r.log, r.store, now, 15*time.Minute)
	}})
	require.NoError(t, err)
	for _, x := range []struct {
		pass        time.Duration
		asked, told int
	}{{0, 1, 0}, {time.Second, 1, 0}, {20 * time.Minute, 2, 1}, {time.Minute, 3, 1}} {
		now = now.Add(x.pass)
		require.NoError(t, m.Poll(r.ctx))
		if told := len(r.told("audit.seal.late")); asked != x.asked || told != x.told {
			t.Errorf("after %v more: asked %d times, told %d times", x.pass, asked, told)
		}
	}
	list, err := monitor.Alerts(r.ctx, r.log.Org(activitylog.SystemOrg), now.Add(time.Minute))
	require.NoError(t, err)
	if len(list) != 1 || list[0].Kind != "seal" {
		t.Errorf("alerts %+v", list)
	}
}

func TestVerificationIsRecorded(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 3)
	r.seal()
	health := func() integrity.Health {
		h, err := r.sealer.Health(r.ctx)
		require.NoError(t, err)
		return h
	}
	if h := health(); h.Verified != (integrity.Verified{}) || h.Durability != integrity.DurablePower {
		t.Errorf("got %+v", h)
	}
	require.NoError(t, integrity.RecordVerification(r.ctx, r.log, r.clean()))
	if v := health().Verified; v.Verdict != "clean" || v.At.IsZero() {
		t.Errorf("got %+v", v)
	}
	a := newAttacker(t, r)
	a.exec("UPDATE activitylog_events SET severity = 'critical' WHERE org = 'acme'")
	require.NoError(t, integrity.RecordVerification(r.ctx, r.log, r.verify()))
	if v := health().Verified; v.Verdict != "tampered" {
		t.Errorf("got %+v", v)
	}
	list := r.told("audit.verify")
	require.Len(t, list, 2)
	if list[0].Outcome != activitylog.Failure || !strings.Contains(list[0].Reason, "differs from its evidence in: severity") {
		t.Errorf("recorded %+v", list[0])
	}
	r.alert(alerts.LogGap, "verification", list[0])
}
