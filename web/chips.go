package web

import (
	"slices"
	"strings"
)

// chip is an active filter with the address of the page without it.
type chip struct {
	Field, Value string
	Not          bool
	Without      string
}

// chips are all active filters: chosen ones by field, then the terms of what was typed.
func (v *visit) chips() []chip {
	p := &v.params
	var list []chip
	for _, f := range choiceFields {
		for _, value := range p.choices[f] {
			c := chip{Field: v.h.t(fieldTitles[f]), Without: p.toggled(f, value).link()}
			rest, not := strings.CutPrefix(value, "-")
			c.Not = not
			c.Value = v.askedName(f, strings.TrimPrefix(rest, `\`))
			list = append(list, c)
		}
	}
	if p.alert != "" {
		list = append(list, chip{Field: v.h.t("Alert"), Value: v.alertName, Without: p.with(func(p *params) { p.alert = "" }).link()})
	}
	for _, span := range split(p.q) {
		without := strings.TrimSpace(p.q[:span.from] + p.q[span.to:])
		c := chip{Value: p.q[span.from:span.to], Without: p.with(func(p *params) { p.q = strings.Join(strings.Fields(without), " ") }).link()}
		if strings.Contains(without, `"`) { // white space counts inside of quotes
			c.Without = p.with(func(p *params) { p.q = without }).link()
		}
		list = append(list, c)
	}
	return list
}

var fieldTitles = map[string]string{
	"action": "Action", "actor": "User", "category": "Category", "model": "Model", "org": "Organization", "outcome": "Outcome", "project": "Project",
}

// askedName is what a value that the address names is called. Anybody can write an address, so that the host is asked only
// for names of what the grants cover.
func (v *visit) askedName(field, value string) string {
	s := v.route.scope
	switch {
	case s.kind == "platform":
	case field == "org" && value != s.org, field == "project" && value != "" && !covered(scope{"project", s.org, value}, v):
		return value
	}
	return v.valueName(field, value)
}

// valueName is what a value of a field of events that the reader sees is called.
func (v *visit) valueName(field, value string) string {
	switch field {
	case "category":
		return v.h.categoryName(value)
	case "outcome":
		return v.h.outcomeName(value)
	case "actor":
		return v.actorName(value)
	case "org":
		return v.h.orgName(value)
	case "project":
		if value == "" {
			return v.h.t("none")
		}
		return v.h.projectName(v.route.scope.org, value)
	}
	return value
}

// span is a part of a text.
type span struct{ from, to int }

// split finds the terms of a query, in which quotes and brackets keep together what they enclose. A query with "or" at
// its top is one term, since no part of it could be taken away alone.
func split(q string) []span {
	var list []span
	depth, start, quoted := 0, -1, false
	for i := 0; i < len(q); i++ {
		c := q[i]
		switch {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ' ' && depth <= 0:
			if start >= 0 {
				list = append(list, span{start, i})
			}
			start = -1
			continue
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		list = append(list, span{start, len(q)})
	}
	if slices.ContainsFunc(list, func(s span) bool { return strings.EqualFold(q[s.from:s.to], "or") }) {
		return []span{{0, len(q)}}
	}
	return list
}
