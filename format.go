package activitylog

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// String returns the text form of f, which ParseFilter reads as the same filter. The zero value gives "".
func (f Filter) String() string {
	if f.expr == nil {
		return ""
	}
	return formatExpr(f.expr)
}

// nothing is the text of a filter that means no event.
const nothing = "-()"

func formatExpr(x Expr) string {
	all, ok := x.(AndExpr)
	if !ok {
		return formatTerm(x)
	}
	terms := make([]string, len(all))
	seen := map[string]bool{}
	for i, part := range all {
		terms[i] = formatTerm(part)
		// Two terms of one field would be read as alternatives; brackets keep them apart.
		if c, ok := part.(Cond); ok && c.Op == opIn {
			if seen[c.Field+"\x00"+c.Key] {
				terms[i] = "(" + terms[i] + ")"
			}
			seen[c.Field+"\x00"+c.Key] = true
		}
	}
	return strings.Join(terms, " ")
}

// formatTerm writes x so that it can stand beside other terms.
func formatTerm(x Expr) string {
	switch x := x.(type) {
	case AndExpr:
		return "(" + formatExpr(x) + ")"
	case OrExpr:
		if len(x) == 0 {
			return nothing
		}
		parts := make([]string, len(x))
		for i, part := range x {
			parts[i] = formatTerm(part)
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return "(" + strings.Join(parts, " or ") + ")"
	case NotExpr:
		if t := formatTerm(x.X); t[0] != '-' {
			return "-" + t
		} else {
			return "-(" + t + ")"
		}
	case TextExpr:
		return formatText(x)
	case Cond:
		return x.String()
	}
	return nothing
}

func formatText(x TextExpr) string {
	if bare := strings.Join(x.Words, "."); x.Prefix && bare != "or" {
		return bare
	}
	quoted := `"` + strings.Join(x.Words, " ") + `"`
	if x.Prefix {
		quoted += "*"
	}
	return quoted
}

// String returns the text form of the condition.
func (c Cond) String() string {
	name := c.Field
	switch {
	case c.Field == "actor" && c.Key != "":
		name = c.Key
	case c.Key != "" || c.Field == "label" || c.Field == "meta":
		name += "." + quoteKey(c.Key)
	}
	switch c.Field {
	case "time", "recorded":
		return name + ":" + c.Op + time.UnixMicro(c.Number).UTC().Format(time.RFC3339Nano)
	case "cost":
		return name + ":" + c.Op + formatMicros(c.Number)
	case "ip":
		return list(name, c.Prefixes, formatPrefix)
	case "severity":
		if c.Op == opGE && len(c.Values) > 0 {
			return name + ":>=" + quote(c.Values[0])
		}
	case "target", "label", "meta":
		if len(c.Values) == 0 {
			return name + ":*"
		}
	}
	if c.Op == opUnder {
		return list(name, c.Values, func(v string) string { return quote(v) + ".*" })
	}
	return list(name, c.Values, quote)
}

func list[T any](name string, values []T, format func(T) string) string {
	if len(values) == 0 {
		return nothing
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = format(v)
	}
	return name + ":" + strings.Join(parts, ",")
}

func formatPrefix(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// formatMicros writes millionths as a decimal number.
func formatMicros(n int64) string {
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u/1e6, 10)
	if frac := u % 1e6; frac != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%06d", frac), "0")
	}
	return sign + s
}

// quote writes a value bare where that reads back as the same, else in quotes.
func quote(v string) string {
	if v == "" || strings.Contains(v, "..") || strings.ContainsFunc(v, func(r rune) bool { return !bareRune(r) }) {
		return inQuotes(v)
	}
	return v
}

func quoteKey(k string) string {
	if k == "" || strings.ContainsFunc(k, func(r rune) bool { return !bareRune(r) || r == ':' }) {
		return inQuotes(k)
	}
	return k
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func inQuotes(v string) string { return `"` + escaper.Replace(v) + `"` }

// bareRune tells whether r may stand in a value without quotes.
func bareRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_@./:+#-", r)
}
