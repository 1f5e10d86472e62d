// Package killtest runs a test binary a second time, as a child that can be killed at any moment, and collects what the
// child said until then.
//
//	func TestMain(m *testing.M) { os.Exit(killtest.Main(m.Run, map[string]func() error{"writer": writer})) }
//
// A child says what it did in lines on its standard output, one write each: a pipe keeps what was written to it when
// the writer is killed. A child ends by itself when its parent does.
package killtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// roleVariable names the role of a child.
const roleVariable = "ACTIVITYLOG_KILLTEST_ROLE"

// hung is after which time a child counts as hanging.
const hung = 2 * time.Minute

// Main runs the role of this process if it is a child, and the tests otherwise. It returns the exit code.
func Main(tests func() int, roles map[string]func() error) int {
	name := os.Getenv(roleVariable)
	if name == "" {
		return tests()
	}
	role := roles[name]
	if role == nil {
		fmt.Fprintf(os.Stderr, "no role %q\n", name)
		return 2
	}
	go func() { // the parent keeps the other end open as long as it lives
		io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	Say("begun")
	if err := role(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Say writes one line for the parent. It may be called by many goroutines.
func Say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// Plan says when a child is killed: After it began, or once Now returns true for a line it said. A zero After means
// that only Now decides.
type Plan struct {
	After time.Duration
	Now   func(line string) bool
}

// Run starts this binary as a child with a role and further environment, kills it as planned and returns all it said.
// A child that ends by itself is an error.
func Run(role string, env []string, p Plan) ([]string, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), env...), roleVariable+"="+role)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	kill := func() { _ = cmd.Process.Kill() } // an error says that it has ended
	guard := time.AfterFunc(hung, kill)
	defer guard.Stop()
	planned := false
	var timer *time.Timer
	var lines []string
	for scan := bufio.NewScanner(stdout); scan.Scan(); {
		line := scan.Text()
		if len(lines) == 0 && p.After > 0 {
			timer = time.AfterFunc(p.After, kill)
			planned = true
		}
		lines = append(lines, line)
		if p.Now != nil && p.Now(line) {
			kill()
			planned = true
		}
	}
	if timer != nil {
		timer.Stop()
	}
	err = cmd.Wait()
	if cmd.ProcessState.Exited() || !planned {
		return lines, fmt.Errorf("killtest: the child was not killed as planned: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return lines, nil
}
