package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNotInstalled reports that no PostgreSQL binaries were found.
var ErrNotInstalled = errors.New("PostgreSQL is not installed: run make deps")

// findBinaries returns the folder that holds initdb and postgres. A folder that
// was named must be right; only without a name is it searched for, in the order
// that scripts/deps.sh uses too.
func findBinaries(named string) (string, error) {
	if named == "" {
		named = os.Getenv("ACTIVITYLOG_POSTGRES_BIN")
	}
	if named != "" {
		if !hasServer(named) {
			return "", fmt.Errorf("%w (no initdb and postgres in %s)", ErrNotInstalled, named)
		}
		return filepath.Abs(named)
	}
	for _, dir := range candidates() {
		if hasServer(dir) {
			return dir, nil
		}
	}
	return "", ErrNotInstalled
}

// candidates lists the places where binaries may be, best first.
func candidates() []string {
	var dirs []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	dirs = append(dirs, newestFirst("/usr/lib/postgresql/*/bin")...)
	if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, newestFirst(filepath.Join(cache, "activitylog", "postgres-*", "bin"))...)
	}
	return dirs
}

// newestFirst returns the folders that match pattern by the number that ends
// the name of their parent, highest first: 18 before 9, which text order would
// turn round.
func newestFirst(pattern string) []string {
	dirs, _ := filepath.Glob(pattern)
	version := func(dir string) float64 {
		name := filepath.Base(filepath.Dir(dir))
		v, _ := strconv.ParseFloat(name[strings.LastIndexByte(name, '-')+1:], 64)
		return v
	}
	slices.SortStableFunc(dirs, func(a, b string) int {
		switch d := version(b) - version(a); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	return dirs
}

func hasServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		// LookPath with a slash looks at this file alone: exists and executable.
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}
