package integrity_test

import (
	"errors"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

func TestVerifyFindsNothingInALogThatWasLeftAlone(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		r.record("acme", 700)
		r.record("globex", 3)
		r.seal()
		r.record("acme", 3)
		r.seal()
		r.reopen()
		r.record("acme", 600)
		r.record("initech", 1)
		r.seal()
		r.record("acme", 2)
		report := r.clean()
		if report.Verdict() != integrity.Clean || report.Events != 1309 || report.Sealed != 1307 || report.Unsealed != 2 || report.Trees != 3 || report.Intact != 3 {
			t.Errorf("got %+v", report)
		}
	})
}

func TestEventsFromBeforeThereWereKeysAreAdopted(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		plain, err := activitylog.New(r.store, nil)
		require.NoError(t, err)
		for n := range 20 {
			_, err := plain.Record(r.ctx, event("acme", n))
			require.NoError(t, err)
		}
		r.seal()
		r.record("acme", 5)
		r.seal()
		if report := r.clean(); report.Adopted != 20 || report.Sealed != 25 {
			t.Errorf("got %+v", report)
		}
		_, err = plain.Record(r.ctx, event("acme", 99)) // a process that was forgotten
		require.NoError(t, err)
		if report := r.verify(); report.Verdict() != integrity.Tampered || report.Findings[0].Check != "mac" {
			t.Errorf("before its seal: %v", report.Findings)
		}
		r.seal()
		if report := r.verify(); report.Verdict() != integrity.Tampered || report.Findings[0].Check != "adopted" {
			t.Errorf("after its seal: %v", report.Findings)
		}
	})
}

func TestVoidNumbersAreNoHoles(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 2)
	r.seal()
	refused := r.writer.Number([]activitylog.Event{stamped(r, 1), stamped(r, 2)})
	r.record("acme", 1)
	if got := r.verify().Findings; len(got) != 1 || got[0].Check != "number" || got[0].Verdict != integrity.Undecided {
		t.Errorf("with a hole: %v", got)
	}
	refused(errors.New("not stored"))
	r.record("acme", 1)
	r.seal()
	r.clean()
}

// stamped is an event that was stamped and is never stored.
func stamped(r *rig, n int) activitylog.Event {
	events := []activitylog.Event{event("acme", n)}
	require.NoError(r.t, r.writer.Stamp(events))
	return events[0]
}

func TestWithoutKeysEvidenceMustAtLeastBeReadable(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 1)
	r.seal()
	other, err := activitylog.New(r.store, &activitylog.Options{Stamp: func(events []activitylog.Event) error {
		events[0].Leaf = make([]byte, 100)
		return nil
	}})
	require.NoError(t, err)
	_, err = other.Record(r.ctx, event("acme", 2))
	require.NoError(t, err)
	report := r.verifyBy(&integrity.VerifyOptions{Verifiers: r.keys.Verifiers})
	if len(report.Findings) != 1 || report.Findings[0].What != "the evidence in the row cannot be read" {
		t.Errorf("got %v", report.Findings)
	}
}
