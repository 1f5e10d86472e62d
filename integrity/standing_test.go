package integrity_test

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		standing := func(e *activitylog.Event) integrity.Standing {
			t.Helper()
			x, err := r.sealer.Standing(r.ctx, e)
			require.NoError(t, err)
			return x
		}
		r.record("acme", 3)
		early := r.all("acme")
		require.Equal(t, integrity.Undecided, standing(&early[0]).Verdict, "before any seal")
		before := time.Now().Add(-time.Millisecond)
		r.seal()
		between := time.Now().Add(time.Millisecond)
		for range 5 { // seals of other organizations lie between
			r.record("globex", 2)
			r.seal()
		}
		r.record("acme", 300)
		late := r.all("acme")[0]
		require.Equal(t, integrity.Undecided, standing(&late).Verdict, "before its seal")
		r.seal()
		for i := range early {
			x := standing(&early[i])
			require.Equal(t, integrity.Clean, x.Verdict)
			require.Equal(t, int64(303), x.Size)
			if x.Sealed.Before(before.Truncate(time.Microsecond)) || x.Sealed.After(between) {
				t.Errorf("sealed at %s, and not between %s and %s", x.Sealed, before, between)
			}
			p, err := integrity.CheckProof(x.Proof, r.keys.Verifiers, &early[i])
			require.NoError(t, err)
			require.Equal(t, x.Index, p.Index)
		}
		x := standing(&late)
		require.Equal(t, integrity.Clean, x.Verdict)
		if x.Sealed.Before(between) {
			t.Errorf("the last event was sealed at %s, before it was recorded", x.Sealed)
		}
		changed := late.Clone()
		changed.Actor.ID = "somebody else"
		x = standing(&changed)
		require.Equal(t, integrity.Tampered, x.Verdict)
		require.Contains(t, x.What, "differs from its proof in: actor")
		require.Nil(t, x.Proof)
		changed.Leaf = nil
		_, err := r.sealer.Standing(r.ctx, &changed)
		require.ErrorIs(t, err, activitylog.ErrInvalid)
	})
}

// Where one seal does not reach, the time of an event is that of the seal that does.
func TestStandingOfBatches(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 6)
	tick := time.Now()
	sealer := r.newSealer(&integrity.SealerOptions{Batch: 2, Now: func() time.Time {
		tick = tick.Add(time.Second)
		return tick
	}})
	_, err := sealer.Seal(r.ctx)
	require.NoError(t, err)
	times := map[int64]time.Time{}
	for _, e := range r.all("acme") {
		x, err := sealer.Standing(r.ctx, &e)
		require.NoError(t, err)
		require.False(t, x.Sealed.IsZero())
		times[x.Index] = x.Sealed
	}
	for i := range int64(5) {
		if same := i%2 == 0; times[i].Equal(times[i+1]) != same || times[i].After(times[i+1]) {
			t.Errorf("entries %d and %d were sealed at %s and %s", i, i+1, times[i], times[i+1])
		}
	}
}
