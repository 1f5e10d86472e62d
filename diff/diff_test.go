package diff_test

import (
	"errors"
	"fmt"
	"log"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/diff"
	"github.com/stretchr/testify/require"
)

type audit struct {
	UpdatedBy string `activity:"track"`
}

type address struct {
	City   string `activity:"track"`
	Street string
}

type member struct {
	ID   string    `activity:"track"`
	Role string    `activity:"track"`
	Key  string    `activity:"secret"`
	Seen time.Time `activity:"-"`
}

type project struct {
	audit
	Name     string            `activity:"track" json:"title,omitempty"`
	PlanID   int               `activity:"track,name=plan"`
	HTTPPort *int              `activity:"track"`
	APIKey   string            `activity:"secret"`
	Roles    []string          `activity:"track"`
	Members  []member          `activity:"track"`
	Home     address           `activity:"track"`
	Office   *address          `activity:"track"`
	Env      map[string]any    `activity:"track"`
	By       map[string]member `activity:"track"`
	Due      time.Time         `activity:"track"`
	Budget   *big.Int          `activity:"track"`
	Net      netip.Prefix      `activity:"track"`
	Any      any               `activity:"track"`
	Data     []byte            `activity:"track"`
	Updated  time.Time         `activity:"-"`
	Notes    string            // untagged: never looked at
	cache    string
}

type changes = []activitylog.Change

