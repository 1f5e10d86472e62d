package review_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/review"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "renew docs/events.md")

// TestCatalogue keeps docs/events.md that of the built-in actions.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	const file = "../docs/events.md"
	got := review.Catalogue(activitylog.DefaultCatalog(), &review.CatalogueOptions{
		Title: "Built-in events", Kept: "the host's database", Readers: "whom the host grants it, see package access",
	})
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if got != string(want) {
		t.Errorf("%s is not what the code says; renew it: go test ./review -run Catalogue -update", file)
	}
}

// TestEveryFieldIsDescribed compares the table of fields with the event: each has its JSON name, in order.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	special := map[string]string{"Duration": "duration_us", "ErrorCode": "error_code", "OnBehalfOf": "on_behalf_of", "AI": "ai"}
	var want []string
	typ := reflect.TypeFor[activitylog.Event]()
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		if special[name] == "" {
			special[name] = strings.ToLower(name)
		}
		want = append(want, special[name])
	}
	_, table, _ := strings.Cut(review.Catalogue(&activitylog.Catalog{}, nil), "|---|---|\n")
	var got []string
	for line := range strings.Lines(table) {
		got = append(got, strings.Split(line, "`")[1])
	}
	require.Equal(t, want, got)
}

// TestHostileCatalogue puts into texts what would break a table or a page.
func TestHostileCatalogue(t *testing.T) {
	t.Parallel()
	hostile := "a | b\n| c\r<script>`x`[l](u)\u202e\x1b[2J\u200b *b*"
	c, err := new(activitylog.Catalog).With(activitylog.Action{Name: "x.y", Done: hostile, Category: hostile, Targets: []string{hostile}})
	require.NoError(t, err)
	got := review.Catalogue(c, &review.CatalogueOptions{Title: hostile, Kept: hostile, Readers: hostile, HowLong: func(activitylog.Action) string { return hostile }})
	if strings.ContainsAny(got, "<>\u202e\x1b\u200b\r[*") {
		t.Errorf("%q", got)
	}
	for line := range strings.Lines(got) {
		if n := strings.Count(line, "|"); strings.HasPrefix(line, "| `x.y`") && n != 8 {
			t.Errorf("%d bars in %q", n, line)
		}
	}
}

func ExampleCatalogue() {
	c, _ := new(activitylog.Catalog).With(activitylog.Action{Name: "report.publish", Done: "published {target}", Required: true, Targets: []string{"report"}})
	text := review.Catalogue(c, &review.CatalogueOptions{HowLong: func(activitylog.Action) string { return "400 days" }})
	for line := range strings.Lines(text) {
		if strings.Contains(line, "report.publish") {
			fmt.Print(line)
		}
	}
	// Output:
	// | `report.publish` | published {target} | other | info | yes | report | 400 days |
}
