package activitylog

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/activitylog/activitylog/internal/spelling"
	"github.com/google/uuid"
)

// maxFilterDepth and maxFilterText bound what a hostile text can cost.
const (
	maxFilterDepth = 32
	maxFilterText  = 16 << 10
)

// ParseFilter reads the text form of a filter:
//
//	actor:alice category:auth -outcome:success "free text" (a or b)
//
// Terms beside each other must all hold, "or" stands between alternatives, "-" negates, brackets group. A field takes
// several values behind commas or by standing again: one of them must hold. Words without a field are free text; see
// Text. Fields are those of Cond, with label.KEY, meta.KEY and target.TYPE, the actor roles acted, impersonated and
// authority, since and before; action:ai.message.* covers what is under it, meta.key:* asks whether there is one,
// severity, cost and time take >= > < <=, cost and time also a..b. Errors are of type *SyntaxError.
func ParseFilter(text string) (Filter, error) {
	if len(text) > maxFilterText {
		return Filter{}, &SyntaxError{maxFilterText, fmt.Sprintf("the text is longer than %d bytes", maxFilterText)}
	}
	p := parser{text: text}
	f, err := p.alternatives(0)
	if err == nil && p.pos < len(p.text) {
		err = p.fail(p.pos, "this bracket closes nothing")
	}
	if err != nil {
		return Filter{}, err
	}
	return f, nil
}

type parser struct {
	text string
	pos  int
}

func (p *parser) fail(pos int, format string, args ...any) error {
	return &SyntaxError{pos, fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if !unicode.IsSpace(r) {
			return
		}
		p.pos += n
	}
}

