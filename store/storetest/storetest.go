// Package storetest holds any activitylog.Store to its contract, compares stores with each other and measures them. A
// store calls it from its own tests:
//
//	var harness = storetest.Harness{Open: func(tb testing.TB) activitylog.Store { return memory.New() }}
//
//	func TestContract(t *testing.T)   { storetest.Run(t, harness) }
//	func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, harness) }
//
// What a store can do beyond Append and Scan is found out from its methods and then checked too. The truth that stores
// are held to is Filter.Match over a plain list of events, sorted by Key: no other store is needed.
package storetest

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog"
)

// Harness tells the suites how to come by stores. Only Open is required.
type Harness struct {
	// Open returns a fresh, empty store. It leaves to tb.Cleanup what must be cleaned up.
	Open func(tb testing.TB) activitylog.Store
	// Reopen closes s and opens the same data again. nil: nothing outlives the store.
	Reopen func(tb testing.TB, s activitylog.Store) activitylog.Store
	// BeginTx begins a transaction of a host in the database of s. A store that is a TxAppender needs it.
	BeginTx func(tb testing.TB, s activitylog.Store) (tx activitylog.Tx, commit, rollback func() error)

	// NoConflict exempts a writer that may only INSERT: Append skips a known id without comparing.
	NoConflict bool
	// NotParallel exempts stores that Open cannot keep apart: only one is in use at a time.
	NotParallel bool
}

// patience is how long one case may take before its store counts as hanging.
const patience = 3 * time.Minute

// Run checks every promise of the store contract that the store makes, each in a subtest of its own. A failure names
// the rule that is broken, in the words of the interface.
func Run(t *testing.T, h Harness) {
	if h.Open == nil {
		t.Fatal("storetest: Harness.Open is required")
	}
	able := newSubject(t, h)
	for _, c := range allCases() {
		if missing := able.lacks(c.needs); missing != "" {
			t.Logf("left out: %s: %s", c.name, missing)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if !h.NotParallel {
				t.Parallel()
			}
			s := newSubject(t, h)
			if wrong := s.check(c, patience); wrong != "" {
				t.Errorf("%s\nThe rule: %s", wrong, c.must)
			}
		})
	}
}

// testCase checks one rule.
type testCase struct {
	name  string
	must  string // the rule, in the words of the contract
	needs need
	run   func(s *subject)
}

// allCases lists the cases of all files, each beside the part of the contract that it checks.
func allCases() []testCase {
	var list []testCase
	for _, part := range [][]testCase{
		appendCases, contentCases, scanCases, loopCases, examineCases, trapCases(), concurrentCases,
		txCases, figureCases, pruneCases, eraseCases, tailCases, briefCases, spaceCases, spaceTxCases, snapshotCases, reopenCases, logCases,
	} {
		list = append(list, part...)
	}
	return list
}
