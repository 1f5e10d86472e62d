// Command bench measures activitylog against raw statements and against what people use instead. Every figure is a
// ratio of two things that ran in turn in one process; the median of the rounds counts.
//
//	go run . [-rounds 5] [-only ingest,record,...]   print the table of docs/benchmarks.md
//	go run . biglog                                  build the large logs once; queries need them
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// suites are the parts of the benchmark, in the order in which they print.
var suites = []struct {
	name string
	run  func(context.Context, *report) error
}{
	{"ingest", ingest},
	{"record", record},
	{"postgres", ingestPostgres},
	{"queries", queries},
	{"pgqueries", queriesPostgres},
	{"pages", webPages},
	{"largepages", largePages},
	{"export", exports},
	{"peers", peers},
	{"rollups", rollups},
	{"purge", purgeBeside},
	{"months", purgeMonths},
}

func main() {
	rounds := flag.Int("rounds", 5, "rounds of each pair; the median counts")
	only := flag.String("only", "", "comma-separated suites")
	events := flag.Int("events", 1_000_000, "purge, rollups, largepages: events in the log; a purge takes a tenth of them")
	flag.Parse()
	ctx := context.Background()
	var err error
	if flag.Arg(0) == "biglog" {
		err = buildBigLogs(ctx)
	} else {
		err = runSuites(ctx, *rounds, *events, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runSuites(ctx context.Context, rounds, events int, only string) error {
	fmt.Printf("%s, %s/%s, %d processors, %d rounds\n\n", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), rounds)
	fmt.Println("| what | ours | peer | ratio (min–max) | target | met |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, s := range suites {
		if only != "" && !slices.Contains(strings.Split(only, ","), s.name) {
			continue
		}
		if err := s.run(ctx, &report{rounds: rounds, events: events}); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