func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) alternatives(depth int) (Filter, error) {
	if depth > maxFilterDepth {
		return Filter{}, p.fail(p.pos, "brackets are nested deeper than %d", maxFilterDepth)
	}
	var list []Filter
	for {
		start := p.pos
		f, n, err := p.conjunction(depth)
		if err != nil {
			return Filter{}, err
		}
		or := p.keyword("or")
		if n == 0 && (or || len(list) > 0) {
			return Filter{}, p.fail(start, `"or" needs a term on both sides; quote it to search for the word`)
		}
		list = append(list, f)
		if !or {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return Any(list...), nil
}

// keyword eats word if it stands here on its own.
func (p *parser) keyword(word string) bool {
	p.space()
	end := p.pos + len(word)
	if end > len(p.text) || !strings.EqualFold(p.text[p.pos:end], word) {
		return false
	}
	if end < len(p.text) {
		if r, _ := utf8.DecodeRuneInString(p.text[end:]); !unicode.IsSpace(r) && r != '(' && r != ')' {
			return false
		}
	}
	p.pos = end
	return true
}

func (p *parser) atKeyword(word string) bool {
	q := *p
	return q.keyword(word)
}

func (p *parser) conjunction(depth int) (f Filter, n int, err error) {
	var terms []Filter
	for {
		p.space()
		if p.pos == len(p.text) || p.peek() == ')' || p.atKeyword("or") {
			break
		}
		direct := p.peek() != '(' && p.peek() != '-'
		t, err := p.term(depth)
		if err != nil {
			return Filter{}, 0, err
		}
		n++
		if !direct || !joined(terms, t) {
			terms = append(terms, t)
		}
		if !direct && len(terms) > 0 {
			// A bracket ends the run in which the same field means alternatives.
			terms[len(terms)-1] = Filter{sealed{terms[len(terms)-1].Expr()}}
		}
	}
	for i, t := range terms {
		if s, ok := t.expr.(sealed); ok {
			terms[i] = Filter{s.Expr}
		}
	}
	return All(terms...), n, nil
}

// sealed marks a term that later terms of the same field must not join.
type sealed struct{ Expr }

// joined adds the values of t to an earlier term of the same field.
func joined(terms []Filter, t Filter) bool {
	c, ok := t.expr.(Cond)
	if !ok || c.Op != opIn || len(c.Values)+len(c.Prefixes) == 0 {
		return false
	}
	for i := range terms {
		o, ok := terms[i].expr.(Cond)
		if ok && o.Field == c.Field && o.Key == c.Key && o.Op == opIn && len(o.Values)+len(o.Prefixes) > 0 {
			o.Values = slices.Concat(o.Values, c.Values)
			o.Prefixes = slices.Concat(o.Prefixes, c.Prefixes)
			terms[i] = Filter{o}
			return true
		}
	}
	return false
}

func (p *parser) term(depth int) (Filter, error) {
	start := p.pos
	switch p.peek() {
	case '-':
		p.pos++
		if r, _ := utf8.DecodeRuneInString(p.text[p.pos:]); p.pos == len(p.text) || unicode.IsSpace(r) || r == ')' {
			return Filter{}, p.fail(start, `"-" needs a term behind it`)
		}
		if depth > maxFilterDepth {
			return Filter{}, p.fail(start, "nested deeper than %d", maxFilterDepth)
		}
		f, err := p.term(depth + 1)
		return Not(f), err
	case '(':
		p.pos++
		f, err := p.alternatives(depth + 1)
		if err != nil {
			return Filter{}, err
		}
		p.space()
		if p.peek() != ')' {
			return Filter{}, p.fail(start, "this bracket is not closed")
		}
		p.pos++
		return f, nil
	case '"':
		s, err := p.quoted()
		if err != nil {
			return Filter{}, err
		}
		prefix := p.peek() == '*'
		if prefix {
			p.pos++
		}
		if w := strings.Fields(string(appendWords(nil, s))); len(w) > 0 {
			return Filter{TextExpr{w, prefix}}, nil
		}
		return Filter{}, nil
	}
	name, ok := p.fieldName()
	if !ok {
		return Text(p.bare(`"()`)), nil
	}
	return p.field(start, name)
}

// fieldName eats "name:" if the text goes on like that; the key behind a dot stays for field.
func (p *parser) fieldName() (string, bool) {
	i := p.pos
	for i < len(p.text) && (p.text[i] == '_' || 'a' <= p.text[i]|0x20 && p.text[i]|0x20 <= 'z') {
		i++
	}
	if i == p.pos || i == len(p.text) {
		return "", false
	}
	name := strings.ToLower(p.text[p.pos:i])
	known := fieldNamed(name)
	keyed := known == "label" || known == "meta" || known == "target"
	ahead := parser{p.text, i}
	if p.text[i] == '.' && keyed {
		_, err := ahead.key(known)
		keyed = err == nil
	}
	if p.text[i] == ':' || p.text[i] == '.' && keyed {
		p.pos = i
		return name, true
	}
	return "", false
}

// bare eats up to white space or one of the stops.
func (p *parser) bare(stops string) string {
	start := p.pos
	for p.pos < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if unicode.IsSpace(r) || strings.ContainsRune(stops, r) {
			break
		}
		p.pos += n
	}
	if p.pos == start && p.pos < len(p.text) { // a stop in front would never be eaten
		p.pos++
	}
	return p.text[start:p.pos]
}

func (p *parser) quoted() (string, error) {
	start := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '"':
			p.pos++
			return b.String(), nil
		case '\\':
			if p.pos+1 < len(p.text) {
				p.pos++
			}
			b.WriteByte(p.text[p.pos])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(start, "this quote is not closed")
}

// value is one value behind a field: quoted texts are literal, bare ones may be patterns and comparisons.
type value struct {
	pos     int
	text    string
	literal bool
	under   bool // followed by .*
}

func (p *parser) values() ([]value, error) {
	var list []value
	for {
		v := value{pos: p.pos}
		if p.peek() == '"' {
			s, err := p.quoted()
			if err != nil {
				return nil, err
			}
			v.text, v.literal = s, true
			if strings.HasPrefix(p.text[p.pos:], ".*") {
				p.pos += 2
				v.under = true
			}
		} else {
			if p.pos < len(p.text) && !strings.ContainsRune(`,()`, rune(p.text[p.pos])) {
				if r, _ := utf8.DecodeRuneInString(p.text[p.pos:]); !unicode.IsSpace(r) {
					v.text = p.bare(`,"()`)
				}
			}
			if v.text == "" {
				return nil, p.fail(v.pos, `a value is missing; write "" for the empty one`)
			}
			if s, ok := strings.CutSuffix(v.text, ".*"); ok {
				v.text, v.under = s, true
			}
		}
		list = append(list, v)
		if p.peek() != ',' {
			return list, nil
		}
		p.pos++
	}
}

// key eats ".key:" or ":" behind a field.
func (p *parser) key(field string) (string, error) {
	start, key, given := p.pos, "", false
	if p.peek() == '.' {
		p.pos++
		if p.peek() == '"' {
			s, err := p.quoted()
			if err != nil {
				return "", err
			}
			key, given = s, true
		} else if p.peek() != ':' {
			key, given = p.bare(`:,"()`), true
		}
	}
	if p.peek() != ':' || !given && (field == "label" || field == "meta") {
		return "", p.fail(start, "write %s.KEY:VALUE", field)
	}
	p.pos++
	return key, nil
}

func (p *parser) field(start int, name string) (Filter, error) {
	known := fieldNamed(name)
	if !slices.Contains(fieldNames, known) {
		hint := "quote it to search for the text"
		if near := spelling.Nearest(name, 2, fieldNames); near != "" {
			hint = fmt.Sprintf("did you mean %s:? Otherwise %s", near, hint)
		}
		return Filter{}, p.fail(start, "there is no field %q; %s", name, hint)
	}
	key, err := p.key(known)
	if err != nil {
		return Filter{}, err
	}
	list, err := p.values()
	if err != nil {
		return Filter{}, err
	}
	return p.condition(known, key, list)
}

func (p *parser) condition(field, key string, list []value) (Filter, error) {
	switch field {
	case "time", "recorded", "since", "before", "cost":
		return p.ranges(field, list)
	case "acted", "impersonated", "authority":
		field, key = "actor", field
	}
	c := Cond{Field: field, Key: key, Op: opIn}
	under := Cond{Field: field, Op: opUnder}
	for _, v := range list {
		switch {
		case v.under && field == "action":
			under.Values = append(under.Values, v.text)
			continue
		case v.under:
			v.text += ".*"
		}
		switch {
		case field == "ip":
			prefix, err := parsePrefix(v.text)
			if err != nil {
				return Filter{}, p.fail(v.pos, "%q is no IP address or network like 192.0.2.0/24", v.text)
			}
			c.Prefixes = append(c.Prefixes, prefix)
			continue
		case field == "id":
			id, err := uuid.Parse(v.text)
			if err != nil {
				return Filter{}, p.fail(v.pos, "%q is no event id", v.text)
			}
			v.text = id.String()
		case field == "severity" && !v.literal && strings.HasPrefix(v.text, ">="):
			s := Severity(strings.ToLower(v.text[2:]))
			if s.rank() < 0 || len(list) > 1 {
				return Filter{}, p.fail(v.pos, "write severity:>= and one of info, low, medium, high, critical")
			}
			return SeverityAtLeast(s), nil
		case v.text == "*" && !v.literal:
			if len(list) > 1 || field != "target" && field != "label" && field != "meta" {
				return Filter{}, p.fail(v.pos, `"*" stands alone behind label.KEY, meta.KEY or target; quote it to mean the character`)
			}
			return cond(c), nil
		}
		c.Values = append(c.Values, v.text)
	}
	if len(under.Values) == 0 {
		return cond(c), nil
	}
	if len(c.Values) == 0 {
		return cond(under), nil
	}
	return Any(cond(c), cond(under)), nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return p, err
		}
		return IPIn(p).expr.(Cond).Prefixes[0], nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}
