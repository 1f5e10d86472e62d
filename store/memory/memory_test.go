package memory_test

import (
	"fmt"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/storetest"
)

// The store can do all but append inside of a host's transaction.
var (
	_ activitylog.Counter    = (*memory.Store)(nil)
	_ activitylog.Aggregator = (*memory.Store)(nil)
	_ activitylog.Pruner     = (*memory.Store)(nil)
	_ activitylog.Eraser     = (*memory.Store)(nil)
	_ activitylog.Tailer     = (*memory.Store)(nil)
	_ activitylog.Spacer     = (*memory.Store)(nil)
)

var harness = storetest.Harness{Open: func(testing.TB) activitylog.Store { return memory.New() }}

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, harness)
}

// TestDifferential compares the store with the plain list that defines the truth, and with itself filled otherwise.
func TestDifferential(t *testing.T) {
	t.Parallel()
	for world := range 3 {
		t.Run(fmt.Sprintf("world %d", world+1), func(t *testing.T) {
			t.Parallel()
			stores := map[string]activitylog.Store{"one": memory.New(), "two": memory.New()}
			storetest.Differential(t, stores, storetest.DifferentialOptions{Filters: 400, Events: 200 * (world + 1)})
		})
	}
}

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, harness) }
