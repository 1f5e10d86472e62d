package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// nameBudget is how many names the root package may export: constants,
// variables, functions, types and the methods declared on exported types. Of
// comparable packages slog has 136, age 47 and river 231.
const nameBudget = 186

func TestNameBudget(t *testing.T) {
	t.Parallel()
	names := exportedNames(t, top)
	if testing.Verbose() {
		t.Logf("%d of %d exported names:\n%s", len(names), nameBudget, strings.Join(names, "\n"))
	}
	if len(names) > nameBudget {
		t.Errorf("the root package exports %d names, %d more than it may: unexport some, or move them (-v lists them)",
			len(names), len(names)-nameBudget)
	}
}

// exportedNames returns the sorted names that the package in dir exports.
func exportedNames(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	fset := token.NewFileSet()
	var names []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range f.Decls {
			names = append(names, declared(decl)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names) // the same name for another system counts once
}

// declared returns the exported names of a declaration; of a method with those
// of its type before it.
func declared(decl ast.Decl) []string {
	var names []string
	add := func(idents ...*ast.Ident) {
		for _, id := range idents {
			if id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			add(d.Name)
		} else if recv := receiver(d.Recv.List[0].Type); ast.IsExported(recv) && d.Name.IsExported() {
			names = append(names, recv+"."+d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				add(s.Name)
			case *ast.ValueSpec:
				add(s.Names...)
			}
		}
	}
	return names
}

// receiver returns the name of the type that a method is declared on.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr: // one type parameter
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// TestNameCount holds the count to a package where we know it.
func TestNameCount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "p.go"), []byte(`package p
const A, b = 1, 2
var C int
type D[T any] struct{ Field T }
func (*D[T]) E() {}
func (D[T]) f() {}
type g struct{}
func (g) H() {}
type I interface{ J() }
func K() {}
`), 0o644))
	want := []string{"A", "C", "D", "D.E", "I", "K"}
	if got := exportedNames(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
