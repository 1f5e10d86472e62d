package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog/access"
)

var quickTitles = map[string]string{
	"ai": "AI messages", "errors": "Errors", "models": "Model switches", "signin": "Sign-ins", "rights": "Rights", "auto": "Automations",
}

var rangeTitles = map[string]string{"7d": "7 days", "30d": "30 days", "90d": "90 days", "all": "All time"}

// queryFields are offered while somebody types a query.
const queryFields = "actor acted action category project outcome severity target model provider ip session request cost since before label. meta. actor_type correlation id"

// controls sets all that changes what the page shows.
func (v *visit) controls(l *list, a asked, now time.Time) {
	h, p := v.h, &v.params
	l.Heading = v.heading()
	l.base = v.base(l.Heading + " · " + v.scopeName())
	l.Crumbs, l.Tabs = v.crumbs(l.Heading), v.tabs("log")
	l.Columns, l.ColumnChoice = v.columns(), v.columnChoice()
	l.Chips = v.chips()
	l.Clear = p.with(func(p *params) {
		*p = params{span: p.span, from: p.from, to: p.to, limit: p.limit, utc: p.utc, reads: p.reads, cols: p.cols}
	}).link()
	l.NoRange = p.with(func(p *params) { p.span = "all" }).link()
	l.Fields = queryFields
	for _, c := range v.categories() {
		l.Categories = append(l.Categories, option{Value: c, Text: h.categoryName(c)})
	}
	slices.SortFunc(l.Categories, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	if c := p.choices["category"]; len(c) == 1 && !strings.HasPrefix(c[0], "-") {
		l.Category = strings.TrimPrefix(c[0], `\`)
		if !slices.ContainsFunc(l.Categories, func(o option) bool { return o.Value == l.Category }) {
			l.Categories = append(l.Categories, option{Value: l.Category, Text: h.categoryName(l.Category)})
		}
	}
	for _, name := range quickNames {
		on := slices.Contains(p.quick, name)
		o := option{Value: name, Text: h.t(quickTitles[name]), On: on, Link: p.with(func(p *params) {
			if i := slices.Index(p.quick, name); i >= 0 {
				p.quick = slices.Delete(p.quick, i, i+1)
			} else {
				p.quick = append(p.quick, name)
			}
		}).link()}
		l.Quick = append(l.Quick, o)
	}
	for _, r := range ranges {
		l.Ranges = append(l.Ranges, option{Value: r, Text: h.t(rangeTitles[r]), On: p.span == r})
	}
	for _, n := range limits {
		l.Limits = append(l.Limits, option{Value: strconv.Itoa(n), Text: strconv.Itoa(n), On: p.limit == n})
	}
	l.Kept = v.kept(l.Category)
	from, to := a.from, a.to
	if to.IsZero() {
		to = now
	}
	l.From, l.To = v.input(from), v.input(to)
	if v.grant.Rights()&access.Export != 0 {
		l.Export = true
		link := p.with(func(*params) {}).encode()
		l.CSV, l.NDJSON = l.Here+"export?format=csv&"+link, l.Here+"export?format=ndjson&"+link
		if l.Unproved = v.unproved(); l.Unproved == "" {
			l.Pack = l.Here + "export?format=evidence&" + link
		}
	}
	l.Query, l.Sharing = p.with(func(*params) {}).encode(), v.route.scope.kind != "own"
	l.CopyNow = p.with(func(p *params) { p.event = v.params.event }).link()
	if a.to.IsZero() || a.to.After(now) {
		l.Live = v.route.scope.path() + p.with(func(*params) {}).link()
	}
	l.CopyFixed = p.with(func(p *params) {
		p.event = v.params.event
		if p.span != "" && p.span != "all" {
			p.span, p.from, p.to = "", a.from, now.UTC().Truncate(time.Second)
		}
	}).link()
	if !p.readsShown() {
		l.Reads = p.with(func(p *params) { p.reads = true }).link()
	}
	l.First = l.Shown == 0 && !p.filtered() && p.span == "all" && p.cursor == ""
	if l.Shown == 0 {
		l.WithoutFilters = l.Chips
	}
}

// kept are the parameters that the form sends along unchanged.
func (v *visit) kept(category string) []kept {
	var list []kept
	p := &v.params
	for _, f := range choiceFields {
		for _, value := range p.choices[f] {
			if f == "category" && category != "" {
				continue
			}
			list = append(list, kept{f, value})
		}
	}
	add := func(name, value string) {
		if value != "" {
			list = append(list, kept{name, value})
		}
	}
	add("alert", p.alert)
	add("cols", strings.Join(p.cols, ","))
	if p.utc {
		add("tz", "utc")
	}
	if p.reads {
		add("reads", "1")
	}
	return list
}

// input writes a time as an input of a browser wants it, in the zone of the page.
func (v *visit) input(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.zone()).Format("2006-01-02T15:04")
}

// categories are those of the catalogue.
func (v *visit) categories() []string {
	var list []string
	for _, a := range v.h.opts.Catalog.Actions() {
		if !slices.Contains(list, a.Category) {
			list = append(list, a.Category)
		}
	}
	return list
}

// heading is what the page is called.
func (v *visit) heading() string {
	switch v.route.scope.kind {
	case "platform":
		return v.h.t("Audit log")
	case "own":
		return v.h.t("My activity")
	}
	return v.h.opts.Title
}

// scopeName is whose log it is.
func (v *visit) scopeName() string {
	switch s := v.route.scope; s.kind {
	case "platform":
		return v.h.t("Platform")
	case "project":
		return v.h.projectName(s.org, s.project)
	default:
		return v.h.orgName(s.org)
	}
}

// crumbs lead from the host's pages down to this one.
func (v *visit) crumbs(last string) []crumb {
	s, root := v.route.scope, v.h.root(v.route.up)
	var list []crumb
	if len(v.grants) > 1 {
		list = append(list, crumb{v.h.t("All logs"), root})
	}
	if s.kind == "project" {
		up := crumb{Text: v.h.orgName(s.org)}
		if org := (scope{kind: "org", org: s.org}); covered(org, v) {
			up.URL = root + org.path()
		}
		list = append(list, up)
	}
	list = append(list, crumb{v.scopeName(), root + s.path()})
	return append(list, crumb{Text: last})
}

func covered(s scope, v *visit) bool {
	_, ok := s.grant(v.grants)
	return ok
}
