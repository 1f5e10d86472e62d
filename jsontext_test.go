package activitylog_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
)

// TestJSONNumbers tries every short text of the signs that numbers are made of.
func TestJSONNumbers(t *testing.T) {
	t.Parallel()
	var grow func(s string)
	grow = func(s string) {
		if s != "" {
			e := activitylog.Event{Metadata: map[string]any{"n": json.Number(s)}}
			want := `{"schema":1,"metadata":{"n":` + s + `}}`
			if !json.Valid([]byte(s)) {
				want = `{"schema":1,"metadata":{"n":"` + s + `"}}`
			}
			if got := string(e.AppendJSON(nil)); got != want {
				t.Errorf("%s: got %s", s, got)
			}
		}
		if len(s) < 6 {
			for _, c := range "017+-.eE" {
				grow(s + string(c))
			}
		}
	}
	grow("")
}

// TestJSONTextAtEveryPlace puts each byte that JSON treats in a way of its own, and its neighbours, at every place of a
// text: it is looked at in pieces of eight bytes.
func TestJSONTextAtEveryPlace(t *testing.T) {
	t.Parallel()
	special := []string{"\x00", "\x1f", " ", "!", `"`, "#", "[", `\`, "]", "~", "\x7f", "\n", "é", "\xff", "\U0010FFFF"}
	for n := range 20 {
		for _, c := range special {
			text := strings.Repeat("a", n) + c + strings.Repeat("b", 19-n)
			var back struct{ Message string }
			got := (&activitylog.Event{Message: text}).AppendJSON(nil)
			if err := json.Unmarshal(got, &back); err != nil || back.Message != strings.ToValidUTF8(text, "\uFFFD") {
				t.Errorf("%q became %s, %v", text, got, err)
			}
		}
	}
}
