package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/demo"
)

// told is a finding in the demo, and the planted incident that it comes from; nil: none was planted.
type told struct {
	alerts.Finding
	planted *demo.Incident
}

// finds tells whether it is what the incident was planted for, rather than something that came with it.
func (t *told) finds() bool { return t.planted != nil && t.planted.Alert == t.Rule }

// beside pairs the findings of an organization with what was planted there. shares tells whether the log has an event
// that a filter means. A finding comes from an incident of the same time if it is about some of its events, or about
// the same subject: what somebody did beside it. Where several incidents fit, it is the one planted for the rule.
func beside(found []alerts.Finding, planted []demo.Incident, shares func(activitylog.Filter) (bool, error)) ([]told, error) {
	list := make([]told, len(found))
	for n, f := range found {
		list[n].Finding = f
		best := 0
		for i := range planted {
			p := &planted[i]
			if p.Org != f.Org || !p.From.Before(f.Window.To) || !f.Window.From.Before(p.To) {
				continue
			}
			some, err := shares(f.Filter.And(p.Filter))
			if err != nil {
				return nil, err
			}
			fit := 0
			switch {
			case some && p.Alert == f.Rule:
				fit = 3
			case p.Subject == f.Subject.ID && p.Alert != f.Rule:
				fit = 2
			case some:
				fit = 1
			}
			if fit > best {
				list[n].planted, best = p, fit
			}
		}
	}
	return list, nil
}

// worthShowing are the findings of medium and above, and for an incident that has none of these what else finds it.
func worthShowing(list []told) (shown []told) {
	severe := func(t told) bool { return t.Severity != activitylog.Info && t.Severity != activitylog.Low }
	for _, t := range list {
		better := func(o told) bool { return o.planted == t.planted && o.finds() && severe(o) }
		if severe(t) || t.finds() && !slices.ContainsFunc(list, better) {
			shown = append(shown, t)
		}
	}
	return shown
}

// showAlerts prints what the alerts find in the demo, with what was planted beside it.
func (d *demoLog) showAlerts(ctx context.Context, b *strings.Builder, db *database, made time.Time) error {
	planted := demo.Incidents(demo.Options{Seed: d.seed, End: made, Size: d.size})
	found := map[string]bool{}
	fmt.Fprintf(b, "\nalerts, and what was planted\n")
	for _, o := range demo.Orgs() {
		var figures alerts.Figures
		for e, err := range db.Org(o.ID).Events(ctx, activitylog.Query{Filter: activitylog.Before(made), Order: activitylog.Oldest}) {
			if err != nil {
				return err
			}
			figures.Add(&e)
		}
		episodes := alerts.Episodes(alerts.Judge(&figures, time.Time{}, made, alerts.Config{Org: o.ID, Zone: o.Zone}))
		list, err := beside(episodes, planted, func(f activitylog.Filter) (bool, error) {
			n, err := db.Org(o.ID).Count(ctx, f, 1)
			return n > 0, err
		})
		if err != nil {
			return err
		}
		for _, t := range worthShowing(list) {
			what := "-"
			if t.planted != nil {
				what = firstPart(t.planted.What)
			}
			if t.finds() {
				found[t.planted.What] = true
			}
			fmt.Fprintf(b, "  %-12s  %-8s  %-20s  %-22s  %s  %s\n", o.ID, t.Severity, t.Rule, t.Subject.ID, t.Window.From.In(o.Zone).Format("Jan 02 15:04"), what)
		}
	}
	for _, p := range planted {
		if !found[p.What] {
			fmt.Fprintf(b, "  %-12s  not found: %s\n", p.Org, p.What)
		}
	}
	return nil
}

// firstPart is a text up to where it begins to explain.
func firstPart(text string) string {
	for _, mark := range []string{": ", "; ", ". "} {
		text, _, _ = strings.Cut(text, mark)
	}
	return strings.TrimSuffix(text, ".")
}
