package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/review"
)

// governance is the page of how the log itself is kept: for how long, what is held, what should be recorded and is not,
// who reviewed it and who looked at it.
type governance struct {
	base
	Rules, Platform []ruleLine
	Holds           []holdLine
	Hidden          int // holds of the platform that are only counted here
	Reviews         []reviewLine
	Coverage        []coverageLine
	CoverageSlow    bool
	Readers         []day
	ReadersLink     string
	Retains, Books  bool // whether the host gave what knows
	Reviewing       bool // whether the reader may sign off
	Health          health
}

type ruleLine struct{ Name, Filter, Min, Max, Note string }

type holdLine struct{ ID, Filter, Reason, By, At string }

type reviewLine struct {
	Subject, Title, Every, Last, By, Note string
	Overdue                               bool
	From                                  time.Time
}

type coverageLine struct {
	Action, Finding, Last string
	Required              bool
}

var subjectTitles = map[review.Subject]string{
	review.TheLog: "The log", review.RetentionRules: "Rules of retention", review.AccessRules: "Rules of access",
}

// governs tells whether this scope has the page: for a whole organization, to those from whom nothing in it is hidden.
func (v *visit) governs() bool {
	const need = access.View | access.ViewSensitive
	return v.route.scope.kind == "org" && v.grant.Rights()&need == need
}

func (v *visit) governancePage() {
	if !v.governs() {
		v.fail(http.StatusNotFound, nil)
		return
	}
	h, ctx, now := v.h, v.r.Context(), v.h.opts.Now()
	title := h.t("Governance")
	page := governance{base: v.base(title + " · " + v.scopeName()), Retains: h.opts.Keeper != nil, Books: h.opts.Book != nil}
	page.Crumbs, page.Tabs = v.crumbs(title), v.tabs("governance")
	// Who reads the log comes first, since reading it records this view.
	readers, err := v.reader.About(activitylog.ActionUnder("audit.view", "audit.export")).Page(ctx, activitylog.Query{Limit: 15})
	if err == nil {
		err = v.retained(ctx, &page)
	}
	if err == nil {
		err = v.reviews(ctx, &page, now)
	}
	if err == nil {
		err = v.coverage(ctx, &page, now)
	}
	if err != nil {
		v.failReading(err)
		return
	}
	page.Readers = v.days(readers.Events, now)
	page.Health = v.health(ctx, now)
	p := params{span: "90d", limit: limits[0], q: "action:audit.view,audit.export", utc: v.params.utc}
	page.ReadersLink = page.Here + p.link()
	out := v.begin(http.StatusOK)
	out.part("governance", page)
	out.end()
}

// platformwide tells whether the reader may read what concerns all organizations: it may name another one.
func (v *visit) platformwide() bool {
	return slices.ContainsFunc(v.grants, func(g access.Grant) bool { return g.Allow(access.View|access.ViewSensitive, "") == nil })
}

// retained reads rules and holds of retention. Those of the platform are told without what they are about, except to those
// who read all of it.
func (v *visit) retained(ctx context.Context, page *governance) error {
	k := v.h.opts.Keeper
	if k == nil {
		return nil
	}
	own, err := k.Rules(ctx, v.route.scope.org)
	if err != nil {
		return err
	}
	platform, err := k.Rules(ctx, "")
	if err != nil {
		return err
	}
	page.Rules, page.Platform = v.ruleLines(own), v.ruleLines(platform)
	open := v.platformwide()
	for i := range page.Platform {
		if l := &page.Platform[i]; !open {
			l.Filter, l.Note = "", ""
		}
	}
	for _, org := range []string{v.route.scope.org, ""} {
		holds, err := k.Holds(ctx, org)
		if err != nil {
			return err
		}
		if org == "" && !open {
			page.Hidden = len(holds)
			continue
		}
		for _, x := range holds {
			page.Holds = append(page.Holds, holdLine{x.ID, all(v.h, x.Filter), x.Reason, first(x.By.Name, x.By.ID), v.h.moment(x.At.In(v.zone()))})
		}
	}
	return nil
}

