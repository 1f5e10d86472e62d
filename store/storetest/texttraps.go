package storetest

import (
	"net/netip"
	"strings"

	"github.com/activitylog/activitylog"
)

// textTraps are about free text. Searches that the text form of a filter would read otherwise are built.
var textTraps = []trap{
	{
		name: "text/case and accents", must: "in free text case and accents do not matter, in whatever script",
		events: with(setMessage, "Die Straße", "STRASSE", "strasse", "naïve café", "NAI\u0308VE", "İstanbul", "istanbul ISTANBUL",
			"ΟΔΟΣ", "οδός", "СИЛА", "Ångström", "ﬁle", "Ⅳ"),
		meant: []meaning{
			{`strasse`, "abc"}, {`STRASSE`, "abc"}, {`straße`, "abc"}, {`Naive`, "de"}, {`CAFE`, "d"},
			{`istanbul`, "fg"}, {`İSTANBUL`, "fg"},
			{`οδος`, "hi"}, {`ΟΔΌΣ`, "hi"}, {`сила`, "j"}, {`angstrom`, "k"}, {`file`, "l"}, {`iv`, "m"},
			{`"naïve cafe"`, "d"},
		},
	},
	{
		name: "text/words",
		must: "in free text each word may go on but begins at a word; a quoted phrase stands word for word within one field",
		events: each(saying("alpha beta gamma"), saying("alphabet soup"), saying("beta alpha"), saying("alpha, beta; gamma!"),
			saying("xalpha beta"), saying("alpha gamma beta"),
			func(e *activitylog.Event) { e.Message, e.Action = "alpha", "beta.gamma" },
			saying("alpha\nbeta"), saying("alpha betas")),
		meant: []meaning{
			{`alpha`, "abcdfghi"}, {`lpha`, ""}, {`alpha beta`, "acdfghi"}, {`"alpha beta"`, "adh"}, {`"alpha"`, "acdfghi"},
			{`"beta gamma"`, "adg"}, {`alpha.be`, "adhi"}, {`gam "alpha"`, "adfg"}, {`"bet"`, ""},
			{`alphabets`, ""}, {`"alpha bet"*`, "adhi"},
		},
	},
	{
		name: "text/special characters",
		must: "no character of a search is special but the quote: wildcards and operators of an index are text",
		events: with(setMessage, "100% sure", "1000 sure", "snake_case", "snakeXcase", "cats AND dogs OR birds NOT near", "cats dogs",
			"c++ col:val -minus ^caret", "o'neil said \"hi\"", "a*b (xx) {y} [z]", `back\slash`),
		built: []builtMeaning{
			{activitylog.Text(`"100%"`), "a"}, {activitylog.Text("100%"), "ab"}, {activitylog.Text("snake_case"), "c"},
			{activitylog.Text("snake%case"), "c"}, {activitylog.Text("cats AND dogs"), "e"}, {activitylog.Text("OR"), "e"},
			{activitylog.Text(`"not near"`), "e"}, {activitylog.Text("NOT cats"), "e"}, {activitylog.Text("NEAR"), "e"},
			{activitylog.Text("col:val"), "g"}, {activitylog.Text("-minus"), "g"}, {activitylog.Text("minus*"), "g"},
			{activitylog.Text("^caret"), "g"}, {activitylog.Text("o'neil"), "h"}, {activitylog.Text(`"o'neil said`), "h"},
			{activitylog.Text("a*b"), "i"}, {activitylog.Text("(xx)"), "i"}, {activitylog.Text(`back\sl`), "j"},
			{activitylog.Text("%"), "abcdefghij"}, {activitylog.Text("'; DROP"), ""},
		},
	},
	{
		name: "text/scripts without spaces", must: "each ideograph is a word of free text",
		events: with(setMessage, "日本語のログ", "日本", "本日", "東京都 日本語", "한국어 로그", "東 京 都", "ログイン", "ガ", "ระบบ"),
		meant: []meaning{
			{`日本`, "abd"}, {`日`, "abcd"}, {`語`, "ad"}, {`"日本語"`, "ad"}, {`東京`, "df"}, {`한국`, "e"}, {`ログ`, "ag"},
			{`カ`, "h"}, {`ระ`, "i"},
		},
	},
	{
		name: "text/long words", must: "a word counts up to its 64th byte",
		events: with(setMessage, strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("x", 65),
			strings.Repeat("x", 500)+" tail", strings.Repeat("é", 100), strings.Repeat("ж", 100)),
		built: []builtMeaning{
			{activitylog.Text(strings.Repeat("x", 63)), "abcd"}, {activitylog.Text(strings.Repeat("x", 64)), "bcd"},
			{activitylog.Text(strings.Repeat("x", 400)), "bcd"},
			{activitylog.Text(`"` + strings.Repeat("X", 99) + ` tail"`), "d"},
			{activitylog.Text(strings.Repeat("e", 64)), "e"}, {activitylog.Text(strings.Repeat("Ж", 32)), "f"},
			{activitylog.Text(strings.Repeat("Ж", 33)), "f"},
		},
	},
	{
		name: "text/fields", must: "SearchText says where free text looks: in a to p, and nowhere else",
		events: textFields(),
		meant:  []meaning{{`needle`, "abcdefghijklmnop"}, {`"needle"`, "abcdefghijklmnop"}, {`needles`, ""}},
	},
	{
		name: "text/numbers and addresses", must: "numbers, addresses and mails are found in free text by their parts",
		events: each(saying("v1.25 costs 3,50"), func(e *activitylog.Event) { e.Client.IP = netip.MustParseAddr("203.0.113.7") },
			func(e *activitylog.Event) { e.Client.IP = netip.MustParseAddr("2001:db8::7") },
			func(e *activitylog.Event) { e.Actor.Email = "Zoe.Müller+x@Example.COM" }, saying("½ x² ١٢٣")),
		built: []builtMeaning{
			{activitylog.Text("1.25"), ""}, {activitylog.Text("v1.25"), "a"}, {activitylog.Text("3,50"), "a"},
			{activitylog.Text("203.0.113.7"), "b"},
			{activitylog.Text("203.0.11"), "b"}, {activitylog.Text("0.113"), "b"}, {activitylog.Text("2001:db8::7"), "c"},
			{activitylog.Text("zoe.muller"), "d"}, {activitylog.Text("zoe.müller+x@example.com"), "d"},
			{activitylog.Text("x2"), "e"},
			{activitylog.Text("١٢"), "e"},
		},
	},
}

