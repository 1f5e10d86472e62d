package archtest_test

import (
	"slices"
	"strings"
	"testing"
)

// mayImport is the table "Who may import whom" of docs/architecture.md: for each
// package the packages of this module that its non-test files may import. An
// entry that ends in /... covers the packages below that have none of their own.
var mayImport = map[string][]string{
	".": {"internal/decision", "internal/spelling"},

	"store/memory":    {"."},
	"store/sqlstore":  {".", "internal/terms"},
	"store/storetest": {"."},
	"store/sqlite":    {".", "store/sqlstore"},
	"store/postgres":  {".", "store/sqlstore"},

	"access":       {".", "internal/settings"},
	"activitytest": {".", "store/memory"},
	"aiusage":      {".", "attempt"},
	"alerts":       {"."},
	"attempt":      {"."},
	"diff":         {"."},
	"export":       {"."},
	"integrity":    {".", "export", "internal/decision", "internal/settings", "retention"},

	"integrity/witness": {".", "integrity"},

	"middleware": {"."},
	"redact":     {"."},
	"slogevent":  {"."},
	"retention":  {".", "internal/decision", "internal/settings"},
	"review":     {".", "internal/decision", "internal/settings"},

	"alerts/monitor": {".", "alerts", "internal/decision", "internal/settings"},
	"alerts/webhook": {".", "alerts"},

	"web": {".", "access", "alerts", "alerts/monitor", "export", "integrity", "internal/decision", "internal/settings", "retention", "review"},

	"cmd/...":      {everything},
	"examples/...": {everything},

	"internal/alerteval":     {".", "alerts"},
	"internal/alerteval/cmd": {"internal/alerteval"},
	"internal/archtest":      {},
	"internal/citest":        {},
	"internal/decision":      {},
	"internal/demo":          {"."},
	"internal/killtest":      {everything},
	"internal/needs":         {},
	"internal/pgtest":        {"internal/needs"},
	"internal/settings":      {".", "internal/decision"},
	"internal/spelling":      {},
	"internal/terms":         {"."},
}

const everything = "everything"

// TestOurImports holds the module to the table.
func TestOurImports(t *testing.T) {
	t.Parallel()
	unknown := map[string]bool{}
	for _, f := range parseTree(t) {
		if f.test {
			continue
		}
		allowed, ok := allowedFor(f.dir)
		if !ok {
			unknown[f.dir] = true
			continue
		}
		for _, imported := range f.imports {
			dir, ours := ourDir(imported)
			if ours && !slices.Contains(allowed, dir) && !slices.Contains(allowed, everything) {
				t.Errorf("%s imports %s, which docs/architecture.md does not let %q do", f.path, imported, f.dir)
			}
		}
	}
	for dir := range unknown {
		t.Errorf("package %s is not in the table: add it here and to docs/architecture.md", dir)
	}
}

func allowedFor(dir string) ([]string, bool) {
	if allowed, ok := mayImport[dir]; ok {
		return allowed, true
	}
	first, _, _ := strings.Cut(dir, "/")
	allowed, ok := mayImport[first+"/..."]
	return allowed, ok
}

// ourDir returns the folder of a package of this module.
func ourDir(importPath string) (dir string, ours bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// TestRootImports keeps the package that every host imports light. What it may import of ours imports nothing.
func TestRootImports(t *testing.T) {
	t.Parallel()
	allowed := []string{"github.com/google/uuid", "golang.org/x/text", module + "/internal/decision", module + "/internal/spelling"}
	for _, f := range parseTree(t) {
		if f.dir != "." || f.test {
			continue
		}
		for _, imported := range f.imports {
			ok := isStd(imported) && imported != "C" && imported != "html/template"
			for _, a := range allowed {
				ok = ok || within(imported, a)
			}
			if !ok {
				t.Errorf("%s imports %s", f.path, imported)
			}
		}
	}
}

// TestConfinedImports confines packages to where they belong, outside tests.
func TestConfinedImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, confined string
		to             []string
	}{
		{"the driver of SQLite", "github.com/mattn/go-sqlite3", []string{"store/sqlite"}},
		{"the driver of PostgreSQL", "github.com/lib/pq", []string{"store/postgres", "internal/pgtest"}},
		{"testing", "testing", []string{"store/storetest", "activitytest", "internal/needs", "internal/pgtest"}},
		{"testify", "github.com/stretchr/testify", nil},
	}
	files := parseTree(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, f := range files {
				if f.test || slices.Contains(tt.to, f.dir) {
					continue
				}
				for _, imported := range f.imports {
					if within(imported, tt.confined) {
						t.Errorf("%s imports %s; of non-test code only that in %q may", f.path, imported, tt.to)
					}
				}
			}
		})
	}
}