func (v *visit) ruleLines(rules []retention.Rule) []ruleLine {
	var list []ruleLine
	days := func(d retention.Days) string {
		if d == 0 {
			return "–"
		}
		return fmt.Sprintf(v.h.t("%d days"), int(d))
	}
	for _, r := range rules {
		list = append(list, ruleLine{r.Name, all(v.h, r.Filter), days(r.Min), days(r.Max), r.Note})
	}
	return list
}

func all(h *Handler, f activitylog.Filter) string { return first(f.String(), h.t("all events")) }

// reviews reads what is to be reviewed, and when that was done.
func (v *visit) reviews(ctx context.Context, page *governance, now time.Time) error {
	b, org := v.h.opts.Book, v.route.scope.org
	if b == nil {
		return nil
	}
	page.Reviewing = v.grant.Allow(access.Review, org) == nil
	duties, err := b.Duties(ctx, org)
	if err != nil {
		return err
	}
	if len(duties) == 0 {
		duties = review.DefaultDuties()
	}
	overdue, err := b.Overdue(ctx, org)
	if err != nil {
		return err
	}
	for _, d := range duties {
		done, err := b.Reviews(ctx, org, d.Subject, 1)
		if err != nil {
			return err
		}
		l := reviewLine{Subject: string(d.Subject), Title: v.h.t(first(subjectTitles[d.Subject], string(d.Subject))), Every: fmt.Sprintf(v.h.t("every %d days"), d.Days), From: now.AddDate(0, 0, -d.Days)}
		if len(done) > 0 {
			l.Last, l.By, l.Note = v.h.moment(done[0].At.In(v.zone())), first(done[0].Reviewer.Name, done[0].Reviewer.ID), done[0].Note
		}
		for _, o := range overdue {
			l.Overdue = l.Overdue || o.Subject == d.Subject
		}
		page.Reviews = append(page.Reviews, l)
	}
	return nil
}

// coverage compares the last month with the catalogue.
func (v *visit) coverage(ctx context.Context, page *governance, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, figuresTime)
	defer cancel()
	c, err := review.Cover(ctx, v.reader.About(activitylog.Filter{}), v.h.opts.Catalog, review.Window{From: now.AddDate(0, 0, -30), To: now})
	if err != nil {
		page.CoverageSlow = ctx.Err() != nil
		if page.CoverageSlow {
			return nil
		}
		return err
	}
	for _, i := range c.Items {
		l := coverageLine{Action: i.Action, Finding: v.h.t(string(i.Finding)), Required: i.Required}
		if !i.Last.IsZero() {
			l.Last = v.h.moment(i.Last.In(v.zone()))
		}
		page.Coverage = append(page.Coverage, l)
	}
	return nil
}

// signOff records that somebody reviewed a subject.
func (v *visit) signOff() {
	b, org := v.h.opts.Book, v.route.scope.org
	if b == nil || !v.governs() {
		v.fail(http.StatusNotFound, nil)
		return
	}
	if v.grant.Allow(access.Review, org) != nil {
		v.fail(http.StatusForbidden, nil)
		return
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 16<<10)
	if err := v.r.ParseForm(); err != nil {
		v.fail(http.StatusBadRequest, errors.New("the form could not be read"))
		return
	}
	now := v.h.opts.Now()
	from, err := parseMoment(v.r.PostForm.Get("from"), v.zone())
	if err != nil || from.IsZero() || !from.Before(now) {
		from = now.AddDate(0, 0, -30)
	}
	ctx := v.grant.Under(v.r.Context())
	r := review.Review{
		Org: org, Subject: review.Subject(v.r.PostForm.Get("subject")), Reviewer: v.grant.Actor(), OnBehalfOf: v.grant.Behalf(), Window: review.Window{From: from, To: now},
		Note: strings.TrimSpace(v.r.PostForm.Get("note")),
	}
	for line := range strings.Lines(v.r.PostForm.Get("findings")) {
		if line = strings.TrimSpace(line); line != "" {
			r.Findings = append(r.Findings, line)
		}
	}
	switch err := b.Record(ctx, r); {
	case errors.Is(err, activitylog.ErrInvalid):
		v.fail(http.StatusBadRequest, errors.New(v.h.t("This review cannot be recorded: the subject is not known, or the duty asks for another role.")))
	case err != nil:
		v.failReading(err)
	default:
		v.redirect("./?done=1")
	}
}