func TestOf(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	port := func(n int) *int { return &n }
	tests := []struct {
		name          string
		before, after project
		want          changes
	}{
		{"nothing", project{Name: "a"}, project{Name: "a"}, nil},
		{"what is not tracked", project{}, project{Updated: noon, Notes: "x", cache: "y", Home: address{Street: "z"}}, nil},
		{"field, by its JSON name", project{Name: "a"}, project{Name: "b"}, changes{{Path: "title", Old: "a", New: "b"}}},
		{"field, by its name in the tag", project{PlanID: 1}, project{PlanID: 2}, changes{{Path: "plan", Old: 1, New: 2}}},
		{"emptied", project{Name: "a"}, project{}, changes{{Path: "title", Old: "a", New: ""}}},
		{"pointer set", project{}, project{HTTPPort: port(80)}, changes{{Path: "http_port", New: 80}}},
		{"pointer to the same", project{HTTPPort: port(80)}, project{HTTPPort: port(80)}, nil},
		{"pointer taken away", project{HTTPPort: port(80)}, project{}, changes{{Path: "http_port", Old: 80}}},
		{"secret set", project{}, project{APIKey: "k1"}, changes{{Path: "api_key", New: "[secret]", Secret: true}}},
		{"secret changed", project{APIKey: "k1"}, project{APIKey: "k2"}, changes{{Path: "api_key", Old: "[secret]", New: "[secret]", Secret: true}}},
		{"embedded", project{}, project{audit: audit{"ana"}}, changes{{Path: "updated_by", Old: "", New: "ana"}}},
		{"members added and removed", project{Roles: []string{"a", "b", "b"}}, project{Roles: []string{"b", "c", "a"}},
			changes{{Path: "roles", Old: []any{"b"}, New: []any{"c"}}}},
		{"members in another order", project{Roles: []string{"a", "b"}}, project{Roles: []string{"b", "a"}}, nil},
		{"first members", project{}, project{Roles: []string{"a"}}, changes{{Path: "roles", New: []any{"a"}}}},
		{"structs as members, without their secrets", project{Members: []member{{ID: "u1", Role: "a", Key: "k"}}},
			project{Members: []member{{ID: "u1", Role: "b", Key: "k", Seen: noon}}},
			changes{{Path: "members", Old: []any{map[string]any{"id": "u1", "role": "a", "key": "[secret]"}},
				New: []any{map[string]any{"id": "u1", "role": "b", "key": "[secret]"}}}}},
		{"members that differ in what is ignored", project{Members: []member{{ID: "u1"}}}, project{Members: []member{{ID: "u1", Seen: noon}}}, nil},
		{"struct within", project{Home: address{City: "Rome"}}, project{Home: address{City: "Oslo"}}, changes{{Path: "home.city", Old: "Rome", New: "Oslo"}}},
		{"struct behind a pointer", project{}, project{Office: &address{City: "Oslo"}}, changes{{Path: "office.city", New: "Oslo"}}},
		{"keys of a map", project{Env: map[string]any{"a": 1, "b": 2, "c": 3}}, project{Env: map[string]any{"b": 2, "c": "3", "d": nil}},
			changes{{Path: "env.a", Old: 1}, {Path: "env.c", Old: 3, New: "3"}}},
		{"map of structs", project{}, project{By: map[string]member{"x": {ID: "u1", Key: "k"}}},
			changes{{Path: "by.x", New: map[string]any{"id": "u1", "key": "[secret]"}}}},
		{"time in another zone", project{Due: noon}, project{Due: noon.In(time.FixedZone("x", 3600))}, nil},
		{"time", project{Due: noon}, project{Due: noon.Add(1)}, changes{{Path: "due", Old: noon, New: noon.Add(1)}}},
		{"type with a text form", project{Budget: big.NewInt(5)}, project{Budget: big.NewInt(6)}, changes{{Path: "budget", Old: big.NewInt(5), New: big.NewInt(6)}}},
		{"prefix", project{}, project{Net: netip.MustParsePrefix("10.0.0.0/8")}, changes{{Path: "net", Old: netip.Prefix{}, New: netip.MustParsePrefix("10.0.0.0/8")}}},
		{"interface", project{Any: 1}, project{Any: int64(1)}, changes{{Path: "any", Old: 1, New: int64(1)}}},
		{"struct in an interface, without its secrets", project{}, project{Any: member{ID: "u1", Key: "k"}},
			changes{{Path: "any", New: map[string]any{"id": "u1", "key": "[secret]"}}}},
		{"bytes as a whole", project{Data: []byte("a")}, project{Data: []byte("b")}, changes{{Path: "data", Old: []byte("a"), New: []byte("b")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := diff.Of(tt.before, tt.after)
			require.NoError(t, err)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestCreationAndDeletion(t *testing.T) {
	t.Parallel()
	p := &project{Name: "a", APIKey: "k", Home: address{City: "Rome"}}
	created, err := diff.Of(nil, p)
	require.NoError(t, err)
	require.Equal(t, changes{{Path: "title", New: "a"}, {Path: "api_key", New: "[secret]", Secret: true}, {Path: "home.city", New: "Rome"}}, created)
	deleted, err := diff.Of(p, nil)
	require.NoError(t, err)
	require.Equal(t, changes{{Path: "title", Old: "a"}, {Path: "api_key", Old: "[secret]", Secret: true}, {Path: "home.city", Old: "Rome"}}, deleted)
}

type node struct {
	Next *node `activity:"track"`
	N    int   `activity:"track"`
}

func TestStructThatHoldsItself(t *testing.T) {
	t.Parallel()
	got, err := diff.Of(node{Next: &node{N: 1}}, node{Next: &node{N: 2}})
	require.NoError(t, err)
	require.Equal(t, changes{{Path: "next.n", Old: 1, New: 2}}, got)
	loop := &node{}
	loop.Next = loop
	if _, err := diff.Of(loop, &node{}); !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), "16 deep") {
		t.Errorf("got %v", err)
	}
	if err := diff.Check[node](); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	type list struct {
		In []map[string]*address `activity:"track"`
	}
	type wrong struct {
		A string `activity:"tracked"`
		B string `activity:"track,named=x"`
		C string `activity:"-,name=x"`
	}
	tests := []struct {
		name string
		err  error
		want []string // empty: nothing is wrong
	}{
		{"complete", diff.Check[*member](), nil},
		{"untagged", diff.Check[address](), []string{"address.Street has no tag"}},
		{"untagged within", diff.Check[project](), []string{"project.Notes has no tag", "address.Street has no tag"}},
		{"untagged in lists and maps", diff.Check[list](), []string{"address.Street has no tag"}},
		{"wrong tags", diff.Check[wrong](), []string{`tag "tracked"; use track, secret or -`, `tag "track,named=x"; only name=`, `tag "-,name=x"`}},
		{"no struct", diff.Check[int](), []string{"int is no struct"}},
		{"compared as a whole", diff.Check[time.Time](), []string{"time.Time is no struct"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if (tt.err == nil) != (tt.want == nil) || tt.err != nil && !errors.Is(tt.err, activitylog.ErrInvalid) {
				t.Fatalf("got %v", tt.err)
			}
			for _, want := range tt.want {
				if !strings.Contains(tt.err.Error(), want) {
					t.Errorf("got %v, want it to say %s", tt.err, want)
				}
			}
		})
	}
	if _, err := diff.Of(wrong{}, wrong{}); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("wrong tags passed: %v", err)
	}
	if _, err := diff.Of(1, 2); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("numbers passed: %v", err)
	}
}

func Example() {
	type Project struct {
		Name    string    `activity:"track"`
		Members []string  `activity:"track"`
		APIKey  string    `activity:"secret"`
		Updated time.Time `activity:"-"`
	}
	before := Project{Name: "Website", Members: []string{"ana", "leo"}, APIKey: "k1"}
	after := Project{Name: "Web", Members: []string{"ana", "mia"}, APIKey: "k2", Updated: time.Now()}
	changes, err := diff.Of(before, after)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range changes {
		fmt.Println(c.Path, c.Old, c.New)
	}
	// Output:
	// name Website Web
	// members [leo] [mia]
	// api_key [secret] [secret]
}

// TestLongLists holds that comparing long lists takes no longer than reading them.
func TestLongLists(t *testing.T) {
	t.Parallel()
	type list struct {
		IDs []string `activity:"track"`
	}
	var before, after list
	for i := range 200_000 {
		before.IDs, after.IDs = append(before.IDs, fmt.Sprint("a", i)), append(after.IDs, fmt.Sprint("b", i))
	}
	after.IDs[7] = "a7"
	begun := time.Now()
	changes, err := diff.Of(before, after)
	require.NoError(t, err)
	if d := time.Since(begun); d > 20*time.Second { // a fifth of a second on an idle machine; an hour if quadratic
		t.Errorf("took %s", d)
	}
	if len(changes) != 1 || len(changes[0].Old.([]any)) != 199_999 || len(changes[0].New.([]any)) != 199_999 {
		t.Errorf("%d changes", len(changes))
	}
}
