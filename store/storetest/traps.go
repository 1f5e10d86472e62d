package storetest

import (
	"encoding/json"

	"github.com/activitylog/activitylog"
)

// object is a JSON object.
type object = map[string]any

// valueTraps are about how single values compare.
var valueTraps = []trap{
	{
		name: "wildcards", must: "wildcards and pattern characters of a value are literal",
		events: with(setAll, "a_c", "abc", "a%", "a%c", `a\c`, `a\\c`, "a*", "a?c", "[a]", "A_C"),
		meant: []meaning{
			{`actor:a_c`, "a"}, {`actor:"a%"`, "c"}, {`action:"a%"`, "c"}, {`action:"a%c"`, "d"}, {`target:a_c`, "a"},
			{`target."a%":"a%"`, "c"}, {`label.k:"a\\c"`, "e"}, {`label.a_c:*`, "a"}, {`meta.k:"a\\\\c"`, "f"},
			{`meta."a%c":*`, "d"}, {`meta.a_c:a_c`, "a"}, {`project:"a*"`, "g"}, {`request:"a?c"`, "h"},
			{`session:"[a]"`, "i"},
			{`acted:"%"`, ""}, {`category:"___"`, ""}, {`correlation:"*"`, ""},
		},
	},
	{
		name: "case of values", must: "values compare byte for byte: case, accents, spaces and Unicode forms all count",
		events: with(setAll, "auth", "AUTH", "Auth", "auth ", " auth", "\u00e9", "e\u0301", "e", "ß", "ss", "i", "İ"),
		meant: []meaning{
			{`actor:auth`, "a"}, {`action:AUTH`, "b"}, {`category:Auth`, "c"}, {`project:"auth "`, "d"},
			{`target:" auth"`, "e"},
			{"label.k:\"\u00e9\"", "f"}, {"meta.k:\"e\u0301\"", "g"}, {`label.E:*`, ""}, {`label.e:*`, "h"},
			{`meta.ß:*`, "i"},
			{`session:SS`, ""}, {`request:İ`, "l"}, {`outcome:AUTH`, "b"}, {`severity:Auth`, "c"}, {`model:auth`, "a"},
			{`actor_type:auth`, "a"}, {`provider:AUTH`, "b"}, {`correlation:Auth,e`, "ch"},
		},
	},
	{
		name: "prefix of actions",
		must: "ActionUnder means the prefix itself and what continues it after a dot, whatever the collation",
		events: with(setAction, "ai", "ai.x", "ai.x.y", "ai-x", "ai/x", "aix", "AI.x", "ai.", "ai.é", "ai.\U0010ffff",
			"ai\u0301.x", "a_.x", "a%.x", "b.ai.x"),
		meant: []meaning{
			{`action:ai.*`, "abchij"}, {`action:ai.x.*`, "bc"}, {`action:"ai.".*`, "h"}, {`action:a_.*`, "l"},
			{`action:"a%".*`, "m"},
			{`action:AI.*`, "g"}, {`action:"".*`, ""}, {"action:\"ai.\U0010ffff\".*", "j"}, {`action:ai.x.*,b.*`, "bcn"},
			{`action:ai.*,ai.x.*`, "abchij"}, {`action:ai.*,aix`, "abcfhij"},
		},
		built: []builtMeaning{{activitylog.ActionUnder(), ""}},
	},
	{
		name: "keys of metadata", must: "a dot in the key of MetaIs goes into nested objects, the longest literal key wins, " +
			"and nothing else in a key is special",
		events: with(setMetadata,
			object{"a.b": "x"}, object{"a": object{"b": "x"}}, object{"a.b": "y", "a": object{"b": "x"}},
			object{"a": object{"b.c": "x"}}, object{"a.b": object{"c": "x"}}, object{"a": []any{object{"b": "x"}}},
			object{"a": `{"b":"x"}`}, object{"A": object{"B": "x"}},
			object{`q"`: "x", "s'": "x", `b\`: "x", "$": "x", "*": "x", "[0]": "x", "a->b": "x"},
			object{"a": object{"b": nil}}, object{".": "x", "a.": "y", ".a": "z", "": "e"}),
		meant: []meaning{
			{`meta.a.b:x`, "ab"}, {`meta.a.b:y`, "c"}, {`meta.a.b:*`, "abcej"}, {`meta.a.b.c:x`, "de"}, {`meta.a.0:*`, ""},
			{`meta.a.0.b:*`, ""}, {`meta.a:"{\"b\":\"x\"}"`, "bcg"}, {`meta.A.B:x`, "h"}, {`meta.a.B:*`, ""},
			{`meta."q\"":x`, "i"},
			{`meta."s'":x`, "i"}, {`meta."b\\":*`, "i"}, {`meta.$:*`, "i"}, {`meta."*":x`, "i"}, {`meta."[0]":*`, "i"},
			{`meta."a->b":*`, "i"}, {`meta."$.a":*`, ""}, {`meta."%":*`, ""}, {`meta."_":*`, ""}, {`meta.".":*`, "k"},
			{`meta."a.":*`, "k"}, {`meta."":e`, "k"}, {`-meta."":*`, "abcdefghij"}, {`meta.".a":z`, "k"},
		},
	},
	{
		name: "values of metadata",
		must: "strings in metadata compare as they are, all else in its JSON form, digit by digit",
		events: with[any](func(e *activitylog.Event, v any) { e.Metadata = object{"k": v} },
			"1", json.Number("1"), json.Number("1.0"), true, "true", nil, "null", []any{json.Number("1")}, "[1]",
			object{"b": "x", "a": json.Number("1e2")}, "", json.Number("1e400"), json.Number("9007199254740993"),
			json.Number("9007199254740992"), `"q"`, "q", "é\n", []any{}, object{}),
		meant: []meaning{
			{`meta.k:1`, "ab"}, {`meta.k:1.0`, "c"}, {`meta.k:true`, "de"}, {`meta.k:null`, "fg"}, {`meta.k:"[1]"`, "hi"},
			{`meta.k:"{\"a\":1e2,\"b\":\"x\"}"`, "j"}, {`meta.k:""`, "k"}, {`meta.k:1e400`, "l"},
			{`meta.k:9007199254740993`, "m"},
			{`meta.k:"\"q\""`, "o"}, {`meta.k:q`, "p"}, {"meta.k:\"é\n\"", "q"}, {`meta.k:"[]","{}"`, "rs"},
			{`meta.k:*`, "abcdefghijklmnopqrs"}, {`-meta.k:1 -meta.k:*`, ""},
		},
	},
	{
		name: "labels", must: "a label is found by its key and value, and an empty value is a value",
		events: with(setLabels, map[string]string{"a": ""}, map[string]string{"a": "x", "b": "y"}, map[string]string{"a.b": "x"},
			map[string]string{"A": "x"}, nil, map[string]string{`"`: "'", "a=x": "y", "a x": ""}, map[string]string{"": "x"}),
		meant: []meaning{
			{`label.a:*`, "ab"}, {`label.a:""`, "a"}, {`label.a:"",x`, "ab"}, {`label.b:x`, ""}, {`label.a.b:*`, "c"},
			{`label.A:x`, "d"}, {`label."\"":"'"`, "f"}, {`label."a=x":*`, "f"}, {`label."a x":*`, "f"},
			{`-label.a:x`, "acdefg"},
			{`label.a:x label.b:y`, "b"}, {`label.a:x label.b:x`, ""},
		},
		built: []builtMeaning{{activitylog.LabelIs("", "x"), "g"}, {activitylog.LabelIs(""), "g"}},
	},
	{
		name: "unknown values",
		must: "unknown outcomes and severities are kept as given, and unknown severities rank below Info",
		events: with(func(e *activitylog.Event, v string) {
			e.Outcome, e.Severity = activitylog.Outcome(v), activitylog.Severity(v)
		}, "info", "low", "critical", "urgent", "Critical", "", "success"),
		meant: []meaning{
			{`severity:>=info`, "abc"}, {`severity:>=low`, "bc"}, {`severity:>=critical`, "c"}, {`severity:urgent,""`, "df"},
			{`outcome:Critical`, "e"}, {`-outcome:success`, "abcdef"}, {`-severity:>=low`, "adefg"},
		},
		built: []builtMeaning{{activitylog.SeverityAtLeast("urgent"), ""}},
	},
	{
		name: "code in values", must: "a value is data, whatever language it is written in",
		events: with(setAll, `'`, `"`, `'; DROP TABLE events; --`, `\'`, `$1`, `?`, `:x`, `@p`, "`", `${x}`, `%s`, `null`),
		meant: []meaning{
			{`actor:"'"`, "a"}, {`label.k:"\""`, "b"}, {`label."\"":*`, "b"}, {`meta.k:"'; DROP TABLE events; --"`, "c"},
			{`meta."'; DROP TABLE events; --":*`, "c"}, {`action:"\\'"`, "d"}, {`project:$1`, "e"}, {`session:"?"`, "f"},
			{`meta."?":*`, "f"}, {`target.:x:*`, ""}, {`target:":x"`, "g"}, {`request:@p`, "h"}, {"category:\"`\"", "i"},
			{`meta."${x}":*`, "j"}, {`model:"%s"`, "k"}, {`meta.k:null`, "l"}, {`outcome:null`, "l"},
		},
	},
}
