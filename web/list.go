package web

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/google/uuid"
)

// reader is what pages read by: an access.Reader, which records that.
type reader interface {
	Get(ctx context.Context, id uuid.UUID) (activitylog.Event, error)
	Page(ctx context.Context, q activitylog.Query) (activitylog.Page, error)
	Events(ctx context.Context, q activitylog.Query) iter.Seq2[activitylog.Event, error]
	Count(ctx context.Context, f activitylog.Filter, limit int64) (int64, error)
	Aggregate(ctx context.Context, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error]
}

var _ reader = access.Reader{}

// list is the page of a log: of an organization, a project, one's own activity or the platform.
type list struct {
	base
	Heading        string
	P              params
	Wrong          *problem
	Notices        []string
	Chips          []chip
	Categories     []option
	Quick          []option
	Ranges         []option
	Category       string // the only one that is chosen
	Kept           []kept // parameters that the form carries along
	From, To       string // of the range, as the browser's inputs want them
	Days           []day
	Shown          int
	Newer, Older   string
	Examined       bool  // whether the page is short, since rows were looked at in vain
	Looked         int64 // how many; 0: hidden
	Clear          string
	First          bool // the log holds nothing at all
	Columns        []column
	ColumnChoice   []option
	Limits         []option
	Export         bool
	CSV, NDJSON    string
	Pack, Unproved string // the address of the evidence pack, or why there is none
	Live           string // what a stream of this page follows; empty: nothing new can come
	CopyFixed      string
	Reads          string // the address that shows views of the log; empty: they are shown
	Panel          *detail
	Fields         string
	Late           bool // whether figures follow
	Alerts         *alertStrip
	Views          []savedView
	Query          string // of this page, as a view is saved
	Sharing        bool
	CopyNow        string
	NoRange        string
	WithoutFilters []chip
}

type option struct {
	Value, Text, Link string
	On                bool
}

type kept struct{ Name, Value string }

func (v *visit) listPage() {
	if v.params.messy {
		v.redirect(v.params.link())
		return
	}
	ctx, now := v.r.Context(), v.h.opts.Now()
	region := v.r.Header.Get("Activity-Region")
	if region == "panel" {
		v.panelOnly()
		return
	}
	a, err := v.ask(now)
	if err != nil {
		v.failReading(err)
		return
	}
	about := v.reader.About(a.filter)
	beside := *v // for figures, which know the address as it came
	if region == "figures" {
		fig := beside.figures(ctx, about, a, now)
		out := v.begin(200)
		out.part("late", fig)
		out.end()
		return
	}
	var open *alertStrip
	var views []savedView
	looked := make(chan any, 1)
	above := *v
	go func() {
		// A panic of the host's code here would end the process: the server expects it where it serves the request.
		defer func() { looked <- recover() }()
		open, views = above.strip(ctx, now), above.views(ctx)
	}()
	l, err := v.list(ctx, about, a, now)
	if p := <-looked; p != nil {
		panic(p)
	}
	if err != nil {
		v.failReading(err)
		return
	}
	if l.Panel, err = v.panel(); err != nil {
		l.Notices = append(l.Notices, v.h.t("The event of this address is not here any more, or not for you to see."))
		l.P.event = ""
	}
	l.Alerts, l.Views, l.Late = open, views, region != "list"
	out := v.begin(200)
	out.part("list", l)
	if l.Late { // only now, since they would share the database and the processors with the rows
		out.flush()
		out.part("late", beside.figures(ctx, about, a, now))
	}
	out.part("list-end", l)
	out.end()
}

// ask makes the filter of this page.
func (v *visit) ask(now time.Time) (asked, error) {
	if v.params.cursor == "" || v.params.pinned.IsZero() || v.params.pinned.After(now) {
		v.params.pinned = now.UTC().Truncate(time.Second)
	}
	a := v.params.ask(v.params.pinned, v.zone())
	if v.params.alert != "" {
		f, err := v.evidence(v.r.Context())
		if err != nil {
			return a, err
		}
		a.filter = a.filter.And(f)
	}
	return a, nil
}

// list reads one page of events.
func (v *visit) list(ctx context.Context, about reader, a asked, now time.Time) (*list, error) {
	h, p := v.h, &v.params
	l := &list{P: *p, Wrong: a.wrong}
	q := activitylog.Query{Limit: p.limit}
	var err error
	if q.Cursor, err = activitylog.ParseCursor(p.cursor); err == nil {
		var page activitylog.Page
		page, err = about.Page(ctx, q)
		if err == nil {
			v.fill(l, page, now)
		}
	}
	if errors.Is(err, activitylog.ErrCursor) {
		// The filter changed under an old address: the place in the pages means nothing any more.
		l.Notices = append(l.Notices, h.t("This address was of a page of other filters. Here is the first page."))
		p.cursor, p.pinned = "", now.UTC().Truncate(time.Second)
		var page activitylog.Page
		if page, err = about.Page(ctx, activitylog.Query{Limit: p.limit}); err == nil {
			v.fill(l, page, now)
		}
	}
	if err != nil {
		return nil, err
	}
	v.controls(l, a, now)
	return l, nil
}

func (v *visit) fill(l *list, page activitylog.Page, now time.Time) {
	v.learn(page.Events)
	l.Days, l.Shown, l.Examined = v.days(page.Events, now), len(page.Events), page.Examined > 0
	l.Looked = int64(v.examined(page.Examined))
	turn := func(c activitylog.Cursor) string {
		if c.IsZero() {
			return ""
		}
		return v.params.with(func(p *params) { p.cursor, p.pinned = c.String(), v.params.pinned }).link()
	}
	l.Newer, l.Older = turn(page.Prev), turn(page.Next)
}
