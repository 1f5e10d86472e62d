// Command citest judges a test run. It reads the output of go test -json, prints
// a line per package and the output of what failed, and ends with the line
//
//	N passed, N failed, N skipped
//
// Unlike go test it does not accept a skipped test: where everything a test
// needs is installed, one that is skipped is one that nobody runs. Subtests
// count like tests, and a package that fails without a failing test, because it
// does not compile or ends early, counts as one failure.
//
// Several runs may follow each other on standard input, and lines that are no
// test events are passed on. The exit code is 1 if a test failed, was skipped
// or if there was none, and 2 if the input could not be read.
package main

import (
	"fmt"
	"os"
)

func main() {
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "citest:", err)
		os.Exit(2)
	}
	if !r.finish() {
		os.Exit(1)
	}
}
