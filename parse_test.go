package activitylog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
)

func TestParseFilter(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", ""},
		{" \t\n ", ""},
		{"()", ""},
		{"-()", "-()"},
		{"actor:alice", "actor:alice"},
		{"ACTOR:Alice", "actor:Alice"},
		{"actor:alice category:auth -outcome:success login", "actor:alice category:auth -outcome:success login"},
		{"actor:a actor:b", "actor:a,b"},
		{"actor:a project:p actor:b,c", "actor:a,b,c project:p"},
		{"actor:a (actor:b)", "actor:a (actor:b)"},
		{"(actor:a) actor:b", "actor:a (actor:b)"},
		{"actor:a -actor:b", "actor:a -actor:b"},
		{"actor:a or actor:b", "(actor:a or actor:b)"},
		{"actor:a project:p or actor:b", "((actor:a project:p) or actor:b)"},
		{"(a or b) c", "(a or b) c"},
		{"a OR b", "(a or b)"},
		{"a (b c)", "a b c"},
		{"--a", "a"},
		{"-(-a)", "a"},
		{"-(a b)", "-(a b)"},
		{`user:x who:y`, "actor:x,y"},
		{"acted:a impersonated:b authority:c", "acted:a impersonated:b authority:c"},
		{`project:""`, `project:""`},
		{`project:"a b","c\"d","e\\f"`, `project:"a b","c\"d","e\\f"`},
		{"action:ai.message.*", "action:ai.message.*"},
		{"action:a.*,b.*", "action:a.*,b.*"},
		{"action:a,b.*", "(action:a or action:b.*)"},
		{`action:"a.*"`, `action:"a.*"`},
		{`action:"a b".*`, `action:"a b".*`},
		{"model:gpt.*", `model:"gpt.*"`},
		{"label.env:prod", "label.env:prod"},
		{"label.env:*", "label.env:*"},
		{`label.env:"*"`, `label.env:"*"`},
		{`label."a b":c`, `label."a b":c`},
		{`label."":c`, `label."":c`},
		{"meta.a.b:1.5", "meta.a.b:1.5"},
		{"metadata.x:y", "meta.x:y"},
		{"target:t1", "target:t1"},
		{"target:*", "target:*"},
		{"target.channel:c1", "target.channel:c1"},
		{"target.channel:*", "target.channel:*"},
		{"ip:192.0.2.7", "ip:192.0.2.7"},
		{"ip:192.0.2.7/24,2001:db8::/32", "ip:192.0.2.0/24,2001:db8::/32"},
		{"ip:::ffff:192.0.2.1", "ip:192.0.2.1"},
		{"ip:10.0.0.1 ip:10.0.0.2", "ip:10.0.0.1,10.0.0.2"},
		{"severity:high,low", "severity:high,low"},
		{"severity:>=high", "severity:>=high"},
		{"severity:>=HIGH", "severity:>=high"},
		{`severity:">=high"`, `severity:">=high"`},
		{"id:00000000-0001-7000-8000-00000000000A", "id:00000000-0001-7000-8000-00000000000a"},
		{"id:{00000000-0001-7000-8000-00000000000a}", "id:00000000-0001-7000-8000-00000000000a"},
		{"since:2026-01-31", "time:>=2026-01-31T00:00:00Z"},
		{"before:2026-01-31", "time:<2026-01-31T00:00:00Z"},
		{"until:2026-01-31", "time:<2026-01-31T00:00:00Z"},
		{"time:2026-01-31", "time:>=2026-01-31T00:00:00Z time:<2026-02-01T00:00:00Z"},
		{"at:2026-01-31T15:04:05.5+02:00", "time:>=2026-01-31T13:04:05.5Z time:<2026-01-31T13:04:05.500001Z"},
		{"time:2026-01-01..2026-01-31", "time:>=2026-01-01T00:00:00Z time:<2026-02-01T00:00:00Z"},
		{"time:2026-01-01T00:00:00Z..2026-01-02T00:00:00Z", "time:>=2026-01-01T00:00:00Z time:<2026-01-02T00:00:00Z"},
		{"time:>2026-01-31", "time:>=2026-02-01T00:00:00Z"},
		{"time:<=2026-01-31", "time:<2026-02-01T00:00:00Z"},
		{"time:>2026-01-31T00:00:00Z", "time:>=2026-01-31T00:00:00.000001Z"},
		{"recorded:<2026-01-31", "recorded:<2026-01-31T00:00:00Z"},
		{"cost:>=0.25", "cost:>=0.25"},
		{"cost:>0.25", "cost:>=0.250001"},
		{"cost:<1", "cost:<1"},
		{"cost:>=-0", "cost:>=0"},
		{"cost:>=-0.000001", "cost:>=-0.000001"},
		{"cost:<=-1.5", "cost:<-1.499999"},
		{"cost:2", "cost:>=2 cost:<2.000001"},
		{"cost:1..2", "cost:>=1 cost:<2.000001"},
		{"cost:1,3", "((cost:>=1 cost:<1.000001) or (cost:>=3 cost:<3.000001))"},
		{"cost:<=9223372036854.775807", "cost:<9223372036854.775807"},
		{"cost:>=-9223372036854.775808", "cost:>=-9223372036854.775808"},
		{`"free text"`, `"free text"`},
		{`"free text"*`, "free.text"},
		{`"Free"`, `"free"`},
		{"free text", "free text"},
		{"foo-bar", "foo.bar"},
		{`"or"`, `"or"`},
		{`"or"*`, `"or"*`},
		{"order", "order"},
		{"Café", "cafe"},
		{"12:30", "12.30"},
		{"a.b:c", "a.b.c"},
		{`""`, ""},
		{`-""`, "-()"},
		{`foo"bar baz"`, `foo "bar baz"`},
	}
	for _, tt := range tests {
		f, err := activitylog.ParseFilter(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if got := f.String(); got != tt.want {
			t.Errorf("%q reads as %q, want %q", tt.text, got, tt.want)
		}
		again, err := activitylog.ParseFilter(f.String())
		if err != nil || again.String() != tt.want {
			t.Errorf("%q: its text %q reads as %q, %v", tt.text, f, again, err)
		}
	}
}

func TestParseFilterErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		pos  int
		want string
	}{
		{"actr:alice", 0, "did you mean actor:?"},
		{"x AKTOR:alice", 2, "did you mean actor:?"},
		{"categroy:auth", 0, "did you mean category:?"},
		{"http://example.org", 0, `there is no field "http"; quote it to search for the text`},
		{"xyzzy:1", 0, "quote it to search"},
		{"actor:", 6, `a value is missing; write "" for the empty one`},
		{"actor: alice", 6, "a value is missing"},
		{"actor:a,", 8, "a value is missing"},
		{"actor:a, b", 8, "a value is missing"},
		{"actor:)", 6, "a value is missing"},
		{"(actor:a", 0, "this bracket is not closed"},
		{"a (b (c)", 2, "this bracket is not closed"},
		{"actor:a)", 7, "this bracket closes nothing"},
		{")", 0, "this bracket closes nothing"},
		{`project:"a`, 8, "this quote is not closed"},
		{`"a`, 0, "this quote is not closed"},
		{`a"b`, 1, "this quote is not closed"},
		{`"a\"`, 0, "this quote is not closed"},
		{"or", 0, `"or" needs a term on both sides`},
		{"a or", 4, `"or" needs a term on both sides`},
		{"or a", 0, `"or" needs a term on both sides`},
		{"a or or b", 4, `"or" needs a term on both sides`},
		{"(or)", 1, `"or" needs a term on both sides`},
		{"a -", 2, `"-" needs a term behind it`},
		{"- a", 0, `"-" needs a term behind it`},
		{"(-)", 1, `"-" needs a term behind it`},
		{"label:x", 5, "write label.KEY:VALUE"},
		{"meta:x", 4, "write meta.KEY:VALUE"},
		{"ip:1.2.3", 3, `"1.2.3" is no IP address or network like 192.0.2.0/24`},
		{"ip:1.2.3.4/33", 3, "is no IP address or network"},
		{"ip:10.0.0.1,x", 12, `"x" is no IP address`},
		{"id:1", 3, `"1" is no event id`},
		{"severity:>=urgent", 9, "write severity:>= and one of info, low, medium, high, critical"},
		{"severity:>=low,high", 9, "write severity:>= and one of"},
		{"actor:*", 6, `"*" stands alone behind label.KEY, meta.KEY or target`},
		{"label.a:*,b", 8, `"*" stands alone`},
		{"since:yesterday", 6, "write since: with a value like 2026-01-31"},
		{"before:>=2026-01-31", 7, "write before: with a value like 2026-01-31"},
		{"time:2026-13-01", 5, "write time: with >=, >, <, <= or a..b and a value like 2026-01-31"},
		{"time:2026-01-01..", 5, "write time:"},
		{"cost:cheap", 5, "write cost: with >=, >, <, <= or a..b and a value like 0.25"},
		{"cost:1.1234567", 5, "write cost:"},
		{"cost:9223372036854.775808", 5, "write cost:"},
		{"cost:1e3", 5, "write cost:"},
		{"cost:+1", 5, "write cost:"},
		{"cost:.5", 5, "write cost:"},
		{strings.Repeat("(", 40), 33, "brackets are nested deeper than 32"},
		{strings.Repeat("-", 40) + "a", 33, "nested deeper than 32"},
		{strings.Repeat("x", 20_000), 16 << 10, "the text is longer than 16384 bytes"},
		{"\x00\xff\x00\xff actr:x", 5, "did you mean actor:?"},
	}
	for _, tt := range tests {
		f, err := activitylog.ParseFilter(tt.text)
		var syntax *activitylog.SyntaxError
		if !errors.As(err, &syntax) || !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("%q reads as %q, %v, want a SyntaxError", tt.text, f, err)
			continue
		}
		if syntax.Pos != tt.pos || !strings.Contains(syntax.Text, tt.want) {
			t.Errorf("%q: at %d: %s; want at %d: %s", tt.text, syntax.Pos, syntax.Text, tt.pos, tt.want)
		}
		if !strings.Contains(err.Error(), syntax.Text) {
			t.Errorf("%q: the error %q hides its text", tt.text, err)
		}
	}
}
