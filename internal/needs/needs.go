// Package needs ends tests that lack something which scripts/deps.sh installs.
//
// They are skipped, so that who has only Go can run the others, and fail where the environment variable
// ACTIVITYLOG_REQUIRE is 1, as make test and continuous integration set it.
package needs

import (
	"os"
	"testing"
)

// Missing ends a test if err, which says what is missing and how to get it, is not nil.
func Missing(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case os.Getenv("ACTIVITYLOG_REQUIRE") == "1":
		tb.Fatal(err)
	default:
		tb.Skip(err)
	}
}
