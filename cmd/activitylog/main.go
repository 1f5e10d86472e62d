// Command activitylog reads, fills and governs activity logs.
//
//	activitylog import --db t.db --org acme FILE…
//	activitylog query  --db t.db --org acme 'actor:alice category:auth -outcome:success'
//	activitylog export --db t.db --org acme --format csv 'outcome:failure'
//	activitylog tail   --db t.db --org acme
//	activitylog alerts --db t.db --org acme
//	activitylog coverage --db t.db --org acme
//	activitylog rules  show|set|presets --db t.db --org acme [FILE]
//	activitylog hold   set|list|lift --db t.db --org acme [FILTER|ID]
//	activitylog prune  --db t.db --org acme --dry-run
//	activitylog verify --db t.db
//	activitylog serve --db t.db
//	activitylog demo [--addr localhost:8080]
//
// Each takes --help. The exit code is 0 when it is done, 1 when it failed and 2 when it was called wrongly.
// Those of verify are 0 clean, 1 tampered, 2 cannot decide, 3 called wrongly.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
