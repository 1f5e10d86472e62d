package integrity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// all reads the events of an organization.
func (r *rig) all(org string) (events []activitylog.Event) {
	r.t.Helper()
	for e, err := range r.log.Org(org).Events(r.ctx, activitylog.Query{}) {
		require.NoError(r.t, err)
		events = append(events, e)
	}
	return events
}

func TestProofs(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 300)
		r.seal()
		r.record("acme", 700)
		r.record("globex", 1)
		r.seal()
		events := append(r.all("acme"), r.all("globex")...)
		for i := 0; i < len(events); i += 20 {
			e := &events[i]
			file, err := integrity.Prove(r.ctx, r.store, r.keys.Verifiers, e)
			require.NoError(t, err)
			if len(file) > 2048 {
				t.Errorf("a proof of %d bytes", len(file))
			}
			p, err := integrity.CheckProof(file, r.keys.Verifiers, e)
			require.NoError(t, err)
			if p.Leaf.ID != e.ID || p.Index >= p.Size {
				t.Errorf("got %+v", p)
			}
			changed := e.Clone()
			changed.Reason = "another"
			if _, err := integrity.CheckProof(file, r.keys.Verifiers, &changed); err == nil || !strings.Contains(err.Error(), "differs from its proof in: metadata") {
				t.Errorf("a changed event: %v", err)
			}
			changed = e.Clone()
			activitylog.ActorPart.Erase(&changed)
			if _, err := integrity.CheckProof(file, r.keys.Verifiers, &changed); err != nil {
				t.Errorf("an event of which the actor was erased: %v", err)
			}
			stranger, _ := newKeys(t)
			if _, err := integrity.CheckProof(file, stranger.Verifiers, e); err == nil {
				t.Error("another key will do")
			}
		}
	})
}

func TestNoByteOfAProofCanBeChanged(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 70)
	r.seal()
	e := &r.all("acme")[3]
	file, err := integrity.Prove(r.ctx, r.store, r.keys.Verifiers, e)
	require.NoError(t, err)
	for i := range file {
		for bit := range 8 {
			b := append([]byte{}, file...)
			b[i] ^= 1 << bit
			if _, err := integrity.CheckProof(b, r.keys.Verifiers, e); err == nil {
				t.Errorf("bit %d of byte %d was changed unseen", bit, i)
			}
		}
	}
	for n := range len(file) {
		if _, err := integrity.CheckProof(file[:n], r.keys.Verifiers, e); err == nil {
			t.Errorf("the first %d bytes will do", n)
		}
	}
}

func TestNothingToProve(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 1)
	e := r.all("acme")[0]
	if _, err := integrity.Prove(r.ctx, r.store, r.keys.Verifiers, &e); !errors.Is(err, integrity.ErrNotSealed) {
		t.Errorf("before the first seal: %v", err)
	}
	r.seal()
	r.record("acme", 1)
	e = r.all("acme")[0]
	if _, err := integrity.Prove(r.ctx, r.store, r.keys.Verifiers, &e); !errors.Is(err, integrity.ErrNotSealed) {
		t.Errorf("before its seal: %v", err)
	}
	e.Leaf = nil
	if _, err := integrity.Prove(r.ctx, r.store, r.keys.Verifiers, &e); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("without evidence: %v", err)
	}
}

func FuzzProof(f *testing.F) {
	r := memoryRig(f)
	r.record("acme", 3)
	r.seal()
	e := &r.all("acme")[0]
	file, err := integrity.Prove(r.ctx, r.store, r.keys.Verifiers, e)
	require.NoError(f, err)
	f.Add(file)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := integrity.CheckProof(b, r.keys.Verifiers, e); err == nil && string(b) != string(file) {
			t.Errorf("%q counts as a proof", b)
		}
	})
}
