package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// usage is the page of what models were used for and what that cost.
type usage struct {
	base
	Ranges   []option
	Totals   []usageTotal
	Days     *usageChart
	Tables   []usageTable
	Slow     bool
	Currency string
}

type usageTotal struct{ Name, Value, Second string }

// usageChart is cost by day, as a picture and as a table.
type usageChart struct {
	Path    string
	Rows    []usageRow
	Highest string
	Ticks   []string
}

type usageTable struct {
	Title string
	Rows  []usageRow
	Other int
}

type usageRow struct {
	Name, Link, Cost, Tokens, Events string
	Width                            int // of 100
	micros, tokens, count            int64
}

// usageTime is how long the page may take: nothing else is on it.
const usageTime = 10 * time.Second

func (v *visit) usagePage() {
	h, now := v.h, v.h.opts.Now()
	a, err := v.ask(now)
	if err != nil {
		v.failReading(err)
		return
	}
	title := h.t("Usage")
	page := usage{base: v.base(title + " · " + v.scopeName())}
	page.Crumbs, page.Tabs = v.crumbs(title), v.tabs("usage")
	for _, r := range ranges {
		page.Ranges = append(page.Ranges, option{Text: h.t(rangeTitles[r]), On: v.params.span == r, Link: v.params.with(func(p *params) { p.span = r }).link()})
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), usageTime)
	defer cancel()
	err = v.readUsage(ctx, &page, a)
	switch {
	case errors.Is(err, access.ErrDenied):
		v.fail(http.StatusForbidden, nil)
		return
	case err != nil && ctx.Err() != nil:
		page.Slow = true
	case err != nil:
		v.failReading(err)
		return
	}
	out := v.begin(http.StatusOK)
	out.part("usage", page)
	out.end()
}

// readUsage reads all figures of the page, each in the currency that most of the money is in.
func (v *visit) readUsage(ctx context.Context, page *usage, a asked) error {
	about := v.reader.About(a.filter)
	days, err := buckets(ctx, about, activitylog.Aggregation{By: []string{"currency", "model"}, Step: 24 * time.Hour, Zone: v.zone()})
	if err != nil {
		return err
	}
	days = slices.DeleteFunc(days, func(b activitylog.Bucket) bool { return b.Values[1] == "" })
	spent := map[string]int64{}
	for _, b := range days {
		spent[b.Values[0]] += b.CostMicros
	}
	for c, n := range spent {
		if n > spent[page.Currency] || n == spent[page.Currency] && c > page.Currency {
			page.Currency = c
		}
	}
	var sum activitylog.Bucket
	for _, b := range days {
		sum.Count += b.Count
		sum.InputTokens += b.InputTokens
		sum.OutputTokens += b.OutputTokens
		sum.Failures += b.Failures
	}
	page.Totals = []usageTotal{
		{v.h.t("Cost"), money(spent[page.Currency], page.Currency), otherMoney(spent, page.Currency)},
		{v.h.t("Uses of models"), grouped(sum.Count), grouped(sum.Failures) + " " + v.h.t("failed")},
		{v.h.t("Tokens"), grouped(sum.InputTokens + sum.OutputTokens), grouped(sum.OutputTokens) + " " + v.h.t("of them out")},
	}
	page.Days = v.usageDays(days, page.Currency)
	page.add(v.usageTable("model", days, 1, page.Currency))
	for _, field := range []string{"actor", "project", "provider"} {
		list, err := buckets(ctx, about, activitylog.Aggregation{By: []string{"currency", field, "model"}})
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(b activitylog.Bucket) bool { return b.Values[2] == "" })
		if field == "actor" {
			var ids []string
			for _, r := range v.usageTable(field, list, 1, page.Currency).Rows {
				ids = append(ids, r.Name)
			}
			v.meetByID(ctx, ids)
		}
		page.add(v.usageTable(field, list, 1, page.Currency))
	}
	return nil
}

func (u *usage) add(t usageTable) {
	if len(t.Rows) > 0 {
		u.Tables = append(u.Tables, t)
	}
}

