package sqlstore

import (
	"strings"

	"github.com/activitylog/activitylog"
)

// need is what the index terms of an event must fulfil for a filter to mean it. nil means that terms say nothing.
type need struct {
	op     byte // termNeed, allNeed or anyNeed
	term   string
	prefix bool
	parts  []*need
}

const (
	termNeed = 't'
	allNeed  = '&'
	anyNeed  = '|' // without parts: no event can match
)

func (n *need) leaves() int {
	if n == nil {
		return 0
	}
	if n.op == termNeed {
		return 1
	}
	sum := 0
	for _, p := range n.parts {
		sum += p.leaves()
	}
	return sum
}

// needer finds needs within one scope. skip names conditions that the database finds by other means.
type needer struct {
	scope string
	skip  func(activitylog.Cond) bool
}

func (n needer) of(x activitylog.Expr) *need {
	switch x := x.(type) {
	case activitylog.AndExpr:
		var parts []*need
		for _, part := range x {
			if p := n.of(part); p != nil {
				parts = append(parts, p)
			}
		}
		switch len(parts) {
		case 0:
			return nil
		case 1:
			return parts[0]
		}
		return &need{op: allNeed, parts: parts}
	case activitylog.OrExpr:
		parts := make([]*need, len(x))
		for i, part := range x {
			if parts[i] = n.of(part); parts[i] == nil {
				return nil
			}
		}
		return anyOf(parts)
	case activitylog.NotExpr:
		c, ok := x.X.(activitylog.Cond)
		if ok && c.Field == "outcome" && len(c.Values) == 1 && c.Values[0] == string(activitylog.Success) {
			return n.term(termTrouble)
		}
		return nil
	case activitylog.TextExpr:
		return n.words(x)
	case activitylog.Cond:
		if n.skip(x) {
			return nil
		}
		return n.cond(x)
	}
	return nil
}

func anyOf(parts []*need) *need {
	if len(parts) == 1 {
		return parts[0]
	}
	return &need{op: anyNeed, parts: parts}
}

func (n needer) term(field byte, parts ...string) *need {
	return &need{op: termNeed, term: term(n.scope, field, parts...)}
}

func (n needer) terms(field byte, values []string) *need {
	parts := make([]*need, len(values))
	for i, v := range values {
		parts[i] = n.term(field, v)
	}
	return anyOf(parts)
}

func (n needer) words(x activitylog.TextExpr) *need {
	if n.scope == everywhere {
		return nil
	}
	all := &need{op: allNeed}
	for i, w := range x.Words {
		all.parts = append(all.parts, &need{
			op: termNeed, term: n.scope + string(termWord) + w, prefix: x.Prefix && i == len(x.Words)-1,
		})
	}
	if len(all.parts) == 1 {
		return all.parts[0]
	}
	return all
}

func (n needer) cond(c activitylog.Cond) *need {
	switch c.Field {
	case "category":
		return n.terms(termCategory, c.Values)
	case "actor":
		acted := n.terms(termActed, c.Values)
		if c.Key == "acted" {
			return acted
		}
		if n.scope == everywhere {
			return nil
		}
		behalf := n.terms(termBehalf, c.Values)
		if c.Key != "" {
			return behalf
		}
		return anyOf([]*need{acted, behalf})
	case "action":
		if n.scope == everywhere && c.Op != "in" {
			return nil
		}
		return n.terms(termAction, c.Values)
	case "outcome":
		for _, v := range c.Values {
			if v == string(activitylog.Success) {
				return nil
			}
		}
		return n.terms(termOutcome, c.Values)
	}
	if n.scope == everywhere {
		return nil
	}
	return n.scoped(c)
}

// scoped handles the fields whose terms exist only within an organization.
func (n needer) scoped(c activitylog.Cond) *need {
	switch c.Field {
	case "project":
		return n.terms(termProject, c.Values)
	case "severity":
		for _, v := range c.Values {
			if !rareSeverity(v) {
				return nil
			}
		}
		return n.terms(termSeverity, c.Values)
	case "target":
		switch {
		case len(c.Values) > 0:
			return n.terms(termTarget, c.Values)
		case c.Key != "":
			return n.term(termKind, c.Key)
		}
		return nil
	case "label":
		if len(c.Values) == 0 {
			return nil
		}
		parts := make([]*need, len(c.Values))
		for i, v := range c.Values {
			parts[i] = n.term(termLabel, c.Key, v)
		}
		return anyOf(parts)
	case "model":
		return n.present(termModel, c.Values)
	case "request":
		return n.present(termRequest, c.Values)
	case "session":
		return n.present(termSession, c.Values)
	case "correlation":
		return n.present(termOperation, c.Values)
	case "ip":
		return n.networks(c)
	}
	return nil
}

// present handles fields that have a term only where they are not empty.
func (n needer) present(field byte, values []string) *need {
	for _, v := range values {
		if v == "" {
			return nil
		}
	}
	return n.terms(field, values)
}

// networks proposes the smallest network with terms that holds each prefix.
func (n needer) networks(c activitylog.Cond) *need {
	var parts []*need
	for _, p := range c.Prefixes {
		if p.IsSingleIP() {
			parts = append(parts, n.term(termIP, p.Addr().String()))
			continue
		}
		best := 0
		for _, bits := range networkBits(p.Addr()) {
			if bits <= p.Bits() {
				best = bits
			}
		}
		if best == 0 {
			return nil
		}
		parts = append(parts, n.term(termNetwork, network(p.Addr(), best)))
	}
	return anyOf(parts)
}

// String writes the need in the query language of FTS4 and FTS5: terms are letters and digits, so nothing is quoted.
func (n *need) String() string {
	if n.op == termNeed {
		if n.prefix {
			return n.term + "*"
		}
		return n.term
	}
	return n.join(" AND ", " OR ", (*need).String)
}

// tsquery writes the need as a tsquery of PostgreSQL.
func (n *need) tsquery() string {
	if n.op == termNeed {
		s := "'" + strings.ReplaceAll(n.term, "'", "''") + "'"
		if n.prefix {
			s += ":*"
		}
		return s
	}
	return n.join(" & ", " | ", (*need).tsquery)
}

func (n *need) join(and, or string, write func(*need) string) string {
	list := make([]string, len(n.parts))
	for i, p := range n.parts {
		list[i] = write(p)
	}
	sep := and
	if n.op == anyNeed {
		sep = or
	}
	return "(" + strings.Join(list, sep) + ")"
}

// simplified drops alternatives that no event can fulfil; never is true when none is left.
func (n *need) simplified() (s *need, never bool) {
	if n == nil || n.op == termNeed {
		return n, false
	}
	s = &need{op: n.op}
	for _, p := range n.parts {
		part, never := p.simplified()
		if never {
			if n.op == allNeed {
				return nil, true
			}
			continue
		}
		s.parts = append(s.parts, part)
	}
	switch {
	case len(s.parts) == 0:
		return nil, true
	case len(s.parts) == 1:
		return s.parts[0], false
	}
	return s, false
}
