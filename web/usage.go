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
	Days     *usageDays
	Tables   []usageTable
	Slow     bool
	Currency string
}

type usageTotal struct{ Name, Value, Second string }

// usageDays are cost, tokens and messages by day, as pictures and as a table.
type usageDays struct {
	Charts []usageChart
	Rows   []usageRow
}

type usageChart struct {
	Title, Path, Highest string
	Ticks                []string
}

type usageTable struct {
	Title, Counted string // what its last column counts
	Rows           []usageRow
	Other          int
	Slow           bool
	Several        bool // an event may be in several rows
}

type usageRow struct {
	Name, Link, Cost, Tokens, Events string
	Width                            int // of 100
	micros, tokens, count            int64
}

// usageTime is how long the page may take: nothing else is on it. Figures that no index serves have usageScan each.
const (
	usageTime = 10 * time.Second
	usageScan = 3 * time.Second
)

func (v *visit) usagePage() {
	h, now := v.h, v.h.opts.Now()
	a, err := v.ask(now)
	if err != nil {
		v.failReading(err)
		return
	}
	if a.wrong != nil { // figures of something else than was asked for would be believed
		v.fail(http.StatusBadRequest, errors.New(a.wrong.Text))
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

// used tells whether a bucket by currency, something and action is about models, and how many messages it holds.
func used(b *activitylog.Bucket) (messages int64, ok bool) {
	action := b.Values[2]
	if action == "ai.message" || strings.HasPrefix(action, "ai.message.") {
		messages = b.Count
	}
	return messages, messages > 0 || b.Priced > 0 || b.InputTokens+b.OutputTokens > 0
}

// readUsage reads all figures of the page, each in the currency that most of the money is in.
func (v *visit) readUsage(ctx context.Context, page *usage, a asked) error {
	about := v.reader.About(a.filter)
	days, err := buckets(ctx, about, activitylog.Aggregation{By: []string{"currency", "model", "action"}, Step: 24 * time.Hour, Zone: v.zone()})
	if err != nil {
		return err
	}
	days = slices.DeleteFunc(days, func(b activitylog.Bucket) bool { _, ok := used(&b); return !ok })
	spent := map[string]int64{}
	for _, b := range days {
		spent[b.Values[0]] += b.CostMicros
	}
	page.Currency = mostSpent(days)
	var sum activitylog.Bucket
	for _, b := range days {
		n, _ := used(&b)
		if sum.Count += n; n > 0 {
			sum.Failures += b.Failures
		}
		sum.InputTokens += b.InputTokens
		sum.OutputTokens += b.OutputTokens
	}
	page.Totals = []usageTotal{
		{v.h.t("Cost"), money(spent[page.Currency], page.Currency), otherMoney(spent, page.Currency)},
		{v.h.t("Messages"), grouped(sum.Count), grouped(sum.Failures) + " " + v.h.t("failed")},
		{v.h.t("Tokens"), grouped(sum.InputTokens + sum.OutputTokens), grouped(sum.OutputTokens) + " " + v.h.t("of them out")},
	}
	page.Days = v.usageDays(days, page.Currency)
	page.add(v.usageTable("model", days, page.Currency))
	for _, field := range []string{"actor", "project", "provider"} {
		list, err := buckets(ctx, about, activitylog.Aggregation{By: []string{"currency", field, "action"}})
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(b activitylog.Bucket) bool { _, ok := used(&b); return !ok })
		if field == "actor" {
			var ids []string
			for _, r := range v.usageTable(field, list, page.Currency).Rows {
				ids = append(ids, r.Name)
			}
			v.meetByID(ctx, ids)
		}
		page.add(v.usageTable(field, list, page.Currency))
	}
	for _, field := range []string{"tool", "integration"} {
		if err := v.scanUsage(ctx, page, about, field); err != nil {
			return err
		}
	}
	return nil
}

// scanUsage reads figures over a field that stores have no column of, from the events that can have one.
func (v *visit) scanUsage(ctx context.Context, page *usage, about reader, field string) error {
	f := activitylog.ActionUnder("ai", "agent")
	if field == "integration" {
		f = activitylog.TargetIs("integration")
	}
	ctx, cancel := context.WithTimeout(ctx, usageScan)
	defer cancel()
	list, err := buckets(ctx, about, activitylog.Aggregation{Filter: f, By: []string{"currency", field, "action"}})
	if err != nil && ctx.Err() != nil {
		page.Tables = append(page.Tables, usageTable{Title: v.h.t(usageTitles[field]), Slow: true})
		return nil
	}
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(b activitylog.Bucket) bool { return b.Values[1] == "" })
	page.add(v.usageTable(field, list, page.Currency))
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

var usageTitles = map[string]string{
	"model": "By model", "actor": "By user", "project": "By project", "provider": "By provider", "tool": "By tool", "integration": "By integration",
}

// usageTable sums buckets by currency, a field and action by that field, the dearest first.
func (v *visit) usageTable(field string, list []activitylog.Bucket, currency string) usageTable {
	const most = 20
	uses := field == "tool" || field == "integration" // of which few are messages
	sums := map[string]*usageRow{}
	for i := range list {
		b := &list[i]
		name := b.Values[1]
		if sums[name] == nil {
			sums[name] = &usageRow{Name: name}
		}
		r := sums[name]
		r.add(b, currency)
		if messages, _ := used(b); uses {
			r.count += b.Count - messages
		}
	}
	t := usageTable{Title: v.h.t(usageTitles[field]), Counted: v.h.t("Messages")}
	if uses {
		t.Counted, t.Several = v.h.t("Events"), true
	}
	for _, r := range sums {
		t.Rows = append(t.Rows, *r)
	}
	slices.SortFunc(t.Rows, func(a, b usageRow) int {
		return cmp.Or(cmp.Compare(b.micros, a.micros), cmp.Compare(b.tokens, a.tokens), cmp.Compare(b.count, a.count), strings.Compare(a.Name, b.Name))
	})
	t.Other = max(0, len(t.Rows)-most)
	t.Rows = t.Rows[:min(len(t.Rows), most)]
	here := v.h.root(v.route.up) + v.route.scope.path()
	for i := range t.Rows {
		r := &t.Rows[i]
		switch {
		case r.Name == "":
		case slices.Contains(choiceFields, field):
			r.Link = here + v.params.with(func(p *params) { p.choices[field] = []string{literal(r.Name)} }).link()
		case field == "integration":
			r.Link = here + v.params.also(activitylog.TargetIs(field, r.Name).String()).link()
		}
		if r.Name = v.valueName(field, r.Name); r.Name == "" {
			r.Name = v.h.t("none")
		}
		r.figures(t.Rows[0].micros, currency)
	}
	return t
}

// add sums a bucket by currency, something and action.
func (r *usageRow) add(b *activitylog.Bucket, currency string) {
	messages, _ := used(b)
	r.count += messages
	r.tokens += b.InputTokens + b.OutputTokens
	if b.Values[0] == currency {
		r.micros += b.CostMicros
	}
}

func (r *usageRow) figures(highest int64, currency string) {
	r.Cost, r.Tokens, r.Events = money(r.micros, currency), grouped(r.tokens), grouped(r.count)
	if highest > 0 {
		r.Width = int(100 * max(0, r.micros) / highest)
	}
}

// usageDays draws each day of the range.
func (v *visit) usageDays(list []activitylog.Bucket, currency string) *usageDays {
	if len(list) == 0 {
		return nil
	}
	const form = "2 Jan 2006"
	zone := v.zone()
	d := &usageDays{}
	var starts []time.Time
	for i := range list { // in order of their days
		b := &list[i]
		if n := len(starts); n == 0 || !starts[n-1].Equal(b.Start) {
			p := v.params.with(func(p *params) { p.span, p.from, p.to = "", b.Start.UTC(), b.Start.In(zone).AddDate(0, 0, 1).UTC() })
			d.Rows = append(d.Rows, usageRow{Name: v.h.date(b.Start.In(zone), form), Link: v.h.root(v.route.up) + v.route.scope.path() + p.link()})
			starts = append(starts, b.Start)
		}
		d.Rows[len(d.Rows)-1].add(b, currency)
	}
	for i := range d.Rows {
		d.Rows[i].figures(0, currency)
	}
	for _, m := range []struct {
		title string
		of    func(*usageRow) int64
		write func(int64) string
	}{
		{v.h.t("Cost by day"), func(r *usageRow) int64 { return r.micros }, func(n int64) string { return money(n, currency) }},
		{v.h.t("Tokens by day"), func(r *usageRow) int64 { return r.tokens }, grouped},
		{v.h.t("Messages by day"), func(r *usageRow) int64 { return r.count }, grouped},
	} {
		c := usageChart{Title: m.title, Ticks: []string{d.Rows[0].Name}}
		if n := len(d.Rows); n > 1 {
			c.Ticks = append(c.Ticks, d.Rows[n-1].Name)
		}
		var highest int64
		for i := range d.Rows {
			highest = max(highest, m.of(&d.Rows[i]))
		}
		if highest == 0 {
			continue
		}
		days := dayOf(starts[len(starts)-1], starts[0]) + 1
		w := float64(chartWidth) / float64(days)
		var path strings.Builder
		for i := range d.Rows {
			n := m.of(&d.Rows[i])
			if n <= 0 {
				continue
			}
			height := max(1, float64(n)/float64(highest)*(chartHeight-6))
			appendBar(&path, float64(dayOf(starts[i], starts[0]))*w+w*.12, chartHeight-height, w*.76, height)
		}
		c.Path, c.Highest = path.String(), m.write(highest)
		d.Charts = append(d.Charts, c)
	}
	return d
}

// dayOf is how many days lie between the beginnings of two days, of which one may have 23 or 25 hours.
func dayOf(day, first time.Time) int { return int((day.Sub(first) + 12*time.Hour) / (24 * time.Hour)) }
