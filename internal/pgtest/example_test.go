package pgtest_test

import (
	"context"
	"fmt"
	"os"

	"github.com/activitylog/activitylog/internal/pgtest"
)

// A program that is no test, such as a benchmark, starts a server like this.
// The example is compiled but not run: not every machine has PostgreSQL.
func ExampleRun() {
	server, err := pgtest.Run(context.Background(), pgtest.Config{Settings: []string{"shared_buffers=2GB"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer server.Stop()
	fmt.Println(server.DSN())
}
