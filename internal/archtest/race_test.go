package archtest_test

import (
	"go/build/constraint"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goTestLine = regexp.MustCompile(`(?m)^\tgo test .*$`)

// TestWhatTheRaceDetectorIsSparedIsRun has make test run every package again, without the race detector, that leaves tests
// out under it: nobody else runs those.
func TestWhatTheRaceDetectorIsSparedIsRun(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(top, "Makefile"))
	require.NoError(t, err)
	var run []string
	for _, line := range goTestLine.FindAllString(string(makefile), -1) {
		if words := strings.Fields(line); !slices.Contains(words, "-race") {
			run = append(run, words...)
		}
	}
	require.NotEmpty(t, run, "no line of the Makefile runs go test without -race")
	spared := map[string]string{} // the packages, by one of their files
	for _, f := range parseTree(t) {
		if f.test && sparedOfRace(t, f.path) {
			spared[f.dir] = f.path
		}
	}
	require.NotEmpty(t, spared, "no file is built only without the race detector: then neither this test nor that line is needed")
	for dir, path := range spared {
		if !slices.Contains(run, "./"+dir) {
			t.Errorf("%s is not built with -race and so never run: add ./%s to the line of the Makefile that runs go test without it", path, dir)
		}
	}
}

// sparedOfRace reports whether a file is built only without the race detector, be the other tags set or not.
func sparedOfRace(t *testing.T, path string) bool {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(top, path))
	require.NoError(t, err)
	for line := range strings.Lines(string(source)) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if !constraint.IsGoBuild(line) {
			continue
		}
		x, err := constraint.Parse(line)
		require.NoError(t, err, path)
		for _, others := range []bool{true, false} {
			built := func(race bool) bool {
				return x.Eval(func(tag string) bool { return tag == "race" && race || tag != "race" && others })
			}
			if built(false) && !built(true) {
				return true
			}
		}
		return false
	}
	return false
}
