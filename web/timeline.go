package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
)

// timeline is the page of what happened lately, for people who want to follow rather than search.
type timeline struct {
	base
	Heading      string
	Days         []timelineDay
	Kinds        []option // categories to look at alone
	Ranges       []option
	Newer, Older string
	Log          string // the same as a list
}

type timelineDay struct {
	Name, Date string
	Items      []burst
}

// burst is one event, or several of one kind by one actor in a row.
type burst struct {
	Row    row
	More   []row
	Text   string // of several: what they were together
	Since  string
	Failed bool
}

// burstGap is how much time may lie between two events of a burst.
const burstGap = 5 * time.Minute

// kinds are the categories that the page offers.
var kinds = []string{"ai", "member", "project", "agent", "data", "integration"}

func (v *visit) timelinePage() {
	h, p, now := v.h, &v.params, v.h.opts.Now()
	if p.messy {
		v.redirect(p.link())
		return
	}
	a, err := v.ask(now)
	if err != nil {
		v.failReading(err)
		return
	}
	if a.wrong != nil { // the page has no line to tell of it
		v.fail(http.StatusBadRequest, errors.New(a.wrong.Text))
		return
	}
	q := activitylog.Query{Limit: limits[1]}
	if q.Cursor, err = activitylog.ParseCursor(p.cursor); err != nil {
		q.Cursor = activitylog.Cursor{}
	}
	about := v.reader.About(a.filter)
	page, err := about.Page(v.r.Context(), q)
	if errors.Is(err, activitylog.ErrCursor) {
		q.Cursor = activitylog.Cursor{}
		page, err = about.Page(v.r.Context(), q)
	}
	if err != nil {
		v.failReading(err)
		return
	}
	v.learn(page.Events)
	t := timeline{Heading: h.t("Recent activity")}
	t.base = v.base(t.Heading + " · " + v.scopeName())
	t.Crumbs, t.Tabs = v.crumbs(t.Heading), v.tabs("recent")
	t.Log = t.Here + p.with(func(*params) {}).link()
	t.Days = v.bursts(page.Events, now)
	turn := func(c activitylog.Cursor) string {
		if c.IsZero() {
			return ""
		}
		return p.with(func(n *params) { n.cursor, n.pinned = c.String(), p.pinned }).link()
	}
	t.Newer, t.Older = turn(page.Prev), turn(page.Next)
	only := p.choices["category"]
	t.Kinds = []option{{Text: h.t("All"), On: len(only) == 0, Link: p.with(func(p *params) { delete(p.choices, "category") }).link()}}
	for _, k := range kinds {
		t.Kinds = append(t.Kinds, option{Text: h.categoryName(k), On: slices.Equal(only, []string{k}), Link: p.with(func(p *params) { p.choices["category"] = []string{k} }).link()})
	}
	for _, r := range ranges {
		t.Ranges = append(t.Ranges, option{Text: h.t(rangeTitles[r]), On: p.span == r, Link: p.with(func(p *params) { p.span = r }).link()})
	}
	out := v.begin(200)
	out.part("timeline", t)
	out.end()
}

// bursts folds events, which come newest first, where the same actor does the same within minutes.
func (v *visit) bursts(events []activitylog.Event, now time.Time) []timelineDay {
	var list []timelineDay
	i := 0
	for _, d := range v.days(events, now) {
		day := timelineDay{Name: d.Name, Date: d.Date}
		for j := range d.Rows {
			e := &events[i]
			i++
			if j > 0 && same(&events[i-2], e) {
				b := &day.Items[len(day.Items)-1]
				b.More = append(b.More, d.Rows[j])
				b.Since = d.Rows[j].Time
				continue
			}
			day.Items = append(day.Items, burst{Row: d.Rows[j], Failed: d.Rows[j].Outcome.Class == "fail"})
		}
		for j := range day.Items {
			if n := len(day.Items[j].More); n > 0 {
				day.Items[j].Text = fmt.Sprintf(v.h.t("and %d more since %s"), n, day.Items[j].Since)
			}
		}
		list = append(list, day)
	}
	return list
}

// same tells whether an event belongs to the burst of the one that came after it.
func same(later, e *activitylog.Event) bool {
	return e.Actor.ID == later.Actor.ID && e.Action == later.Action && e.Outcome == later.Outcome && e.Org == later.Org &&
		e.Project == later.Project && later.Time.Sub(e.Time) < burstGap
}
