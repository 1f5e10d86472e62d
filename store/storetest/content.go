package storetest

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

const mustBack = "Scan must yield exactly the events: every field comes back as it was given"

var contentCases = []testCase{
	{name: "content/every field", must: mustBack, run: func(s *subject) {
		full := filled(1)
		s.append(full, sample(0))
		s.holds(list(full, sample(0)))
	}},
	{name: "content/absent fields", must: mustBack + ", also where it is absent", run: func(s *subject) {
		bare := activitylog.Event{ID: id(1), Time: start, Org: "o", Action: "a", Actor: activitylog.Actor{Type: activitylog.System}}
		empty := sample(2, func(e *activitylog.Event) {
			e.AI, e.Labels, e.Metadata = &activitylog.AIUsage{}, map[string]string{"": "", "a": ""}, map[string]any{
				"string": "", "null": nil, "list": []any{}, "object": map[string]any{}, "false": false, "": json.Number("0"),
			}
			e.Changes = []activitylog.Change{{}, {Path: "p", Old: "", New: []any{}}, {Old: map[string]any{}, New: false}}
			e.Targets, e.OnBehalfOf = []activitylog.Target{{}, {Type: "t"}, {}}, []activitylog.Delegation{{}, {}}
			e.Actor.Roles = []string{"", "x", ""}
		})
		zero := sample(3, func(e *activitylog.Event) { e.AI = &activitylog.AIUsage{CostMicros: new(int64)} })
		s.append(bare, empty, zero)
		s.holds(list(bare, empty, zero))
	}},
	{name: "content/texts", must: mustBack + ", byte for byte", run: contentTexts},
	{name: "content/numbers", must: mustBack + "; a number in JSON values keeps its digits", run: contentNumbers},
	{name: "content/nested", must: mustBack + ", to every depth", run: func(s *subject) {
		var deep any = "bottom"
		for range 16 {
			deep = map[string]any{"k.%": []any{deep, nil, json.Number("1.0")}}
		}
		e := sample(1, func(e *activitylog.Event) {
			e.Metadata = map[string]any{"deep": deep}
			e.Changes = []activitylog.Change{{Path: "x", Old: deep, New: nil}, {Path: "x", Old: nil, New: deep}}
		})
		s.append(e)
		s.holds(list(e))
	}},
	{name: "content/times", must: mustBack + "; times are UTC microseconds from 1700 to 2249", run: contentTimes},
	{name: "content/integers", must: mustBack + ", integers of 64 bits too", run: func(s *subject) {
		var events []activitylog.Event
		for i, n := range []int64{math.MaxInt64, math.MinInt64, -1, 0, 1<<53 + 1, -(1<<53 + 1)} {
			events = append(events, sample(i, func(e *activitylog.Event) {
				e.AI = &activitylog.AIUsage{CostMicros: &n, InputTokens: n, LatencyMS: n}
				e.Client.ASN = uint32(n)
				e.Truncated = []activitylog.Cut{{Path: "message", Bytes: math.MaxInt32}}
			}))
		}
		s.append(events...)
		s.holds(list(events...))
		for _, f := range []activitylog.Filter{
			activitylog.CostAtLeast(math.MaxInt64), activitylog.CostBelow(math.MinInt64 + 1),
			activitylog.CostAtLeast(1 << 53), activitylog.CostBelow(0),
		} {
			s.yields(activitylog.StoreQuery{Filter: f}, list(events...))
		}
	}},
	{name: "content/evidence", must: "stores keep Leaf and Opening verbatim", run: func(s *subject) {
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		e := sample(1, func(e *activitylog.Event) { e.Leaf, e.Opening = all, slices.Repeat(all, 100) })
		f := sample(2, func(e *activitylog.Event) { e.Leaf, e.Opening = []byte{0}, nil })
		s.append(e, f)
		s.holds(list(e, f))
	}},
	{name: "content/not kept", must: "a store must not keep or change what it is given", run: contentNotKept},
}

