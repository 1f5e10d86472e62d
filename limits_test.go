package activitylog_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// leaves lists the paths of the texts in the JSON form of an event, with ways to get and set them.
func leaves(path string, v any, set func(any), found func(path, text string, set func(any))) {
	switch v := v.(type) {
	case string:
		found(path, v, set)
	case []any:
		for i := range v {
			leaves(fmt.Sprintf("%s[%d]", path, i), v[i], func(x any) { v[i] = x }, found)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			leaves(strings.TrimPrefix(path+"."+k, "."), v[k], func(x any) { v[k] = x }, found)
		}
	}
}

func tree(t *testing.T, e activitylog.Event) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(e.AppendJSON(nil), &m))
	return m
}

func noteOf(e activitylog.Event, path string) (activitylog.Cut, bool) {
	i := slices.IndexFunc(e.Truncated, func(c activitylog.Cut) bool { return c.Path == path })
	if i < 0 {
		return activitylog.Cut{}, false
	}
	return e.Truncated[i], true
}

func cutOf(path, original string) activitylog.Cut {
	sum := sha256.Sum256([]byte(original))
	return activitylog.Cut{Path: path, Bytes: len(original), SHA256: hex.EncodeToString(sum[:])}
}

// TestLimitsOfTexts cuts each text of an event in turn, under the path that it has in the JSON form.
func TestLimitsOfTexts(t *testing.T) {
	t.Parallel()
	full := filled(t, "x")
	full.Truncated, full.Changes[1].Secret = nil, false
	limit := func(path string) int {
		last := path[strings.LastIndex(path, ".")+1:]
		switch {
		case path == "message":
			return 1 << 10
		case slices.Contains([]string{"name", "email", "url", "reason", "route", "user_agent", "path"}, last):
			return 512
		case strings.HasPrefix(path, "changes"):
			return 4 << 10
		}
		return 256
	}
	skip := []string{"id", "time", "recorded", "org", "project", "category", "action", "completes", "expires", "leaf", "opening", "client.ip"}
	var paths []string
	leaves("", tree(t, full), nil, func(path, _ string, _ func(any)) {
		if !slices.Contains(skip, path) && !strings.HasPrefix(path, "metadata") {
			paths = append(paths, path)
		}
	})
	if len(paths) < 80 {
		t.Fatalf("only %d texts: %v", len(paths), paths)
	}
	l := newLog(t, nil)
	for _, path := range paths {
		for over := -1; over <= 1; over++ {
			text := strings.Repeat("é", (limit(path)+over)/2) + strings.Repeat("x", (limit(path)+over)%2)
			m := tree(t, full)
			leaves("", m, nil, func(p, _ string, set func(any)) {
				if p == path {
					set(text)
				}
			})
			b, err := json.Marshal(m)
			require.NoError(t, err)
			var e activitylog.Event
			require.NoError(t, json.Unmarshal(b, &e))
			e.ID = activitylog.Event{}.ID
			got := stored(t, l, e)
			var kept string
			leaves("", tree(t, got), nil, func(p, text string, _ func(any)) {
				if p == path {
					kept = text
				}
			})
			note, cut := noteOf(got, path)
			if over <= 0 {
				if kept != text || len(got.Truncated) != 0 {
					t.Errorf("%s of %d bytes was cut: %v", path, len(text), got.Truncated)
				}
				continue
			}
			if !cut || note != cutOf(path, text) || len(got.Truncated) != 1 {
				t.Errorf("%s of %d bytes: notes %v", path, len(text), got.Truncated)
			}
			if len(kept) > limit(path) || len(kept) < limit(path)-30 || !utf8.ValidString(kept) || !strings.Contains(kept, "é…") {
				t.Errorf("%s of %d bytes was cut to %d: …%s", path, len(text), len(kept), kept[max(0, len(kept)-30):])
			}
		}
	}
}

// Identifiers that begin alike stay apart.
func TestCutIdentifiersDiffer(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, end := range []string{"a", "b"} {
		e := cleaned(t, event(func(e *activitylog.Event) { e.Actor.ID = strings.Repeat("x", 300) + end }))
		ids = append(ids, e.Actor.ID)
	}
	if ids[0] == ids[1] || len(ids[0]) > 256 {
		t.Errorf("got %q and %q", ids[0], ids[1])
	}
}

