package storetest_test

import (
	"fmt"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/storetest"
)

// A store is checked, compared and measured by three short functions in its own tests.
func Example() {
	harness := storetest.Harness{Open: func(testing.TB) activitylog.Store { return memory.New() }}

	tests := []testing.InternalTest{
		{Name: "TestContract", F: func(t *testing.T) { storetest.Run(t, harness) }},
		{Name: "TestDifferential", F: func(t *testing.T) {
			stores := map[string]activitylog.Store{"mine": harness.Open(t), "memory": memory.New()}
			storetest.Differential(t, stores, storetest.DifferentialOptions{Filters: 2000})
		}},
	}
	benchmark := func(b *testing.B) { storetest.Benchmark(b, harness) }

	fmt.Println(len(tests), "tests and", benchmark != nil)
	// Output: 2 tests and true
}
