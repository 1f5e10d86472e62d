package integrity_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// purgeOldest removes the oldest events of acme, with a record of it.
func (r *rig) purgeOldest(n int) {
	r.t.Helper()
	r.purge("acme", n)
	gone, err := r.store.(activitylog.Pruner).Prune(r.ctx, activitylog.StoreQuery{Org: "acme", Order: activitylog.Oldest}, n)
	require.NoError(r.t, err)
	require.Equal(r.t, n, gone)
}

func (r *rig) prune() int64 {
	r.t.Helper()
	r.seal()
	minimum, err := r.sealer.Prune(r.ctx, "acme")
	require.NoError(r.t, err)
	return minimum
}

// pruned is a log of which the beginning was pruned twice.
func (r *rig) pruned() {
	r.t.Helper()
	for range 3 {
		r.record("acme", 300)
		r.record("globex", 2)
		r.seal()
		r.reopen()
	}
	r.purgeOldest(300)
	require.EqualValues(r.t, 256, r.prune())
	r.record("acme", 40)
	r.purgeOldest(250)
	require.EqualValues(r.t, 512, r.prune())
	r.record("acme", 20)
	r.seal()
}

func TestAPrunedLogVerifies(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 10)
		r.seal()
		early := r.clean().Vouch
		r.pruned()
		report := r.clean()
		if report.Purged != 550 || report.Pruned != 512 {
			t.Errorf("got %+v", report)
		}
		got := r.from(early) // rows that are newer were purged since
		if len(got.Findings) != 1 || got.Verdict() != integrity.Undecided || got.Findings[0].Check != "gone" || got.Vouch != nil {
			t.Errorf("from before the pruning: %+v", got)
		}
		require.Empty(t, r.from(report.Vouch).Findings)
		bundle := r.bundle(integrity.BundleOptions{})
		require.Empty(t, r.verifyBundle(bundle).Findings)
		if code, said := python(t, "--public", r.public, bundle.save(t)); code != clean {
			t.Errorf("the bundle by Python: %d, %s", code, said)
		}
		pack := r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r8")})
		if report := r.verifyEvidence(pack); len(report.Findings) > 0 || report.Evidence.Trees[0].First != 512 {
			t.Errorf("evidence: %+v", report)
		}
		if got, said := python(t, "--public", r.public, pack.save(t)); got != clean {
			t.Errorf("the pack by Python: %d, %s", got, said)
		}
	})
}

func TestPruningNeedsRecordedPurges(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 600)
		r.seal()
		_, err := r.store.(activitylog.Pruner).Prune(r.ctx, activitylog.StoreQuery{Org: "acme", Order: activitylog.Oldest}, 300)
		require.NoError(t, err)
		_, err = r.sealer.Prune(r.ctx, "acme")
		require.ErrorContains(t, err, "recorded purges removed 0; verify the log")
		minimum, err := r.sealer.Prune(r.ctx, "nobody")
		require.NoError(t, err)
		require.Zero(t, minimum)
	})
}

// TestAttacksOnAPrunedLog changes what is left of a tree.
func TestAttacksOnAPrunedLog(t *testing.T) {
	t.Parallel()
	for _, x := range []attack{
		{"delete one row more", func(a *attacker) {
			a.exec("DELETE FROM activitylog_events WHERE id = (SELECT id FROM activitylog_events WHERE org = 'acme' ORDER BY time LIMIT 1)")
		}, "551 rows are gone, but recorded purges removed 550"},
		{"delete more leaves", func(a *attacker) {
			a.exec(`DELETE FROM activitylog_spaces WHERE key = ?`, sealKey('l', 1, 0, 0, 0, 0, 0, 0, 2, 63))
		}, "entries from 512 on are missing"},
		{"put leaves back", func(a *attacker) { a.add(sealKey('l', 1, 0, 0, 0, 0, 0, 0, 0, 63)) }, "there are entries that were pruned"},
		{"put a tile back", func(a *attacker) { a.add(sealKey('t', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)) }, "there are 4 tiles where there should be 3"},
		{"poison the hashes of what was pruned", func(a *attacker) {
			key := sealKey('t', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
			a.put(key, flip(a.row(key), 3))
		}, "are not those that were signed"},
		{"remove the hashes of what was pruned", func(a *attacker) { a.drop(sealKey('t', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)) }, "tile 0 of level 1 is missing or too short"},
		{"raise the minimum", func(a *attacker) { a.put(sealKey('s', 1), flip(a.row(sealKey('s', 1)), 60)) }, "what is known of a tree cannot be believed"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := sqliteRig(t)
			r.pruned()
			x.against(t, r, r.verify)
		})
	}
}

// TestPruningStopsAtDamage has one leaf of what would go altered.
func TestPruningStopsAtDamage(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 600)
	r.seal()
	r.purgeOldest(300)
	r.seal()
	key := sealKey('l', 1, 0, 0, 0, 0, 0, 0, 0, 63)
	a := newAttacker(t, r)
	a.put(key, flip(a.row(key), 60))
	_, err := r.sealer.Prune(r.ctx, "acme")
	require.ErrorContains(t, err, "is not the one that was signed")
	a.put(key, flip(a.row(key), 60))
	require.EqualValues(t, 256, r.prune())
	require.Empty(t, r.verify().Findings)
}

// TestHolesDoNotHideBehindPruning deletes an event before its seal, in a log of which the beginning was pruned.
func TestHolesDoNotHideBehindPruning(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 300)
	r.seal()
	vouch := r.clean().Vouch
	r.purgeOldest(300)
	require.EqualValues(t, 256, r.prune())
	r.record("initech", 1)
	r.record("umbrella", 1)
	r.clean()
	require.Empty(t, r.from(vouch).Findings)
	newAttacker(t, r).exec("DELETE FROM activitylog_events WHERE org = 'initech'")
	for _, report := range []*integrity.Report{r.verify(), r.from(vouch)} {
		require.Len(t, report.Findings, 1)
		require.Contains(t, report.Findings[0].What, "1 of the events that writer")
	}
}

// TestHolesDoNotHideBehindAPruneThatBeganBefore goes on from a verification that saw part of what one prune took.
func TestHolesDoNotHideBehindAPruneThatBeganBefore(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 300)
	r.seal()
	early := r.clean().Vouch
	r.record("acme", 300)
	r.seal()
	r.purgeOldest(512)
	require.EqualValues(t, 512, r.prune())
	r.record("initech", 1)
	r.record("umbrella", 1)
	r.clean()
	if got := r.from(early); got.Verdict() != integrity.Undecided || len(got.Findings) != 1 || got.Findings[0].Check != "gone" || got.Vouch != nil {
		t.Errorf("of a log that was left alone: %+v", got.Findings)
	}
	newAttacker(t, r).exec("DELETE FROM activitylog_events WHERE org = 'initech'")
	if got := r.from(early); got.Verdict() == integrity.Clean || got.Vouch != nil {
		t.Errorf("with a hole: %+v", got.Findings)
	}
	require.Contains(t, r.verify().Findings[0].What, "1 of the events that writer")
}
