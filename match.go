package activitylog

import (
	"slices"
	"strings"
)

// Match tells whether f means e. It is the definition that every store is held to.
func (f Filter) Match(e *Event) bool {
	if f.expr == nil {
		return true
	}
	m := matcher{e: e}
	return f.expr.match(&m)
}

// matcher evaluates one filter on one event and reads the words of the event only once, if at all.
type matcher struct {
	e     *Event
	words string
	read  bool
}

func (x AndExpr) match(m *matcher) bool {
	for _, part := range x {
		if !part.match(m) {
			return false
		}
	}
	return true
}

func (x OrExpr) match(m *matcher) bool {
	for _, part := range x {
		if part.match(m) {
			return true
		}
	}
	return false
}

func (x NotExpr) match(m *matcher) bool { return !x.X.match(m) }

func (x TextExpr) match(m *matcher) bool {
	if !m.read {
		m.words, m.read = SearchText(m.e), true
	}
	return phrase{x.Words, x.Prefix}.in(m.words)
}

func (c Cond) match(m *matcher) bool {
	e := m.e
	switch c.Field {
	case "id":
		return c.has(e.ID.String())
	case "org":
		return c.has(e.Org)
	case "project":
		return c.has(e.Project)
	case "category":
		return c.has(e.Category)
	case "action":
		if c.Op == opUnder {
			return slices.ContainsFunc(c.Values, func(p string) bool { return under(e.Action, p) })
		}
		return c.has(e.Action)
	case "outcome":
		return c.has(string(e.Outcome))
	case "severity":
		return c.has(string(e.Severity)) // ">=" lists its values
	case "model":
		return c.has(e.model())
	case "provider":
		return e.AI != nil && c.has(e.AI.Provider) || e.AI == nil && c.has("")
	case "request":
		return c.has(e.Request.ID)
	case "session":
		return c.has(e.Request.SessionID)
	case "correlation":
		return c.has(e.Request.CorrelationID)
	case "retention":
		return c.has(e.Retention)
	case "actor_type":
		return c.has(string(e.Actor.Type))
	case "actor":
		return c.matchActor(e)
	case "target":
		return slices.ContainsFunc(e.Targets, func(t Target) bool {
			return (c.Key == "" || c.Key == t.Type) && (len(c.Values) == 0 || c.has(t.ID))
		})
	case "label":
		v, ok := e.Labels[c.Key]
		return ok && (len(c.Values) == 0 || c.has(v))
	case "meta":
		v, ok := lookUp(e.Metadata, c.Key)
		return ok && (len(c.Values) == 0 || c.has(textOf(v)))
	case "ip":
		for _, p := range c.Prefixes {
			if p.Contains(e.Client.IP) {
				return true
			}
		}
		return false
	case "time":
		return c.compare(e.Time.UnixMicro())
	case "recorded":
		return c.compare(e.Recorded.UnixMicro())
	case "cost":
		return e.AI != nil && e.AI.CostMicros != nil && c.compare(*e.AI.CostMicros)
	}
	return false
}

func (c Cond) has(v string) bool { return slices.Contains(c.Values, v) }

func (c Cond) compare(v int64) bool {
	if c.Op == opGE {
		return v >= c.Number
	}
	return v < c.Number
}

func (c Cond) matchActor(e *Event) bool {
	if (c.Key == "" || c.Key == "acted") && c.has(e.Actor.ID) {
		return true
	}
	for i := range e.OnBehalfOf {
		d := &e.OnBehalfOf[i]
		role := c.Key == "" || c.Key == "impersonated" && d.Relation == Impersonates ||
			c.Key == "authority" && d.Relation == DelegatedBy
		if role && c.has(d.ID) {
			return true
		}
	}
	return false
}

// under tells whether action is prefix or continues it after a dot.
func under(action, prefix string) bool {
	rest, ok := strings.CutPrefix(action, prefix)
	return ok && (rest == "" || rest[0] == '.')
}

// lookUp finds key in m; a dot may go into a nested object. The longest literal key wins.
func lookUp(m map[string]any, key string) (any, bool) {
	if v, ok := m[key]; ok {
		return v, true
	}
	for i := len(key) - 1; i > 0; i-- {
		if key[i] != '.' {
			continue
		}
		if in, ok := m[key[:i]].(map[string]any); ok {
			if v, ok := lookUp(in, key[i+1:]); ok {
				return v, true
			}
		}
	}
	return nil, false
}

func (e *Event) model() string {
	if e.AI == nil {
		return ""
	}
	return e.AI.Model
}
