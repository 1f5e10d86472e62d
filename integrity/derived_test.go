// Not under the race detector, where it takes long: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// deepReport verifies with the roll-ups of the monitor.
func (r *rig) deepReport() *integrity.Report {
	r.t.Helper()
	o := r.options()
	o.Deep, o.Derived = true, []integrity.DerivedCheck{monitor.CheckRollups}
	return r.verifyBy(o)
}

// TestRollupsAreCheckedDeeply holds roll-ups to the events, as they come, are purged and erased.
func TestRollupsAreCheckedDeeply(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		clean := func(when string) {
			t.Helper()
			if f := r.deepReport().Findings; len(f) > 0 {
				t.Fatalf("%s: %v", when, f)
			}
		}
		r.record("acme", 40)
		r.record("globex", 20)
		r.seal()
		clean("without roll-ups")
		rollups, err := monitor.NewRollups(r.log)
		require.NoError(t, err)
		catchUp := func() {
			_, err := rollups.CatchUp(r.ctx)
			require.NoError(t, err)
		}
		catchUp()
		clean("with roll-ups")
		r.record("acme", 5)
		r.record("initech", 5)
		r.seal()
		clean("with events that no roll-up holds")
		catchUp()
		clean("after those too")

		keeper, err := retention.New(r.log, r.store, &retention.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, 40) }})
		require.NoError(t, err)
		rule := retention.Rule{Name: "some", Filter: activitylog.RequestIs("r3", "r4"), Max: 30}
		require.NoError(t, keeper.SetRules(r.ctx, "acme", []retention.Rule{rule}, ""))
		purged, err := keeper.Purge(r.ctx, "acme", &retention.PurgeOptions{Load: 1})
		require.NoError(t, err)
		require.EqualValues(t, 4, purged.Deleted)
		r.seal()
		clean("after a purge")
		r.erase(integrity.Erasure{Org: "globex", Filter: activitylog.ActorIs("u1"), Ground: "x"})
		r.seal()
		clean("after an erasure")
		require.NoError(t, rollups.Rebuild(r.ctx, monitor.DropPurged))
		clean("rebuilt")
	})
}

// TestEditedRollupsAreFound edits rows of the roll-ups in the database.
func TestEditedRollupsAreFound(t *testing.T) {
	t.Parallel()
	const space = "activitylog/alerts"
	attacks := []struct {
		name, want string
		do         func(a *attacker)
	}{
		{"remove figures", "the roll-ups are not the figures of the events", func(a *attacker) {
			first := a.bytes("SELECT key FROM activitylog_spaces WHERE space = ? AND key >= ? ORDER BY key LIMIT 1", space, []byte("r"))
			a.exec("DELETE FROM activitylog_spaces WHERE space = ? AND key = ?", space, first)
		}},
		{"put figures of one organization in the place of another", "the roll-ups are not the figures of the events", func(a *attacker) {
			keys := a.bytesList("SELECT key FROM activitylog_spaces WHERE space = ? AND key >= ? ORDER BY key", space, []byte("r"))
			first := a.bytes("SELECT value FROM activitylog_spaces WHERE space = ? AND key = ?", space, keys[0])
			for _, key := range keys {
				if strings.Contains(string(key), "globex\x00a") {
					a.exec("UPDATE activitylog_spaces SET value = ? WHERE space = ? AND key = ?", first, space, key)
				}
			}
		}},
		{"damage figures", "the roll-ups cannot be read", func(a *attacker) {
			a.exec("UPDATE activitylog_spaces SET value = ? WHERE space = ? AND key >= ?", []byte{9}, space, []byte("r"))
		}},
		{"set the place back", "the roll-ups are not the figures of the events", func(a *attacker) {
			a.exec("UPDATE activitylog_spaces SET value = ? WHERE space = ? AND key = ?", a.before, space, []byte("head"))
		}},
		{"remove the place", "there are roll-ups without their place", func(a *attacker) {
			a.exec("DELETE FROM activitylog_spaces WHERE space = ? AND key = ?", space, []byte("head"))
		}},
		{"damage the place", "the place of the roll-ups cannot be read", func(a *attacker) {
			a.exec("UPDATE activitylog_spaces SET value = ? WHERE space = ? AND key = ?", []byte("x"), space, []byte("head"))
		}},
		{"hide an organization", "is not listed among the roll-ups", func(a *attacker) {
			a.exec("DELETE FROM activitylog_spaces WHERE space = ? AND key = ?", space, []byte("o\x00\x00\x00\x00acme"))
		}},
		{"list one that is none", "is listed among the roll-ups and has no figures", func(a *attacker) {
			a.exec("INSERT INTO activitylog_spaces (space, key, value) VALUES (?, ?, ?)", space, []byte("o\x00\x00\x00\x00nobody"), []byte{})
		}},
	}
	for _, x := range attacks { // on SQLite alone: what checks them knows no database
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := sqliteRig(t)
			a := newAttacker(t, r)
			rollups, err := monitor.NewRollups(r.log)
			require.NoError(t, err)
			fold := func(n int) {
				r.record("acme", n)
				r.record("globex", 2)
				r.seal()
				_, err := rollups.CatchUp(r.ctx)
				require.NoError(t, err)
			}
			fold(3)
			a.before = a.bytes("SELECT value FROM activitylog_spaces WHERE space = ? AND key = ?", space, []byte("head"))
			fold(30)
			require.Empty(t, r.deepReport().Findings)
			x.do(a)
			for _, f := range r.deepReport().Findings {
				if strings.Contains(f.What, x.want) {
					return
				}
			}
			t.Errorf("got %v\nwant %q", r.deepReport().Findings, x.want)
		})
	}
}
