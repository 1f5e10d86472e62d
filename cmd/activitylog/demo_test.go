package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/internal/demo"
)

// makeDemo makes a small demo and returns what it printed.
func makeDemo(t *testing.T, path string, seed uint64) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := (&demoLog{path: path, seed: seed, size: 0.02}).run(t.Context(), streams{out: &out, err: &out}, nil)
	return out.String(), err
}

func TestDemo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "my demo.db")
	out, err := makeDemo(t, path, 1)
	require.NoError(t, err)
	for _, o := range demo.Orgs() {
		if !strings.Contains(out, o.ID) {
			t.Errorf("%s is not in\n%s", o.ID, out)
		}
	}
	for _, want := range []string{"alerts, and what was planted", "Somebody guesses the password of Jonas Weber", "activitylog alerts --db "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	// The commands it shows work and find what it says.
	examples := regexp.MustCompile(`# .*: ([\d,]+) events?\n  activitylog (query --db '.*' --org \S+) (.*)\n`).FindAllStringSubmatch(out, -1)
	if len(examples) < 3 {
		t.Errorf("only %d examples in\n%s", len(examples), out)
	}
	for _, e := range examples {
		filter := strings.Trim(e[3], "'")
		got := done(t, "query", "--db", path, "--org", demo.Orgs()[0].ID, "--count", filter)
		if strings.TrimSpace(got) != strings.ReplaceAll(e[1], ",", "") {
			t.Errorf("%s counts %s, the demo says %s", filter, got, e[1])
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 2 { // the log and its keys
		t.Errorf("left behind: %v", files)
	}
}

func TestDemoReplacesOnlyItself(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "demo.db")
	first, err := makeDemo(t, path, 1)
	require.NoError(t, err)
	before, err := os.Stat(path)
	require.NoError(t, err)
	again, err := makeDemo(t, path, 1)
	require.NoError(t, err)
	after, err := os.Stat(path)
	require.NoError(t, err)
	if again != first || !os.SameFile(before, after) {
		t.Error("the same demo was made again")
	}
	other, err := makeDemo(t, path, 2)
	require.NoError(t, err)
	if other == first {
		t.Error("another seed makes the same demo")
	}
	done(t, "import", "--db", path, "--org", "mine", file(t, ana))
	if _, err := makeDemo(t, path, 3); err == nil || !strings.Contains(err.Error(), "other organizations were added") {
		t.Errorf("got %v", err)
	}

	log, text := newDB(t), filepath.Join(t.TempDir(), "text.db")
	record(t, log, "acme", 1)
	require.NoError(t, os.WriteFile(text, []byte("a text"), 0o600))
	for _, path := range []string{log, text} {
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		if _, err := makeDemo(t, path, 1); err == nil || !strings.Contains(err.Error(), "holds something else") {
			t.Errorf("got %v", err)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, want) {
			t.Errorf("%s was changed", path)
		}
	}
}
