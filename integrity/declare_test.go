package integrity_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// changed are the paths of the changes of a decision.
func changed(e *activitylog.Event) string {
	var list []string
	for _, c := range e.Changes {
		list = append(list, c.Path)
	}
	return strings.Join(list, " ")
}

// declare has a sealer with anchors declare itself, and seals and anchors that.
func (r *rig) declare(anchors ...integrity.Anchor) *integrity.Sealer {
	r.t.Helper()
	s := r.newSealer(&integrity.SealerOptions{Anchors: anchors})
	s.Start()
	r.untilTold("audit.config.change")
	r.seal()
	r.clean()
	return s
}

// TestHowItIsSealedIsDeclared changes anchors and keys, and switches sealing off and on: each is a sealed decision.
func TestHowItIsSealedIsDeclared(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		path := r.keyFile()
		r.record("acme", 3)
		var s *integrity.Sealer
		begin := func(anchors ...integrity.Anchor) {
			s = r.newSealer(&integrity.SealerOptions{
				Every: time.Millisecond, Beat: time.Millisecond, AnchorEvery: time.Millisecond, Anchors: anchors,
			})
			s.Start()
		}
		until := func(n int) activitylog.Event {
			for end := time.Now().Add(20 * time.Second); ; {
				list := r.told("audit.config.change")
				if len(list) == n {
					return list[0]
				}
				if len(list) > n || time.Now().After(end) {
					t.Fatalf("%d decisions and not %d: %+v", len(list), n, list)
				}
			}
		}
		begin()
		first := until(1)
		if changed(&first) != "sealing sealing_key" || first.Actor.ID != "sealer" {
			t.Errorf("first: %+v", first)
		}
		require.NoError(t, s.Close(r.ctx))
		begin() // the same again
		require.NoError(t, s.Close(r.ctx))
		begin(integrity.FileAnchor{Path: filepath.Join(t.TempDir(), "elsewhere")})
		if e := until(2); changed(&e) != "sealing_anchors" {
			t.Errorf("with an anchor: %+v", e)
		}
		require.NoError(t, s.RotateFile(r.ctx, path))
		if e := until(3); changed(&e) != "sealing_key" || e.Actor.ID != "u1" {
			t.Errorf("with another key: %+v", e)
		}
		require.NoError(t, s.SwitchOff(r.ctx, "we move"))
		off := until(4)
		if changed(&off) != "sealing" || off.Actor.ID != "u1" || off.Reason != "we move" {
			t.Errorf("off: %+v", off)
		}
		last, err := integrity.LoadKeyFile(path)
		require.NoError(t, err)
		r.keys = last.Keys
		if n := r.clean().Unsealed; n > 0 {
			t.Errorf("%d rows wait", n)
		}
		r.record("acme", 2)
		if f := r.verify().Findings; len(f) != 1 || !strings.Contains(f[0].What, "sealing was switched off at") || !strings.Contains(f[0].What, "2 rows since then") {
			t.Errorf("recorded after it: %v", f)
		}
		r.alert(alerts.GuardrailRemoved, "sealing", off)
		begin()
		if e := until(5); changed(&e) != "sealing sealing_anchors" {
			t.Errorf("on again: %+v", e)
		}
		for {
			require.NoError(t, s.Close(r.ctx))
			if r.clean().Unsealed == 0 { // on PostgreSQL the transactions of other tests hold followers back
				return
			}
		}
	})
}

// TestSealingSwitchedOffQuietly stops the sealer without a word, and once lets somebody go on with beats alone.
func TestSealingSwitchedOffQuietly(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 1)
		r.seal()
		r.record("acme", 1)
		o := r.options()
		o.MaxSilence = time.Hour
		for after, want := range map[time.Duration][]string{
			0:             nil,
			2 * time.Hour: {"nothing was sealed for too long", "1 rows wait for their seal, the oldest since"},
		} {
			o.Now = func() time.Time { return time.Now().Add(after) }
			report := r.verifyBy(o)
			if len(report.Findings) != len(want) {
				t.Errorf("after %v: %v", after, report.Findings)
			}
			for i, f := range report.Findings {
				if !strings.Contains(f.What, want[i]) {
					t.Errorf("after %v: %v", after, f)
				}
			}
		}
	})
}

// TestDeclaredAnchorDoesNotVanish removes all that is known of an anchor without receipts.
func TestDeclaredAnchorDoesNotVanish(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	require.NoError(t, r.declare(integrity.FileAnchor{Path: filepath.Join(t.TempDir(), "elsewhere")}).Close(r.ctx))
	newAttacker(t, r).drop([]byte("afile elsewhere"))
	if f := r.verify().Findings; len(f) != 1 || !strings.Contains(f[0].What, `anchor "file elsewhere" was declared, and nothing is known of it`) {
		t.Errorf("got %v", f)
	}
}
