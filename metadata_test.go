package activitylog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

func withMetadata(m map[string]any) activitylog.Event {
	return event(func(e *activitylog.Event) { e.Metadata = m })
}

// metadataJSON is the JSON form that limits measure.
func metadataJSON(m map[string]any) string {
	e := activitylog.Event{Metadata: m}
	return strings.TrimSuffix(strings.TrimPrefix(string(e.AppendJSON(nil)), `{"schema":1,"metadata":`), "}")
}

func TestLimitOfMetadata(t *testing.T) {
	t.Parallel()
	const limit = 16 << 10
	for over := -1; over <= 1; over++ {
		m := map[string]any{"small": 1, "text": strings.Repeat("x", limit-len(`{"small":1,"text":""}`)+over)}
		whole := metadataJSON(m)
		require.Len(t, whole, limit+over)
		got := cleaned(t, withMetadata(m))
		if over <= 0 {
			if metadataJSON(got.Metadata) != whole || got.Truncated != nil {
				t.Errorf("%d bytes were cut", limit+over)
			}
			continue
		}
		if note, _ := noteOf(got, "metadata"); note != cutOf("metadata", whole) {
			t.Errorf("note %v", got.Truncated)
		}
		text := got.Metadata["text"].(string)
		if n := len(metadataJSON(got.Metadata)); n > limit || n < limit-20 || !strings.HasSuffix(text, "x…[cut]") || got.Metadata["small"] != number("1") {
			t.Errorf("cut to %d bytes", n)
		}
	}
}

// What is over the limit shrinks but stays to be seen.
func TestLargeMetadata(t *testing.T) {
	t.Parallel()
	nested := map[string]any{}
	for i := range 2000 {
		nested[fmt.Sprint("key", i)] = fmt.Sprint("value ", i)
	}
	many := map[string]any{}
	for i := range 10_000 {
		many[fmt.Sprintf("key%05d", i)] = i
	}
	longKeys := map[string]any{}
	for i := range 100 {
		longKeys[strings.Repeat(fmt.Sprint(i), 1000)] = i
	}
	tests := []struct {
		name string
		in   map[string]any
		want []string // in the JSON form of what is kept
	}{
		{"one text", map[string]any{"a": strings.Repeat("x", 100_000), "b": 1}, []string{`"b":1`, `xx…[cut]"`}},
		{"a text of quotes", map[string]any{"a": strings.Repeat(`"`, 20_000), "b": 1}, []string{`"b":1`, `\"\"…[cut]"`}},
		{"a text of control characters", map[string]any{"a": strings.Repeat("\x01", 20_000), "b": 1}, []string{`"b":1`, `\u0001…[cut]"`}},
		{"a nested object", map[string]any{"a": nested, "b": 1}, []string{`"b":1`, `…[cut]"`, `key0`}},
		{"just too large", map[string]any{"a": nested["key1"], "b": strings.Repeat(`\`, 8187)}, []string{`\\…[cut]"`, "value 1"}},
		{"ten thousand keys", many, []string{`"key00000":0`, `more keys"`}},
		{"long keys", longKeys, []string{`more keys"`}},
		{"many texts", map[string]any{"a": strings.Repeat("x", 9000), "b": strings.Repeat("y", 9000), "c": strings.Repeat("z", 9000)},
			[]string{"x…[cut]", "y…[cut]", `"c":"zzz`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole := metadataJSON(tt.in)
			got := cleaned(t, withMetadata(tt.in))
			kept := metadataJSON(got.Metadata)
			if len(kept) > 16<<10 || !json.Valid([]byte(kept)) {
				t.Errorf("kept %d bytes", len(kept))
			}
			for _, want := range tt.want {
				if !strings.Contains(kept, want) {
					t.Errorf("%s is not in %s … %s", want, kept[:min(100, len(kept))], kept[max(0, len(kept)-100):])
				}
			}
			if note, _ := noteOf(got, "metadata"); note != cutOf("metadata", whole) {
				t.Errorf("notes %v", got.Truncated)
			}
		})
	}
}

func TestCountOfKeysThatWentIsRight(t *testing.T) {
	t.Parallel()
	m := map[string]any{}
	for i := range 10_000 {
		m[fmt.Sprintf("key%05d", i)] = i
	}
	e := withMetadata(m)
	for i := range 64 { // so large that the metadata must shrink again
		e.Changes = append(e.Changes, activitylog.Change{Path: strings.Repeat("p", 500), New: strings.Repeat("n", 4000), Old: i})
		e.Targets = append(e.Targets, activitylog.Target{Name: strings.Repeat("n", 500), URL: strings.Repeat("u", 500)})
	}
	got := cleaned(t, e)
	if want := fmt.Sprintf("%d more keys", 10_000-(len(got.Metadata)-1)); got.Metadata["…[cut]"] != want {
		t.Errorf("got %q, want %q", got.Metadata["…[cut]"], want)
	}
}

func deep(n int) any {
	var v any = "bottom"
	for range n {
		v = map[string]any{"d": []any{v}}
	}
	return v
}

func TestDeepMetadata(t *testing.T) {
	t.Parallel()
	for n, whole := range map[int]bool{7: true, 8: false, 1000: false, 100_000: false} {
		got := metadataJSON(cleaned(t, withMetadata(map[string]any{"v": deep(n)})).Metadata)
		if strings.Contains(got, "bottom") != whole || strings.Contains(got, "…[cut: nested too deep]") == whole {
			t.Errorf("%d levels gave %.200s", 2*n+1, got)
		}
	}
}

// A map that holds itself must neither hang nor eat the memory.
func TestMetadataThatHoldsItself(t *testing.T) {
	t.Parallel()
	self := func(n int) map[string]any {
		m := map[string]any{"text": "kept"}
		for i := range n {
			m[fmt.Sprint("self", i)] = m
		}
		return m
	}
	list := make([]any, 100)
	for i := range list {
		list[i] = list
	}
	type node struct{ Next *node }
	ring := &node{}
	ring.Next = ring
	tests := []struct {
		name    string
		in      map[string]any
		refused bool
	}{
		{"once", self(1), false},
		{"three times", self(3), false},
		{"a hundred times", self(100), false},
		{"a list", map[string]any{"list": list}, false},
		{"pointers", map[string]any{"ring": ring}, true}, // encoding/json says so
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t, nil)
			e := withMetadata(tt.in)
			e.ID, e.Time = id(1), noon
			e.Changes = []activitylog.Change{{New: tt.in}}
			start := time.Now()
			for range 2 {
				if _, err := l.Record(t.Context(), e); (err != nil) != tt.refused {
					t.Fatal(err)
				}
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
			for _, e := range all(t, l) {
				if kept := metadataJSON(e.Metadata); len(kept) > 16<<10 || !strings.Contains(kept, "[cut") {
					t.Errorf("kept %.200s", kept)
				}
			}
		})
	}
}
