package storetest

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

var filterFaults = []fault{
	{name: "compares actors with LIKE", cases: []string{"trap/wildcards", "content/texts"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			if c.Field != "actor" || c.Key != "" {
				return false, false
			}
			return slices.ContainsFunc(c.Values, func(v string) bool { return like(v, e.Actor.ID) }), true
		}},
	{name: "compares actions without case", cases: []string{"trap/case of values"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			return slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, e.Action) }), c.Field == "action" && c.Op == "in"
		}},
	{name: "compares labels without trailing spaces", cases: []string{"content/texts"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			same := func(v string) bool { return strings.TrimRight(v, " ") == strings.TrimRight(e.Labels[c.Key], " ") }
			_, ok := e.Labels[c.Key]
			return ok && slices.ContainsFunc(c.Values, same), c.Field == "label" && len(c.Values) > 0
		}},
	{name: "takes every beginning of an action for a prefix", cases: []string{"trap/prefix of actions"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			return slices.ContainsFunc(c.Values, func(v string) bool { return strings.HasPrefix(e.Action, v) }), c.Op == "under"
		}},
	{name: "reaches prefixes up to the letter z", cases: []string{"trap/prefix of actions"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			within := func(v string) bool { return e.Action == v || e.Action >= v+"." && e.Action < v+".zzzz" }
			return slices.ContainsFunc(c.Values, within), c.Op == "under"
		}},
	{name: "knows top-level keys of metadata only", cases: []string{"trap/keys of metadata"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			_, ok := e.Metadata[c.Key]
			return ok, c.Field == "meta" && len(c.Values) == 0
		}},
	{name: "compares numbers in metadata as numbers", cases: []string{"trap/values of metadata", "content/numbers"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			n, ok := e.Metadata[c.Key].(json.Number)
			if c.Field != "meta" || !ok || len(n) > 30 || strings.ContainsAny(string(n), "eE") {
				return false, false
			}
			return slices.ContainsFunc(c.Values, func(v string) bool {
				a, ok1 := new(big.Rat).SetString(string(n))
				b, ok2 := new(big.Rat).SetString(v)
				return ok1 && ok2 && len(v) < 30 && a.Cmp(b) == 0
			}), true
		}},
	{name: "takes empty labels for absent", cases: []string{"trap/labels"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			return false, c.Field == "label" && e.Labels[c.Key] == ""
		}},
	{name: "ranks unknown severities highest", cases: []string{"trap/unknown values"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			known := slices.Contains([]activitylog.Severity{"info", "low", "medium", "high", "critical"}, e.Severity)
			return true, c.Field == "severity" && c.Op == ">=" && !known && e.Severity != ""
		}},
	{name: "loses values with quotes", cases: []string{"trap/code in values", "content/texts"},
		cond: func(c activitylog.Cond, _ *activitylog.Event) (bool, bool) {
			return false, slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "'") })
		}},
	{name: "has three values of truth", cases: []string{"trap/not and absent"},
		not: func(x activitylog.Expr, e *activitylog.Event, _ *faulty) (bool, bool) {
			c, ok := x.(activitylog.Cond)
			if !ok {
				return false, false
			}
			_, label := e.Labels[c.Key]
			absent := c.Field == "label" && !label || c.Field == "ip" && !e.Client.IP.IsValid() || c.Field == "cost" && (e.AI == nil || e.AI.CostMicros == nil)
			return false, absent
		}},
	{name: "ignores Not", cases: []string{"trap/not and absent", "trap/labels", "examine/unbounded"},
		not: func(x activitylog.Expr, e *activitylog.Event, s *faulty) (bool, bool) {
			return s.eval(x, e), true
		}},
	{name: "compares type and id of targets apart", cases: []string{"trap/several targets"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			if c.Field != "target" || c.Key == "" || len(c.Values) == 0 {
				return false, false
			}
			kind := func(t activitylog.Target) bool { return t.Type == c.Key }
			id := func(t activitylog.Target) bool { return slices.Contains(c.Values, t.ID) }
			return slices.ContainsFunc(e.Targets, kind) && slices.ContainsFunc(e.Targets, id), true
		}},
	{name: "takes every delegation for impersonation", cases: []string{"trap/several actors"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			in := func(d activitylog.Delegation) bool { return slices.Contains(c.Values, d.ID) }
			return slices.ContainsFunc(e.OnBehalfOf, in), c.Field == "actor" && c.Key == "impersonated"
		}},
	{name: "compares addresses as text", cases: []string{"trap/networks"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			if c.Field != "ip" || len(c.Prefixes) == 0 {
				return false, false
			}
			p := c.Prefixes[0]
			return strings.HasPrefix(e.Client.IP.String(), strings.TrimSuffix(p.Addr().String(), "0.0.0")), !p.IsSingleIP()
		}},
	{name: "leaves out the bound of Since", cases: []string{"trap/bounds", "content/times"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			return e.Time.UnixMicro() > c.Number, c.Field == "time" && c.Op == ">="
		}},
	{name: "takes unknown costs for zero", cases: []string{"trap/bounds", "trap/not and absent"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			unknown := e.AI == nil || e.AI.CostMicros == nil
			return c.Op == ">=" && c.Number <= 0 || c.Op == "<" && c.Number > 0, c.Field == "cost" && unknown
		}},
	{name: "reads 999 values of a list", cases: []string{"trap/large filters"},
		cond: func(c activitylog.Cond, e *activitylog.Event) (bool, bool) {
			return slices.Contains(c.Values[:min(999, len(c.Values))], e.Actor.ID), len(c.Values) > 999 && c.Field == "actor"
		}},
	{name: "takes an empty list for any value", cases: []string{"trap/nothing and everything"},
		cond: func(c activitylog.Cond, _ *activitylog.Event) (bool, bool) {
			return true, c.Op == "in" && len(c.Values)+len(c.Prefixes) == 0 && c.Field != "ip"
		}},

	{name: "searches with case and accents", cases: []string{"trap/text/case and accents"},
		text: func(x activitylog.TextExpr, _ *faulty, e *activitylog.Event) (bool, bool) {
			if strings.ContainsAny(joined(x.Words), "0123456789") {
				return false, false
			}
			return strings.Contains(e.Message, strings.TrimSpace(joined(x.Words))), true
		}},
	{name: "searches inside of words", cases: []string{"trap/text/words", "trap/text/case and accents"},
		text: func(x activitylog.TextExpr, _ *faulty, e *activitylog.Event) (bool, bool) {
			return strings.Contains(activitylog.SearchText(e), strings.TrimSpace(joined(x.Words))), true
		}},
	{name: "searches over the end of fields", cases: []string{"trap/text/words"},
		text: func(x activitylog.TextExpr, _ *faulty, e *activitylog.Event) (bool, bool) {
			words := " " + strings.ReplaceAll(activitylog.SearchText(e), "\n", " ") + " "
			needle := " " + joined(x.Words)
			if x.Prefix {
				needle = strings.TrimSuffix(needle, " ")
			}
			return strings.Contains(words, needle), true
		}},
	{name: "has operators in searches", cases: []string{"trap/text/special characters"},
		text: func(x activitylog.TextExpr, _ *faulty, _ *activitylog.Event) (bool, bool) {
			return true, len(x.Words) == 1 && slices.Contains([]string{"and", "or", "not", "near"}, x.Words[0])
		}},
	{name: "does not split ideographs", cases: []string{"trap/text/scripts without spaces"},
		text: func(x activitylog.TextExpr, _ *faulty, e *activitylog.Event) (bool, bool) {
			if x.Words[0] < "⺀" {
				return false, false
			}
			return slices.ContainsFunc(strings.Fields(e.Message), func(w string) bool { return strings.HasPrefix(w, strings.Join(x.Words, "")) }), true
		}},
	{name: "has no longest word", cases: []string{"trap/text/long words"},
		text: func(x activitylog.TextExpr, _ *faulty, e *activitylog.Event) (bool, bool) {
			full := slices.ContainsFunc(strings.Fields(e.Message), func(w string) bool { return strings.ToLower(w) == x.Words[0] })
			return full, len(x.Words[0]) >= 64
		}},
	{name: "does not search changes", cases: []string{"trap/text/fields"},
		text: searching(func(e *activitylog.Event) { e.Changes = nil })},
	{name: "searches roles too", cases: []string{"trap/text/fields"},
		text: searching(func(e *activitylog.Event) { e.Message += " " + strings.Join(e.Actor.Roles, " ") })},
	{name: "does not search addresses", cases: []string{"trap/text/numbers and addresses"},
		text: searching(func(e *activitylog.Event) { e.Client = activitylog.Client{} })},
}

// searching has searches look at events as change leaves them.
func searching(change func(e *activitylog.Event)) func(activitylog.TextExpr, *faulty, *activitylog.Event) (bool, bool) {
	return func(x activitylog.TextExpr, _ *faulty, e *activitylog.Event) (match, decided bool) {
		changed := e.Clone()
		change(&changed)
		return (&faulty{}).eval(x, &changed), true
	}
}

// like compares as SQL does by LIKE.
func like(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '%':
		return like(pattern[1:], text) || text != "" && like(pattern, text[1:])
	case text == "":
		return false
	case pattern[0] == '_':
		_, rest, _ := strings.Cut(text, string([]rune(text)[0]))
		return like(pattern[1:], rest)
	}
	return pattern[0] == text[0] && like(pattern[1:], text[1:])
}

// laggard is how long a follower of a faulty store waits for what will not come.
const laggard = 150 * time.Millisecond
