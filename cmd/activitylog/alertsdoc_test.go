package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog/alerts"
)

var update = flag.Bool("update", false, "renew the tables of docs/alerts.md")

// TestAlertsDoc holds the tables of docs/alerts.md to the configuration: its names, its defaults, its comments.
func TestAlertsDoc(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "alerts.md")
	doc, err := os.ReadFile(path)
	require.NoError(t, err)
	got := string(doc)
	for _, rule := range alerts.Rules() {
		if !strings.Contains(got, "\n## "+rule+"\n") {
			t.Errorf("there is no section ## %s", rule)
		}
	}
	comments := configComments(t)
	usual := alerts.Config{}.Defaults()
	tables := map[string]string{}
	var order []string
	for _, x := range thresholdsOf(&usual) {
		section, field, ok := strings.Cut(x.name, ".")
		if !ok {
			continue // off and planned are no thresholds
		}
		if tables[section] == "" {
			order = append(order, section)
			tables[section] = "| threshold | default | what |\n|---|---|---|\n"
		}
		owner := reflect.TypeFor[alerts.Config]()
		for i := range owner.NumField() {
			if jsonName(owner.Field(i).Tag) == section {
				owner = owner.Field(i).Type
				break
			}
		}
		comment, ok := comments[owner.Name()+"."+field]
		if !ok {
			t.Errorf("%s has no comment", x.name)
		}
		tables[section] += fmt.Sprintf("| `%s` | %s | %s |\n", x.name, defaultText(x.value), comment)
	}
	want := got
	for _, section := range order {
		block := regexp.MustCompile(`(?s)<!-- ` + section + ` -->\n(\|.*?\|\n)?(\n|$)`)
		if n := len(block.FindAllString(want, -1)); n != 1 {
			t.Errorf("%d places for the thresholds of %s, want one line <!-- %s -->", n, section, section)
		}
		want = block.ReplaceAllLiteralString(want, "<!-- "+section+" -->\n"+tables[section]+"\n")
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	if got != want {
		t.Error("docs/alerts.md and alerts/config.go differ; go test ./cmd/activitylog -run TestAlertsDoc -update renews the tables")
	}
}

func jsonName(tag reflect.StructTag) string {
	name, _, _ := strings.Cut(tag.Get("json"), ",")
	return name
}

func defaultText(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return strings.Replace(strings.Replace(x.String(), "m0s", "m", 1), "h0m", "h", 1)
	case int64:
		if x > 0 {
			return grouped(x)
		}
	}
	if v.IsZero() {
		return "–"
	}
	return fmt.Sprint(v.Interface())
}

// defaultIn is where a comment tells the default, which has a column of its own.
var defaultIn = regexp.MustCompile(`; [0-9]+(,[0-9]{3})*([.][0-9]+)?(e-[0-9]+)?( minutes| hours| days|: none)?`)

// configComments are the comments behind the fields of the configuration, by type and JSON name.
func configComments(t *testing.T) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "alerts", "config.go"), nil, parser.ParseComments)
	require.NoError(t, err)
	comments := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			return false
		}
		for _, f := range s.Fields.List {
			if f.Tag != nil && f.Comment != nil {
				text := defaultIn.ReplaceAllString(strings.TrimSpace(f.Comment.Text()), "")
				comments[spec.Name.Name+"."+jsonName(reflect.StructTag(strings.Trim(f.Tag.Value, "`")))] = text
			}
		}
		return false
	})
	return comments
}
