package sqlstore

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
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
			return n.term(terms.Trouble)
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
	return &need{op: termNeed, term: terms.Term(n.scope, field, parts...)}
}

func (n needer) terms(field byte, values []string) *need {
	parts := make([]*need, len(values))
	for i, v := range values {
		parts[i] = n.term(field, v)
	}
	return anyOf(parts)
}

func (n needer) words(x activitylog.TextExpr) *need {
	if n.scope == terms.Everywhere {
		return nil
	}
	all := &need{op: allNeed}
	for i, w := range x.Words {
		all.parts = append(all.parts, &need{
			op: termNeed, term: n.scope + string(terms.Word) + w, prefix: x.Prefix && i == len(x.Words)-1,
		})
	}
	if len(all.parts) == 1 {
		return all.parts[0]
	}
	return all
}

func (n needer) cond(c activitylog.Cond) *need {
	if c.Field == "category" {
		return n.terms(terms.Category, c.Values)
	}
	if n.scope == terms.Everywhere {
		return nil
	}
	return n.scoped(c)
}

// scoped handles the fields whose terms exist only within an organization.
func (n needer) scoped(c activitylog.Cond) *need {
	switch c.Field {
	case "project":
		return n.terms(terms.Project, c.Values)
	case "action":
		return n.terms(terms.Action, c.Values)
	case "actor":
		acted, behalf := n.terms(terms.Acted, c.Values), n.terms(terms.Behalf, c.Values)
		switch c.Key {
		case "":
			return anyOf([]*need{acted, behalf})
		case "acted":
			return acted
		}
		return behalf
	case "outcome":
		if slices.Contains(c.Values, string(activitylog.Success)) {
			return nil
		}
		return n.terms(terms.Outcome, c.Values)
	case "severity":
		if slices.ContainsFunc(c.Values, func(v string) bool { return !terms.RareSeverity(v) }) {
			return nil
		}
		return n.terms(terms.Severity, c.Values)
	case "target":
		if len(c.Values) == 0 {
			return nil
		}
		return n.terms(terms.Target, c.Values)
	case "label":
		if len(c.Values) == 0 {
			return nil
		}
		parts := make([]*need, len(c.Values))
		for i, v := range c.Values {
			parts[i] = n.term(terms.Label, c.Key, v)
		}
		return anyOf(parts)
	case "model":
		return n.present(terms.Model, c.Values)
	case "request":
		return n.present(terms.Request, c.Values)
	case "session":
		return n.present(terms.Session, c.Values)
	case "correlation":
		return n.present(terms.Operation, c.Values)
	case "ip":
		return n.networks(c)
	}
	return nil
}

// present handles fields that have a term only where they are not empty.
func (n needer) present(field byte, values []string) *need {
	if slices.Contains(values, "") {
		return nil
	}
	return n.terms(field, values)
}

// networks proposes the network with a term that holds each prefix.
func (n needer) networks(c activitylog.Cond) *need {
	var parts []*need
	for _, p := range c.Prefixes {
		if p.IsSingleIP() {
			parts = append(parts, n.term(terms.IP, p.Addr().String()))
			continue
		}
		if p.Bits() < terms.NetworkBits(p.Addr()) {
			return nil
		}
		parts = append(parts, n.term(terms.Network, terms.InNetwork(p.Addr())))
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

// The text index refuses expressions that are deeper, and takes long for larger ones.
const (
	maxNeedDepth  = 10 // after it balanced the parts of each operator
	maxNeedLeaves = 1024
)

func (n *need) depth() int {
	if n.op == termNeed {
		return 0
	}
	deepest := 0
	for _, p := range n.parts {
		deepest = max(deepest, p.depth())
	}
	return deepest + bits.Len(uint(len(n.parts)-1))
}

func (n *need) fits() bool { return n.leaves() <= maxNeedLeaves && n.depth() <= maxNeedDepth }

// within returns what is left of a need when it is too large: fewer conditions propose more events, which is allowed.
func (n *need) within() *need {
	if n == nil || n.fits() {
		return n
	}
	if n.op != allNeed {
		return nil
	}
	left := &need{op: allNeed}
	for _, p := range n.parts {
		if p = p.within(); p == nil {
			continue
		}
		if more := (&need{op: allNeed, parts: append(slices.Clone(left.parts), p)}); more.fits() {
			left = more
		}
	}
	switch len(left.parts) {
	case 0:
		return nil
	case 1:
		return left.parts[0]
	}
	return left
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
