package web

import (
	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// alertsPage lists the alerts of an organization: those that wait for somebody, and those that are over.
func (v *visit) alertsPage() {
	if !v.watches() {
		v.fail(404, nil)
		return
	}
	now := v.h.opts.Now()
	list, err := v.alerts(v.r.Context())
	if err != nil {
		v.failReading(err)
		return
	}
	v.meetPeople(v.r.Context(), list)
	title := v.h.t("Alerts")
	page := struct {
		base
		Open, Past []alertCard
	}{base: v.base(title + " · " + v.scopeName())}
	page.Crumbs, page.Tabs = v.crumbs(title), v.tabs("alerts")
	for i := range list {
		if c := v.card(&list[i], now); c.open {
			page.Open = append(page.Open, c)
		} else {
			page.Past = append(page.Past, c)
		}
	}
	out := v.begin(200)
	out.part("alerts", page)
	out.end()
}

// alertPage explains one alert: what was seen, what is usual, which events it is about, and what became of it.
func (v *visit) alertPage(id string) {
	if !v.watches() {
		v.fail(404, nil)
		return
	}
	ctx, now := v.r.Context(), v.h.opts.Now()
	list, err := v.alerts(ctx)
	if err != nil {
		v.failReading(err)
		return
	}
	for i := range list {
		if list[i].Fingerprint != id {
			continue
		}
		page := alertDetail{base: v.base(""), Decides: v.grant.Allow(access.AckAlerts, v.route.scope.org) == nil}
		v.params.alert = id
		f, err := v.evidence(ctx)
		var shown, steps activitylog.Page
		if err == nil {
			shown, err = v.reader.Page(ctx, activitylog.Query{Filter: f, Limit: 20})
		}
		if err == nil {
			steps, err = v.reader.Page(ctx, activitylog.Query{Filter: activitylog.TargetIs("alert", id), Limit: 20})
		}
		if err != nil {
			v.failReading(err)
			return
		}
		v.learn(shown.Events)
		v.params.alert = ""
		page.Days, page.Steps, page.More = v.days(shown.Events, now), v.days(steps.Events, now), !shown.Next.IsZero()
		page.Chart = v.baseline(ctx, &list[i], shown.Events)
		v.meetPeople(ctx, list[i:i+1])
		page.Alert = v.card(&list[i], now)
		page.Decides = page.Decides && page.Alert.open
		page.Title = page.Alert.Title + " · " + v.scopeName()
		page.Crumbs, page.Tabs = v.crumbs(page.Alert.Title), v.tabs("alerts")
		out := v.begin(200)
		out.part("alert", page)
		out.end()
		return
	}
	v.fail(404, nil)
}

type alertDetail struct {
	base
	Alert   alertCard
	Days    []day
	More    bool // there are more events than these
	Steps   []day
	Decides bool
	Chart   *alertChart
}
