package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of go test -json; go doc test2json describes it.
type event struct {
	Action      string
	Package     string
	ImportPath  string // in place of Package, of build output
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string // of a package that failed: what did not compile
}

// report follows the events and prints what a reader needs of them.
type report struct {
	out io.Writer

	passed, failed, skipped int

	tests    map[test]*strings.Builder // output of tests, while they run
	packages map[string]*result        // while they run
	builds   map[string]*strings.Builder
}

type test struct{ pkg, name string }

// result is what is known of a package.
type result struct {
	output strings.Builder // of the package itself, not of a test

	passed, failed, skipped int
}

func newReport(out io.Writer) *report {
	return &report{
		out:      out,
		tests:    map[test]*strings.Builder{},
		packages: map[string]*result{},
		builds:   map[string]*strings.Builder{},
	}
}

// read follows r to its end.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		fmt.Fprint(r.out, line)
		return
	}
	switch {
	case strings.HasPrefix(e.Action, "build-"):
		r.build(e)
	case e.Test != "":
		r.test(e)
	default:
		r.pkg(e)
	}
}

func (r *report) build(e event) {
	if e.Action == "build-output" {
		at(r.builds, e.ImportPath).WriteString(e.Output)
	}
}

func (r *report) test(e event) {
	id := test{e.Package, e.Test}
	p := at(r.packages, e.Package)
	switch e.Action {
	case "output":
		at(r.tests, id).WriteString(e.Output)
		return
	case "pass":
		r.passed++
		p.passed++
	case "fail":
		r.failed++
		p.failed++
		r.print(at(r.tests, id).String())
	case "skip":
		r.skipped++
		p.skipped++
		r.print(at(r.tests, id).String())
		fmt.Fprintf(r.out, "    a skipped test fails this run: %s %s\n", e.Package, e.Test)
	default: // start, run, pause, cont, bench
		return
	}
	delete(r.tests, id)
}

func (r *report) pkg(e event) {
	p := at(r.packages, e.Package)
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
		return
	case "pass":
		r.verdict("ok  ", e, p)
	case "skip": // no test files
	case "fail":
		if p.failed == 0 {
			r.failed++
		}
		r.unfinished(e.Package)
		if b := r.builds[e.FailedBuild]; b != nil {
			r.print(b.String())
		}
		r.print(p.output.String())
		r.verdict("FAIL", e, p)
	default:
		return
	}
	delete(r.packages, e.Package)
}

func (r *report) verdict(word string, e event, p *result) {
	fmt.Fprintf(r.out, "%s %s %.1fs: %d passed, %d failed, %d skipped\n", word, e.Package, e.Elapsed, p.passed, p.failed, p.skipped)
}

// unfinished prints the output of the tests that were running when their
// package ended: one of them may be why.
func (r *report) unfinished(pkg string) {
	var names []string
	for id := range r.tests {
		if id.pkg == pkg {
			names = append(names, id.name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		id := test{pkg, name}
		r.print(r.tests[id].String())
		delete(r.tests, id)
	}
}

// print prints output without the lines that say what the verdicts say.
func (r *report) print(output string) {
	for line := range strings.Lines(output) {
		switch {
		case strings.HasPrefix(line, "=== "), line == "FAIL\n", strings.HasPrefix(line, "FAIL\t"):
		default:
			fmt.Fprint(r.out, line)
		}
	}
}

// finish prints the closing line and reports whether the run is good.
func (r *report) finish() bool {
	// A run that was cut off says nothing of its last packages.
	for _, name := range slices.Sorted(maps.Keys(r.packages)) {
		r.failed++
		r.unfinished(name)
		r.print(r.packages[name].output.String())
		fmt.Fprintf(r.out, "FAIL %s: no result\n", name)
	}
	if r.passed+r.failed+r.skipped == 0 {
		fmt.Fprintln(r.out, "no test ran")
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.passed > 0 && r.failed == 0 && r.skipped == 0
}

// at returns the entry of m at key, which it makes if there is none.
func at[K comparable, V any](m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		v = new(V)
		m[key] = v
	}
	return v
}