// textFields has the needle in every field that free text looks in, one event each, and last in all others.
func textFields() []activitylog.Event {
	change := func(old, new any) func(e *activitylog.Event) {
		return func(e *activitylog.Event) { e.Changes = []activitylog.Change{{}, {Old: old, New: new}} }
	}
	return each(
		saying("needle"),
		func(e *activitylog.Event) { e.Action = "needle.x" },
		func(e *activitylog.Event) { e.Actor.Name = "a needle" },
		func(e *activitylog.Event) { e.Actor.Email = "needle@x" },
		func(e *activitylog.Event) {
			e.OnBehalfOf = []activitylog.Delegation{{}, {Actor: activitylog.Actor{Name: "needle"}}}
		},
		func(e *activitylog.Event) {
			e.OnBehalfOf = []activitylog.Delegation{{Actor: activitylog.Actor{Email: "x@needle"}}}
		},
		func(e *activitylog.Event) { e.Targets = []activitylog.Target{{}, {Name: "needle"}} },
		func(e *activitylog.Event) { e.Reason = "needle" },
		func(e *activitylog.Event) { e.ErrorCode = "needle" },
		func(e *activitylog.Event) { e.AI = &activitylog.AIUsage{Model: "needle-1"} },
		func(e *activitylog.Event) { e.Metadata = object{"k": "needle"} },
		func(e *activitylog.Event) { e.Metadata = object{"k": []any{object{"j": []any{nil, "needle"}}}} },
		change("needle", nil),
		change(nil, object{"k": "needle"}),
		change(false, []any{"x", "needle"}),
		saying("x needle.y"),
		func(e *activitylog.Event) {
			e.Project, e.Category, e.Outcome, e.Actor.ID, e.Actor.Roles = "needle", "needle", "needle", "needle", []string{"needle"}
			e.Labels = map[string]string{"needle": "needle"}
			e.Targets = []activitylog.Target{{Type: "needle", ID: "needle", URL: "needle"}}
			e.Client.UserAgent, e.Client.Country = "needle", "needle"
			e.Request = activitylog.Request{ID: "needle", Route: "needle"}
			e.Metadata = object{"needle": object{"needle": true}}
			e.Changes = []activitylog.Change{{Path: "needle", New: object{"needle": nil}}}
			e.AI = &activitylog.AIUsage{Provider: "needle", AgentName: "needle"}
		},
	)
}