func TestLimitsOfLists(t *testing.T) {
	t.Parallel()
	texts := func(n int) []string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprint("x", i))
		}
		return list
	}
	tests := []struct {
		path  string
		limit int
		set   func(e *activitylog.Event, n int)
		kept  func(e *activitylog.Event) int
	}{
		{"actor.roles", 32, func(e *activitylog.Event, n int) { e.Actor.Roles = texts(n) }, func(e *activitylog.Event) int { return len(e.Actor.Roles) }},
		{"client.forwarded", 32, func(e *activitylog.Event, n int) { e.Client.Forwarded = texts(n) },
			func(e *activitylog.Event) int { return len(e.Client.Forwarded) }},
		{"ai.tool_names", 32, func(e *activitylog.Event, n int) { e.AI = &activitylog.AIUsage{ToolNames: texts(n)} },
			func(e *activitylog.Event) int { return len(e.AI.ToolNames) }},
		{"on_behalf_of", 8, func(e *activitylog.Event, n int) { e.OnBehalfOf = make([]activitylog.Delegation, n) },
			func(e *activitylog.Event) int { return len(e.OnBehalfOf) }},
		{"targets", 32, func(e *activitylog.Event, n int) { e.Targets = make([]activitylog.Target, n) }, func(e *activitylog.Event) int { return len(e.Targets) }},
		{"changes", 64, func(e *activitylog.Event, n int) { e.Changes = make([]activitylog.Change, n) }, func(e *activitylog.Event) int { return len(e.Changes) }},
		{"labels", 16, func(e *activitylog.Event, n int) {
			e.Labels = map[string]string{}
			for _, s := range texts(n) {
				e.Labels[s] = s
			}
		}, func(e *activitylog.Event) int { return len(e.Labels) }},
	}
	for _, tt := range tests {
		for _, n := range []int{tt.limit - 1, tt.limit, tt.limit + 1, 10 * tt.limit} {
			e := event()
			tt.set(&e, n)
			before := tree(t, e)
			got := cleaned(t, e)
			if kept := tt.kept(&got); kept != min(n, tt.limit) {
				t.Errorf("%s: kept %d of %d", tt.path, kept, n)
			}
			note, cut := noteOf(got, tt.path)
			if cut != (n > tt.limit) || cut && (note.Bytes < n || len(note.SHA256) != 64) {
				t.Errorf("%s of %d: notes %v", tt.path, n, got.Truncated)
			}
			if fmt.Sprint(tree(t, e)) != fmt.Sprint(before) {
				t.Errorf("%s: cutting changed the caller's list", tt.path)
			}
		}
	}
}

func TestLongLabelKey(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 300)
	e := cleaned(t, event(func(e *activitylog.Event) { e.Labels = map[string]string{long: long, long + "2": "v"} }))
	if len(e.Labels) != 2 || len(e.Truncated) != 3 {
		t.Errorf("labels %v, notes %v", e.Labels, e.Truncated)
	}
	for k, v := range e.Labels {
		if len(k) > 256 || len(v) > 256 {
			t.Errorf("label %s has value %s", k, v)
		}
	}
	for _, c := range e.Truncated {
		if len(c.Path) > 300 {
			t.Errorf("note of a path of %d bytes", len(c.Path))
		}
	}
}

// A retry with the original, and an import of what was stored, are both the same event.
func TestCutEventsCanBeRepeated(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	long := strings.Repeat("long ", 4000)
	e := filled(t, long)
	e.Org, e.Project, e.Category, e.Action, e.Truncated = "acme", "p", "c", "project.create", nil
	e.Labels = map[string]string{long: long, long + "2": long}
	for range 80 {
		e.Changes = append(e.Changes, activitylog.Change{Path: long, Old: long, New: []any{long}})
		e.Targets = append(e.Targets, activitylog.Target{ID: long, Name: long})
		e.Metadata[fmt.Sprint("k", len(e.Targets))] = long
	}
	first := stored(t, l, e)
	if len(first.Truncated) < 50 {
		t.Errorf("only %d notes", len(first.Truncated))
	}
	for name, again := range map[string]activitylog.Event{"original": e, "stored": first} {
		if _, err := l.Record(t.Context(), again); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOwnLimits(t *testing.T) {
	t.Parallel()
	l := newLog(t, &activitylog.Options{Limits: activitylog.Limits{ID: 64, Name: 70, Message: 80, Metadata: 90, ChangeValue: 100, Changes: 1, Targets: 1, Labels: 1}})
	e := filled(t, strings.Repeat("y", 100))
	e.Org, e.Project, e.Category, e.Action = "acme", "p", "c", "project.create"
	e.Changes = []activitylog.Change{{New: strings.Repeat("y", 101)}, {New: 1}}
	got := stored(t, l, e)
	if len(got.Actor.ID) > 64 || len(got.Actor.Name) > 70 || len(got.Message) > 80 || len(got.Changes[0].New.(string)) > 100 ||
		len(got.Changes) != 1 || len(got.Targets) != 1 || len(got.Labels) != 1 {
		t.Errorf("got %s", got.AppendJSON(nil))
	}
	if b, _ := json.Marshal(got.Metadata); len(b) > 90 {
		t.Errorf("metadata of %d bytes: %s", len(b), b)
	}
}
