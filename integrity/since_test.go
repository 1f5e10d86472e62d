package integrity_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// from verifies what came behind an earlier verification.
func (r *rig) from(vouch []byte) *integrity.Report {
	r.t.Helper()
	require.NotEmpty(r.t, vouch)
	o := r.options()
	o.Since = vouch
	return r.verifyBy(o)
}

func TestVerifyGoesOn(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.full()
		before := r.clean()
		require.Nil(t, before.Relied)
		vouch := before.Vouch
		for range 3 { // each relies on the one before
			r.record("acme", 70)
			r.record("initech", 2)
			r.purge("globex", 0)
			r.erase(integrity.Erasure{Org: "initech", Filter: activitylog.RequestIs("r1"), Parts: activitylog.ActorPart, Ground: "asked for it"})
			r.seal()
			r.record("acme", 1)
			report := r.from(vouch)
			require.Empty(t, report.Findings)
			if report.Events > 90 || report.Sealed > 90 || report.Relied.Entries < before.Sealed-20 || report.Relied.Rows == 0 || report.Relied.AsOf.IsZero() {
				t.Errorf("got %+v, relying on %+v", report, report.Relied)
			}
			vouch = report.Vouch
		}
		r.rotate()
		r.record("acme", 5)
		r.seal()
		report := r.from(vouch)
		require.Empty(t, report.Findings, "after a rotation")
		require.Empty(t, r.from(report.Vouch).Findings, "with nothing new")
	})
}

func TestVerifyGoesOnAndFinds(t *testing.T) {
	t.Parallel()
	for _, x := range []attack{
		{"edit a new row", func(a *attacker) { a.exec("UPDATE activitylog_events SET outcome = 'denied' WHERE org = 'initech'") }, "differs from its evidence in: outcome"},
		{"delete a new row", func(a *attacker) { a.exec("DELETE FROM activitylog_events WHERE org = 'initech'") }, "the row is gone, and no purge tells why"},
		{"claim a purge that was before", func(a *attacker) { a.exec("DELETE FROM activitylog_events WHERE org = 'globex'") }, "the row is gone, and no purge tells why"},
		{"delete a row that was not sealed", func(a *attacker) { a.exec("DELETE FROM activitylog_events WHERE org = 'umbrella'") }, "2 of the events that writer"},
		{"poison a tile", func(a *attacker) { a.put(tileOfAcme, flip(a.row(tileOfAcme), 400)) }, "tile 0 of level 0 is not made of the entries below it"},
		{"poison a tile of what was before", func(a *attacker) { a.put(tileOfAcme, flip(a.row(tileOfAcme), 40)) }, "are not those that were signed"},
		{"remove the tree", func(a *attacker) {
			a.exec(`DELETE FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key IN (?, ?, ?)`, tileOfAcme, sealKey('s', 1), sealKey('c', 1))
		}, "is gone"},
		{"remove all seals", func(a *attacker) { a.exec(`DELETE FROM activitylog_spaces`) }, "there were seals before"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := sqliteRig(t)
			r.record("acme", 10)
			r.record("globex", 2)
			r.purge("globex", 1)
			r.seal()
			r.record("umbrella", 2)
			vouch := r.clean().Vouch
			r.record("globex", 1)
			r.record("initech", 1)
			r.record("acme", 10)
			if x.name != "delete a row that was not sealed" {
				r.seal()
			}
			x.against(t, r, func() *integrity.Report { return r.from(vouch) })
			require.Nil(t, r.from(vouch).Vouch)
		})
	}
}

// TestWhatWasDeclaredBeforeStillCounts goes on from a verification that read how the log is sealed.
func TestWhatWasDeclaredBeforeStillCounts(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		s := r.declare(integrity.FileAnchor{Path: filepath.Join(t.TempDir(), "elsewhere")})
		declared := r.clean().Vouch
		require.NoError(t, s.SwitchOff(r.ctx, "we move"))
		off := r.from(r.from(declared).Vouch).Vouch // also through a verification that reads no declaration itself
		r.record("acme", 2)
		for name, since := range map[string][]byte{"before": declared, "after": off} {
			if f := r.from(since).Findings; len(f) != 1 || !strings.Contains(f[0].What, "sealing was switched off at") || !strings.Contains(f[0].What, "2 rows since then") {
				t.Errorf("from the verification %s it was switched off: %v", name, f)
			}
		}
		if r.dsn == "" {
			return
		}
		newAttacker(t, r).drop([]byte("afile elsewhere"))
		if f := r.from(off).Findings; len(f) != 2 || !strings.Contains(f[1].What, `anchor "file elsewhere" was declared, and nothing is known of it`) {
			t.Errorf("got %v", f)
		}
	})
}

// forkOf is another log with the same keys.
func forkOf(r *rig) *integrity.Report {
	fork := memoryRig(r.t)
	fork.keys = r.keys
	fork.reopen()
	fork.record("acme", 1)
	fork.seal()
	return fork.clean()
}

func TestVerifyGoesOnFromWhatItMay(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 3)
	r.seal()
	vouch := r.clean().Vouch
	other := memoryRig(t)
	other.record("acme", 9)
	other.seal()
	for name, since := range map[string][]byte{"another log": other.clean().Vouch, "nothing": []byte("{}"), "no JSON": []byte("x")} {
		o := r.options()
		o.Since = since
		_, err := integrity.Verify(r.ctx, r.store, o)
		require.ErrorIs(t, err, activitylog.ErrInvalid, name)
	}
	// What was kept elsewhere counts for what is not read again too.
	o := r.options()
	o.Since = vouch
	for want, root := range map[integrity.Verdict]string{integrity.Clean: r.clean().Root, integrity.Tampered: forkOf(r).Root} {
		o.Known = [][]byte{[]byte(root)}
		report := r.verifyBy(o)
		require.Equal(t, want, report.Verdict(), report.Findings)
	}
	// The same log, set back and written anew.
	other = newRig(t, memoryRig(t).store)
	other.keys = r.keys
	other.reopen()
	report := other.from(vouch)
	require.Equal(t, integrity.Tampered, report.Verdict(), "an empty log")
	other.record("globex", 1)
	other.seal()
	require.Contains(t, other.from(vouch).Findings[0].What, "is gone")
	other.record("acme", 5)
	other.seal()
	report = other.from(vouch)
	require.Contains(t, report.Findings[0].What, "the log was rewritten")
	r.record("acme", 1)
	r.seal()
	r.record("acme", 1)
	r.seal()
	r.record("acme", 1)
	r.seal()
	report = other.from(r.clean().Vouch)
	require.Contains(t, report.Findings[0].What, "the root log had 4 entries when it was verified and has 2 now: the database was set back")
	_, err := integrity.VerifyBundle(r.ctx, r.bundle(integrity.BundleOptions{}).fs(), &integrity.VerifyOptions{Verifiers: r.keys.Verifiers, Since: vouch})
	require.ErrorIs(t, err, activitylog.ErrInvalid)
}