// otherMoney names what was spent in other currencies, which cannot be added up.
func otherMoney(spent map[string]int64, main string) string {
	var list []string
	for c, n := range spent {
		if c != main && n > 0 {
			list = append(list, money(n, c))
		}
	}
	slices.Sort(list)
	if len(list) == 0 {
		return ""
	}
	return "+ " + strings.Join(list, " + ")
}

// usageTable sums figures by one of their values, the dearest first.
func (v *visit) usageTable(field string, list []activitylog.Bucket, at int, currency string) usageTable {
	const most = 20
	titles := map[string]string{"model": "By model", "actor": "By user", "project": "By project", "provider": "By provider"}
	sums := map[string]*usageRow{}
	for _, b := range list {
		name := b.Values[at]
		if sums[name] == nil {
			sums[name] = &usageRow{Name: name}
		}
		r := sums[name]
		r.count += b.Count
		r.tokens += b.InputTokens + b.OutputTokens
		if b.Values[0] == currency {
			r.micros += b.CostMicros
		}
	}
	t := usageTable{Title: v.h.t(titles[field])}
	for _, r := range sums {
		t.Rows = append(t.Rows, *r)
	}
	slices.SortFunc(t.Rows, func(a, b usageRow) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(b.tokens, a.tokens), strings.Compare(a.Name, b.Name))
	})
	t.Other = max(0, len(t.Rows)-most)
	t.Rows = t.Rows[:min(len(t.Rows), most)]
	here := v.h.root(v.route.up) + v.route.scope.path()
	for i := range t.Rows {
		r := &t.Rows[i]
		if slices.Contains(choiceFields, field) && r.Name != "" {
			r.Link = here + v.params.with(func(p *params) { p.choices[field] = []string{literal(r.Name)} }).link()
		}
		r.Name = v.valueName(field, r.Name)
		r.figures(t.Rows[0].micros, currency)
	}
	return t
}

func (r *usageRow) figures(highest int64, currency string) {
	r.Cost, r.Tokens, r.Events = money(r.micros, currency), grouped(r.tokens), grouped(r.count)
	if highest > 0 {
		r.Width = int(100 * r.micros / highest)
	}
}

// usageDays draws what each day cost.
func (v *visit) usageDays(list []activitylog.Bucket, currency string) *usageChart {
	c := &usageChart{}
	var highest int64
	for _, b := range list { // in order of their days
		name := b.Start.In(v.zone()).Format("2 Jan 2006")
		if n := len(c.Rows); n == 0 || c.Rows[n-1].Name != name {
			p := v.params.with(func(p *params) { p.span, p.from, p.to = "", b.Start.UTC(), b.Start.In(v.zone()).AddDate(0, 0, 1).UTC() })
			c.Rows = append(c.Rows, usageRow{Name: name, Link: v.h.root(v.route.up) + v.route.scope.path() + p.link()})
		}
		r := &c.Rows[len(c.Rows)-1]
		r.count += b.Count
		r.tokens += b.InputTokens + b.OutputTokens
		if b.Values[0] == currency {
			r.micros += b.CostMicros
		}
		highest = max(highest, r.micros)
	}
	if len(c.Rows) == 0 || highest == 0 {
		return nil
	}
	first := list[0].Start
	days := int(list[len(list)-1].Start.Sub(first).Hours()/24+1.5) + 1
	var b strings.Builder
	w := float64(chartWidth) / float64(days)
	at := 0
	for i := range c.Rows {
		r := &c.Rows[i]
		r.figures(highest, currency)
		day, err := time.ParseInLocation("2 Jan 2006", r.Name, v.zone())
		if err == nil {
			at = int(day.Sub(first).Hours()/24 + 0.5)
		}
		height := max(1, float64(r.micros)/float64(highest)*(chartHeight-6))
		appendBar(&b, float64(at)*w+w*.12, chartHeight-height, w*.76, height)
	}
	c.Path, c.Highest = b.String(), money(highest, currency)
	c.Ticks = []string{c.Rows[0].Name, c.Rows[len(c.Rows)-1].Name}
	return c
}
