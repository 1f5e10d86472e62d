package integrity_test

import (
	"testing"

	"github.com/activitylog/activitylog/integrity"
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
