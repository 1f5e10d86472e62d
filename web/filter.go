package web

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// asked is what the filters of a page come to.
type asked struct {
	filter   activitylog.Filter
	from, to time.Time // the range in which the events lie; zero: open
	wrong    *problem  // what is wrong with the typed part, which is left out then
}

// problem is a mistake in what was typed.
type problem struct {
	Pos  int
	Text string
	// Before, At and Behind are the typed text around the mistake.
	Before, At, Behind string
}

var quickFilters = map[string]activitylog.Filter{
	"ai":     activitylog.ActionUnder("ai.message"),
	"errors": activitylog.OutcomeIs(activitylog.Failure, activitylog.Denied),
	"models": activitylog.ActionIs("ai.model.switch"),
	"signin": activitylog.ActionUnder("auth.login", "auth.logout"),
	"rights": activitylog.ActionUnder("member", "access", "apikey", "agent.permission", "auth.mfa", "auth.sso", "auth.impersonate"),
	"auto":   activitylog.ActorTypeIs(activitylog.Agent, activitylog.Service, activitylog.System, activitylog.APIKey),
}

// viewsOfLog are the records of reading this log, which readers make themselves while they look around.
var viewsOfLog = activitylog.ActionIs("audit.view")

// ask makes the filter of a page. now is the moment of the first page of its range.
func (p *params) ask(now time.Time, zone *time.Location) asked {
	a := asked{}
	typed, err := activitylog.ParseFilter(p.q)
	var wrong *activitylog.SyntaxError
	switch {
	case errors.As(err, &wrong):
		a.wrong = newProblem(p.q, wrong.Pos, wrong.Text)
	case err != nil:
		a.wrong = &problem{Text: err.Error(), Before: p.q}
	case terms(typed.Expr())+p.chosen() > maxTerms:
		a.wrong = &problem{Text: "there are more than 24 conditions", Before: p.q}
	default:
		a.filter = typed
	}
	for _, f := range choiceFields {
		a.filter = a.filter.And(chosen(f, p.choices[f]))
	}
	for _, name := range p.quick {
		a.filter = a.filter.And(quickFilters[name])
	}
	if !p.readsShown() {
		a.filter = a.filter.And(activitylog.Not(viewsOfLog))
	}
	a.from, a.to = p.window(now, zone)
	if !a.from.IsZero() {
		a.filter = a.filter.And(activitylog.Since(a.from))
	}
	if !a.to.IsZero() {
		a.filter = a.filter.And(activitylog.Before(a.to))
	}
	return a
}

// readsShown tells whether views of the log are listed: where that is asked for.
func (p *params) readsShown() bool {
	return p.reads || slices.Contains(p.choices["category"], "audit") || len(p.choices["action"]) > 0 || strings.Contains(p.q, "audit")
}

// window is the range of time. Days are those of the reader, so that 7 days are today and the seven days before it.
func (p *params) window(now time.Time, zone *time.Location) (from, to time.Time) {
	days := map[string]int{"7d": 7, "30d": 30, "90d": 90}[p.span]
	switch {
	case p.span == "":
		return p.from, p.to
	case days == 0:
		return time.Time{}, time.Time{}
	}
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d-days, 0, 0, 0, 0, zone).UTC(), time.Time{}
}

// chosen is the filter of one field: one of the values, and none of those that are excluded.
func chosen(field string, values []string) activitylog.Filter {
	var in, out []string
	for _, v := range values {
		if rest, ok := strings.CutPrefix(v, "-"); ok {
			out = append(out, rest)
		} else {
			in = append(in, strings.TrimPrefix(v, `\`))
		}
	}
	var f activitylog.Filter
	if len(in) > 0 {
		f = f.And(fieldIs(field, in))
	}
	if len(out) > 0 {
		f = f.And(activitylog.Not(fieldIs(field, out)))
	}
	return f
}

// literal is a value of a field as a parameter, where a leading dash would exclude it.
func literal(value string) string {
	if strings.HasPrefix(value, "-") || strings.HasPrefix(value, `\`) {
		return `\` + value
	}
	return value
}

func fieldIs(field string, values []string) activitylog.Filter {
	switch field {
	case "action":
		return activitylog.ActionUnder(values...)
	case "actor":
		return activitylog.ActorIs(values...)
	case "category":
		return activitylog.CategoryIs(values...)
	case "model":
		return activitylog.ModelIs(values...)
	case "outcome":
		outcomes := make([]activitylog.Outcome, len(values))
		for i, v := range values {
			outcomes[i] = activitylog.Outcome(v)
		}
		return activitylog.OutcomeIs(outcomes...)
	case "project":
		return activitylog.ProjectIs(values...)
	}
	return orgIs(values)
}

// orgIs is a condition on the organization, which has no constructor: readers of one have no need of it.
func orgIs(values []string) activitylog.Filter {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
	}
	f, err := activitylog.ParseFilter("org:" + strings.Join(quoted, ","))
	if err != nil {
		return activitylog.Any()
	}
	return f
}

func (p *params) chosen() int {
	n := len(p.quick)
	for _, values := range p.choices {
		n += len(values)
	}
	return n
}

// terms counts the conditions of a filter and their further values.
func terms(x activitylog.Expr) int {
	n := 0
	switch x := x.(type) {
	case activitylog.AndExpr:
		for _, part := range x {
			n += terms(part)
		}
	case activitylog.OrExpr:
		for _, part := range x {
			n += terms(part)
		}
	case activitylog.NotExpr:
		return terms(x.X)
	case activitylog.Cond:
		return max(1, len(x.Values)+len(x.Prefixes))
	default:
		return 1
	}
	return n
}

func newProblem(q string, pos int, text string) *problem {
	pos = min(max(pos, 0), len(q))
	at, behind := q[pos:], ""
	if i := strings.IndexByte(at, ' '); i > 0 {
		at, behind = at[:i], at[i:]
	}
	return &problem{Pos: pos, Text: text, Before: q[:pos], At: at, Behind: behind}
}
