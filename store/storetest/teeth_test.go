package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog/store/memory"
)

type store = memory.Store

func newStore() *store { return memory.New() }

// TestHonestStore runs the suite on the store that is made faulty elsewhere, without a fault. It has every capability.
func TestHonestStore(t *testing.T) {
	t.Parallel()
	Run(t, harnessOf(fault{}))
}

// TestTeeth makes one mistake at a time: the cases that are there for it must notice, and every case must be there for
// some mistake.
func TestTeeth(t *testing.T) {
	t.Parallel()
	cases := map[string]testCase{}
	for _, c := range allCases() {
		cases[c.name] = c
	}
	bitten := map[string]bool{}
	for _, list := range [][]fault{
		appendFaults, scanFaults, filterFaults, figureFaults, pruneFaults, tailFaults, txFaults, spaceFaults, snapshotFaults, reopenFaults,
	} {
		for _, f := range list {
			for _, name := range f.cases {
				bitten[name] = true
				t.Run(f.name+"/"+name, func(t *testing.T) {
					t.Parallel()
					c, ok := cases[name]
					if !ok {
						t.Fatalf("there is no case %q", name)
					}
					wait := time.Minute
					if f.hangs {
						wait = 200 * time.Millisecond
					}
					s := newSubject(t, harnessOf(f))
					s.lag = laggard
					wrong := s.check(c, wait)
					if wrong == "" {
						t.Fatalf("case %q does not notice a store that %s", name, f.name)
					}
					t.Log(wrong)
				})
			}
		}
	}
	for name := range cases {
		if !bitten[name] {
			t.Errorf("no mistake shows that case %q has teeth", name)
		}
	}
}

// TestNames holds the names of cases apart and their rules present.
func TestNames(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range allCases() {
		if slices.Contains(names, c.name) || c.must == "" || c.run == nil {
			t.Errorf("case %q stands twice or is not complete", c.name)
		}
		names = append(names, c.name)
	}
}