// texts are hard for databases, escapes, indexes and encodings, one way or another.
var texts = []string{
	"pad", "pad ", " pad", " ", "  two  spaces  ", "\t", "line\nbreak\r\n", "'", "''", `"`, `\`, `\\`, `\n`,
	`\u0000`, "`", "%", "_", "%_\\%", "*", "?", "$1", ":x", "@p1", "[0]", "{}", "--", "/*", ";",
	"'; DROP TABLE events; --", "null", "NULL", "true", "0", "1e5", "-1", "3.0", "<b>&amp;</b>", "\u007f",
	"\u0001\u001f", "\ufffd", "\ufeffbom", "\u2028\u2029",
	"é", "e\u0301", "Straße", "İstanbul", "ı", "ﬁ", "\u212b", "\u00c5", "日本語", "中文字", "한국어", "ไทย", "हिन्दी",
	"مرحبا\u200f", "\u202eRTL", "שלום", "👩‍👩‍👧‍👦", "🇩🇪", "\U0010ffff", "a\u200bb", "\u00a0",
	strings.Repeat("long ", 4000), strings.Repeat("😀", 3000), strings.Repeat("x", 20000),
}

func contentTexts(s *subject) {
	var events []activitylog.Event
	for i, t := range texts {
		events = append(events, sample(i, func(e *activitylog.Event) {
			e.Message, e.Reason, e.Actor.Name, e.Client.UserAgent = t, t, t, t
			e.Targets = []activitylog.Target{{Type: "t", ID: "i", Name: t, URL: t}}
			e.Changes = []activitylog.Change{{Path: t, Old: t, New: map[string]any{t: t}}}
			e.Metadata = map[string]any{t: []any{t, map[string]any{t: t}}}
			if len(t) <= 256 {
				e.Org, e.Project, e.Action, e.Category, e.Actor.ID, e.Targets[0].ID, e.Targets[0].Type = t, t, t, t, t, t, t
				e.Outcome, e.Severity, e.Actor.Type = activitylog.Outcome(t), activitylog.Severity(t), activitylog.ActorType(t)
				e.Request = activitylog.Request{ID: t, SessionID: t, CorrelationID: t, Route: t}
				e.AI = &activitylog.AIUsage{Model: t, Provider: t, Currency: t, ToolNames: []string{t, ""}}
				e.Labels = map[string]string{t: t, "k": t}
			}
		}))
	}
	s.append(events...)
	all := list(events...)
	s.holds(all)
	for _, t := range texts {
		if len(t) > 256 {
			continue
		}
		s.yields(activitylog.StoreQuery{Org: t}, all)
		for _, f := range []activitylog.Filter{
			activitylog.ProjectIs(t), activitylog.ActionIs(t), activitylog.ActionUnder(t),
			activitylog.CategoryIs(t), activitylog.ActorIs(t),
			activitylog.ActedBy(t), activitylog.TargetIs(t, t), activitylog.TargetIs("", t),
			activitylog.OutcomeIs(activitylog.Outcome(t)),
			activitylog.SeverityIs(activitylog.Severity(t)), activitylog.ActorTypeIs(activitylog.ActorType(t)),
			activitylog.RequestIs(t),
			activitylog.SessionIs(t), activitylog.CorrelationIs(t), activitylog.ModelIs(t),
			activitylog.LabelIs("k", t), activitylog.LabelIs(t),
			activitylog.MetaIs(t),
		} {
			s.yields(activitylog.StoreQuery{Filter: f}, all)
		}
	}
}

func contentNumbers(s *subject) {
	var events []activitylog.Event
	for i, n := range []json.Number{
		"0", "-0", "0.0", "1", "1.0", "1.00", "1e0", "1E+0", "10e-1", "100", "1e2", "-1", "0.1",
		"0.30000000000000004", "1e400", "-1e400", "1e-400",
		"9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616",
		"123456789012345678901234567890.000000001",
	} {
		events = append(events, sample(i, func(e *activitylog.Event) {
			e.Metadata = map[string]any{"n": n, "list": []any{n}, "in": map[string]any{"n": n}}
			e.Changes = []activitylog.Change{{Path: "n", Old: n, New: []any{n}}}
		}))
	}
	s.append(events...)
	all := list(events...)
	s.holds(all)
	for _, e := range events {
		n := string(e.Metadata["n"].(json.Number))
		for _, f := range []activitylog.Filter{activitylog.MetaIs("n", n), activitylog.MetaIs("in.n", n),
			activitylog.MetaIs("list", "["+n+"]")} {
			s.yields(activitylog.StoreQuery{Filter: f}, all)
		}
	}
}

func contentTimes(s *subject) {
	var events []activitylog.Event
	for i, t := range []time.Time{
		time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1700, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(1901, 12, 13, 20, 45, 51, 0, time.UTC),
		time.UnixMicro(-1_000_001).UTC(), time.UnixMicro(-1).UTC(), time.UnixMicro(0).UTC(),
		time.UnixMicro(1).UTC(), time.UnixMicro(999_999).UTC(),
		time.Date(2016, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
		time.Date(2249, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	} {
		events = append(events, sample(i, func(e *activitylog.Event) {
			e.Time, e.Recorded, e.Expires, e.Duration = t, t, t, time.Duration(t.UnixMicro()%1000)*time.Microsecond
		}))
	}
	s.append(events...)
	all := list(events...)
	s.holds(all)
	for _, e := range events {
		for _, d := range []time.Duration{-time.Microsecond, 0, 999, time.Microsecond} {
			t := e.Time.Add(d)
			for _, f := range []activitylog.Filter{activitylog.Since(t), activitylog.Before(t), activitylog.RecordedBefore(t)} {
				s.yields(activitylog.StoreQuery{Filter: f}, all)
			}
		}
	}
}

// contentNotKept changes what was given to the store and what it gave back.
func contentNotKept(s *subject) {
	full := filled(1)
	want := list(full)
	s.append(full)
	spoil(&full)
	s.holds(want)
	got := s.scan(activitylog.StoreQuery{})
	spoil(&got[0])
	s.holds(want)
}

// spoil changes everything that e shares.
func spoil(e *activitylog.Event) {
	e.Actor.Roles[0], e.OnBehalfOf[0].ID, e.OnBehalfOf[0].Roles[0] = "spoiled", "spoiled", "spoiled"
	e.Targets[0].ID, e.Changes[0].Path, e.Client.Forwarded[0] = "spoiled", "spoiled", "spoiled"
	e.AI.Model, *e.AI.CostMicros, e.AI.ToolNames[0] = "spoiled", 666, "spoiled"
	e.Truncated[0].Path, e.Leaf[0], e.Opening[0] = "spoiled", 66, 66
	e.Labels["spoiled"] = "spoiled"
	for _, v := range []any{e.Metadata, e.Changes[0].Old, e.Changes[0].New} {
		m := v.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if l, ok := m[k].([]any); ok {
				l[0] = "spoiled"
			}
		}
		m["spoiled"] = "spoiled"
	}
}

func ids(events []activitylog.Event) []uuid.UUID {
	list := make([]uuid.UUID, len(events))
	for i := range events {
		list[i] = events[i].ID
	}
	return list
}
