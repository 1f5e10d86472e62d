package archtest_test

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lightHost uses much of the library, and not its pages.
const lightHost = `package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/export"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
)

func main() {
	log, err := activitylog.New(memory.New(), nil)
	if err != nil {
		panic(err)
	}
	m, err := middleware.New(log, nil)
	if err != nil {
		panic(err)
	}
	watch, err := monitor.New(log, nil)
	if err != nil {
		panic(err)
	}
	guard, err := access.New(log, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(watch.Poll(context.Background()))
	fmt.Println(guard.Reader(access.Org(activitylog.Actor{ID: "ana"}, "acme", access.AllRights)).Export(context.Background(), os.Stdout, activitylog.Query{}, export.AsNDJSON()))
	fmt.Println(http.ListenAndServe(":8080", m.Wrap(http.NotFoundHandler())))
}
`

// TestPagesCostOthersNothing builds a host that does not import web, with web there and without it: byte for byte the
// same program.
func TestPagesCostOthersNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(source, []byte(lightHost), 0o600))
	root, err := filepath.Abs(top)
	require.NoError(t, err)
	gone := map[string]string{}
	files, err := filepath.Glob(filepath.Join(root, "web", "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		gone[f] = ""
	}
	overlay, err := json.Marshal(map[string]any{"Replace": gone})
	require.NoError(t, err)
	without := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(without, overlay, 0o600))
	build := func(name string, flags ...string) (sum [32]byte, size int) {
		program := filepath.Join(dir, name)
		goCommand(t, nil, slices.Concat([]string{"build", "-buildvcs=false"}, flags, []string{"-o", program, source})...)
		b, err := os.ReadFile(program)
		require.NoError(t, err)
		return sha256.Sum256(b), len(b)
	}
	with, size := build("with")
	alone, small := build("without", "-overlay="+without)
	t.Logf("%d bytes with the pages in the module, %d without", size, small)
	require.Equal(t, small, size)
	require.Equal(t, alone, with)

	// The overlay does take the pages away.
	cmd := exec.CommandContext(t.Context(), "go", "list", "-overlay="+without, "./web")
	cmd.Dir = top
	require.Error(t, cmd.Run())
}

// TestNobodyBringsThePages keeps web out of what other packages import, directly or not.
func TestNobodyBringsThePages(t *testing.T) {
	t.Parallel()
	out := goCommand(t, nil, "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...")
	for line := range strings.Lines(string(out)) {
		pkg, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
		dir, _ := ourDir(pkg)
		if dir == "web" || strings.HasPrefix(dir, "cmd/") || strings.HasPrefix(dir, "examples/") {
			continue
		}
		for dep := range strings.FieldsSeq(deps) {
			if d, ours := ourDir(dep); ours && d == "web" || dep == "html/template" {
				t.Errorf("%s brings %s to whoever imports it", dir, dep)
			}
		}
	}
}
