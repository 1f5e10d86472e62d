package integrity_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// gone removes the row of an event without a trace.
func (r *rig) gone(org, request string) {
	r.t.Helper()
	n, err := r.store.(activitylog.Pruner).Prune(r.ctx, activitylog.StoreQuery{Org: org, Filter: activitylog.RequestIs(request)}, 1)
	require.NoError(r.t, err)
	require.Equal(r.t, 1, n)
}

// TestUnsealedRecordsProveNothingWithoutKeys has an auditor read a purge that anybody can have written.
func TestUnsealedRecordsProveNothingWithoutKeys(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 9)
	r.seal()
	r.gone("acme", "r3")
	r.purge("acme", 1)
	r.clean()
	if got := r.verifyBy(r.auditor()); got.Verdict() != integrity.Undecided {
		t.Errorf("before the seal: %v, %+v", got.Verdict(), got.Findings)
	}
	r.seal()
	if got := r.verifyBy(r.auditor()); got.Verdict() != integrity.Clean {
		t.Errorf("behind the seal: %v, %+v", got.Verdict(), got.Findings)
	}
}

// TestUnsealedErasuresProveNothingWithoutKeys has an auditor read an erasure that anybody can have written.
func TestUnsealedErasuresProveNothingWithoutKeys(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 9)
	r.seal()
	r.erase(integrity.Erasure{Org: "acme", Filter: activitylog.RequestIs("r3"), Ground: "asked for it"})
	r.clean()
	report := r.verifyBy(r.auditor())
	if len(report.Findings) != 1 || report.Verdict() != integrity.Undecided || report.Findings[0].Check != "erasure" {
		t.Errorf("before the seal: %v", report.Findings)
	}
	r.seal()
	require.Empty(t, r.verifyBy(r.auditor()).Findings, "behind the seal")
}

// TestAPurgeOfOldRowsPaysForNoNewOnes goes on from an earlier verification.
func TestAPurgeOfOldRowsPaysForNoNewOnes(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 5)
	r.seal()
	o := r.options()
	o.Since = r.clean().Vouch
	require.NotEmpty(t, o.Since)
	r.record("acme", 9) // r0 to r8 again, of which r7 is new
	r.purge("acme", 1)
	r.seal()
	r.gone("acme", "r7")
	if report := r.verifyBy(o); report.Verdict() != integrity.Undecided || report.Vouch != nil {
		t.Errorf("%v, vouch %q: %+v", report.Verdict(), report.Vouch, report.Findings)
	}
}

// TestManyFindingsHideNoneThatIsWorse fills the list with what cannot be decided first.
func TestManyFindingsHideNoneThatIsWorse(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	r.record("acme", 9)
	r.seal()
	o := r.options()
	for range 1001 {
		o.Known = append(o.Known, []byte("no checkpoint"))
	}
	r.gone("acme", "r3")
	if report := r.verifyBy(o); report.Verdict() != integrity.Tampered || report.More == 0 {
		t.Errorf("%v, %d more", report.Verdict(), report.More)
	}
}
