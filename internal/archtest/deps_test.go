package archtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "renew testdata/deps.txt")

const depsFile = "testdata/deps.txt"

const depsHeader = `# What each package brings along: third-party packages, imported directly or not,
# tests aside. A new line is a decision; renew with go test ./internal/archtest -update
`

// TestDeps compares the third-party packages behind each package with the
// committed list, so that a new one is seen in review.
func TestDeps(t *testing.T) {
	t.Parallel()
	got := depsHeader
	for _, p := range listDeps(t) {
		got += p + "\n"
	}
	if *update {
		require.NoError(t, os.WriteFile(depsFile, []byte(got), 0o644))
	}
	content, err := os.ReadFile(depsFile)
	require.NoError(t, err)
	want := strings.Split(string(content), "\n")
	for line := range strings.Lines(got) {
		if line = strings.TrimSuffix(line, "\n"); !slices.Contains(want, line) {
			t.Errorf("not in %s: %s", depsFile, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(strings.Split(got, "\n"), line) {
			t.Errorf("no longer so, but in %s: %s", depsFile, line)
		}
	}
	if t.Failed() {
		t.Log("if this is meant: go test ./internal/archtest -update")
	}
}

// listDeps returns a sorted line "package: third-party package" for each pair.
func listDeps(t *testing.T) []string {
	t.Helper()
	type pkg struct {
		ImportPath string
		Standard   bool
		Module     *struct{ Main bool }
		Deps       []string
	}
	out := goCommand(t, []string{"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1"},
		"list", "-e", "-deps", "-json=ImportPath,Standard,Module,Deps", "./...")
	var ours []pkg
	thirdParty := map[string]bool{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch {
		case p.Module != nil && p.Module.Main:
			ours = append(ours, p)
		case !p.Standard && !slices.Contains(strings.Split(p.ImportPath, "/"), "internal"):
			// Internal packages come and go with versions, and never alone.
			thirdParty[p.ImportPath] = true
		}
	}
	var lines []string
	for _, p := range ours {
		dir, _ := ourDir(p.ImportPath)
		for _, dep := range p.Deps {
			if thirdParty[dep] {
				lines = append(lines, fmt.Sprintf("%s: %s", dir, dep))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// TestRootBuildsWithoutCgo keeps the root package free of C.
func TestRootBuildsWithoutCgo(t *testing.T) {
	t.Parallel()
	for _, f := range parseTree(t) {
		if f.dir == "." && !f.test {
			goCommand(t, []string{"CGO_ENABLED=0"}, "build", ".")
			return
		}
	}
	t.Log("the root package has no files yet")
}

// goCommand runs the go command at the top of the module.
func goCommand(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	// Read for the test cache, which does not see what a child process reads.
	_, err := os.ReadFile(top + "/go.mod")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = top
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), &stderr)
	return out
}

// TestTheVerifierImportsNoDriver keeps what an auditor runs away from databases.
func TestTheVerifierImportsNoDriver(t *testing.T) {
	t.Parallel()
	out := string(goCommand(t, nil, "list", "-deps", "./integrity"))
	for _, driver := range []string{"github.com/mattn/go-sqlite3", "github.com/lib/pq", module + "/store"} {
		for _, imported := range strings.Fields(out) {
			if within(imported, driver) {
				t.Errorf("integrity needs %s", imported)
			}
		}
	}
}
