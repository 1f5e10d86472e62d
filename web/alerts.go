package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
)

// alertsTime is how long the alerts at the top of a log may take before the page goes without them.
const alertsTime = time.Second

var ruleTitles = map[string]string{
	alerts.LoginFailures: "Repeated sign-in failures", alerts.VolumeSpikes: "Far more messages than usual", alerts.OffHours: "Activity at unusual hours",
	alerts.CostAnomalies: "Cost well above normal", alerts.SpendSpikes: "Spending above normal", alerts.NewModels: "Model used for the first time",
	alerts.ErrorRates: "Error rate is high", alerts.PrivilegeEscalation: "New rights", alerts.MassDeletion: "Many deletions", alerts.MassExport: "Many exports",
	alerts.Impersonation: "Acting as somebody else", alerts.DormantRevival: "An idle account came back", alerts.GuardrailRemoved: "A safeguard was removed",
	alerts.LogGap: "A gap in the log", alerts.SeveralSignals: "Several signals at once",
}

// kindTitles are for kinds that the title of their rule does not fit.
var kindTitles = map[string]string{
	alerts.LoginFailures + "/success_after_failures": "Sign-in after many failures", alerts.LoginFailures + "/spray": "One source tries many accounts",
	alerts.LoginFailures + "/distributed": "One account fails from many sources", alerts.LoginFailures + "/org_wave": "A wave of failed sign-ins",
	alerts.CostAnomalies + "/org_step": "Many cost more at once",
	alerts.SpendSpikes + "/drop":       "Spending below normal", alerts.SpendSpikes + "/ramp": "Spending creeps up", alerts.SpendSpikes + "/budget": "The budget will be exceeded",
	alerts.NewModels + "/provider": "New provider of models", alerts.NewModels + "/refused": "Attempts at an unknown model", alerts.NewModels + "/inventory": "Models in use",
	alerts.NewModels + "/member": "First uses of known models", alerts.MassExport + "/first": "First export of a person",
	alerts.LogGap + "/silence": "The log fell silent", alerts.LogGap + "/setting": "What the log keeps was changed",
}

// title is what an alert is called.
func (h *Handler) title(a *monitor.Alert) string {
	return h.t(first(kindTitles[a.Rule+"/"+a.Kind], ruleTitles[a.Rule], a.Rule))
}

var statusTitles = map[monitor.Status]string{
	monitor.Open: "Open", monitor.Acknowledged: "Acknowledged", monitor.Snoozed: "Snoozed", monitor.Planned: "Planned", monitor.Resolved: "Over",
}

// alertCard is an alert as pages show it.
type alertCard struct {
	ID, Title, Icon, Class, Severity string
	Stat, Usual                      string
	Subject, Explanation             string
	Status, By, Reason, Until        string
	Ago, Opened, Window              string
	Affected                         []string
	AffectedMore                     int
	Events, Link                     string // addresses of its events and of its page
	ViewText                         string
	Count                            int64
	Episode                          int
	Observed, Expected               float64
	open                             bool
}

// alertStrip is what stands at the top of a log.
type alertStrip struct {
	Cards []alertCard
	More  int
	All   string
}

// watches tells whether the reader may see the alerts of this scope: they are the organization's, and name people and
// addresses.
func (v *visit) watches() bool {
	const need = access.View | access.ViewSensitive
	return v.h.opts.Monitor != nil && v.route.scope.kind == "org" && v.grant.Rights()&need == need
}

func (v *visit) alerts(ctx context.Context) ([]monitor.Alert, error) {
	return monitor.Alerts(ctx, v.reader, time.Time{})
}

// meetPeople learns the names of those whom alerts are about.
func (v *visit) meetPeople(ctx context.Context, list []monitor.Alert) {
	var ids []string
	for i := range list {
		if list[i].SubjectType == "user" {
			ids = append(ids, list[i].Subject)
		}
	}
	for i := range list {
		ids = append(ids, list[i].Affected...)
	}
	v.meetByID(ctx, ids)
}

// named is a text with the names of people in place of their ids.
func (v *visit) named(text string, ids []string) string {
	var pairs []string
	for _, id := range ids {
		if name := v.actorName(id); id != "" && name != id {
			pairs = append(pairs, id, name)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// strip reads the open alerts for the top of a log. A log is shown without them where they cannot be had.
func (v *visit) strip(ctx context.Context, now time.Time) *alertStrip {
	const most = 4
	if !v.watches() || v.params.filtered() || v.params.cursor != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, alertsTime)
	defer cancel()
	list, err := v.alerts(ctx)
	if err != nil {
		if ctx.Err() == nil {
			v.report(err)
		}
		return nil
	}
	list = slices.DeleteFunc(list, func(a monitor.Alert) bool { return a.Status != monitor.Open })
	v.meetPeople(ctx, list[:min(len(list), most)])
	s := &alertStrip{All: v.h.root(v.route.up) + v.route.scope.path() + "alerts/"}
	for i := range list {
		if len(s.Cards) == most {
			s.More++
			continue
		}
		s.Cards = append(s.Cards, v.card(&list[i], now))
	}
	if len(s.Cards) == 0 {
		return nil
	}
	return s
}

func (v *visit) card(a *monitor.Alert, now time.Time) alertCard {
	h := v.h
	here := h.root(v.route.up) + v.route.scope.path()
	p := params{span: "all", limit: limits[0], alert: a.Fingerprint, utc: v.params.utc}
	c := alertCard{
		ID: a.Fingerprint, Title: h.title(a), Severity: h.severityName(a.Severity),
		Subject: v.subject(a), Explanation: v.named(a.Explanation, append(a.Affected[:len(a.Affected):len(a.Affected)], a.Subject)), Status: h.t(first(statusTitles[a.Status], string(a.Status))), By: a.By, Reason: a.Reason,
		Ago: h.ago(earlier(a.LastSeen, now), now), Opened: h.moment(a.Opened.In(v.zone())), Window: h.moment(a.Window.From.In(v.zone())) + " – " + h.moment(a.LastSeen.In(v.zone())),
		AffectedMore: max(0, a.AffectedTotal-len(a.Affected)), Events: here + p.link(), Link: here + "alerts/" + a.Fingerprint,
		Count: a.Count, Episode: a.Episode, Observed: a.Observed, Expected: a.Expected,
	}
	c.open = a.Status != monitor.Resolved && a.Status != monitor.Planned
	for _, id := range a.Affected {
		c.Affected = append(c.Affected, v.actorName(id))
	}
	switch {
	case a.Window.To.After(a.Opened): // more may have come since they were counted
		c.ViewText = h.t("View events")
	case a.Count == 1:
		c.ViewText = h.t("View 1 event")
	default:
		c.ViewText = fmt.Sprintf(h.t("View %s events"), grouped(a.Count))
	}
	c.Icon, c.Class = "info", "info"
	switch a.Severity {
	case activitylog.Critical, activitylog.High:
		c.Icon, c.Class = "crit", "crit"
	case activitylog.Medium:
		c.Icon, c.Class = "warn", "warn"
	}
	c.Stat = h.amount(a.Observed, a.Unit)
	if a.Expected > 0 {
		c.Usual = fmt.Sprintf(h.t("usual: %s"), figure(a.Expected, a.Unit))
	}
	if !a.Until.IsZero() {
		c.Until = h.moment(a.Until.In(v.zone()))
	}
	return c
}

// subject is whom or what an alert is about, by name where that is known.
func (v *visit) subject(a *monitor.Alert) string {
	switch a.SubjectType {
	case "user":
		return v.actorName(a.Subject)
	case "org":
		return v.h.orgName(a.Subject)
	}
	return first(a.Subject, v.scopeName())
}

// figure writes a figure of an alert without its unit.
func figure(x float64, unit string) string {
	switch {
	case unit == "micros":
		return money(int64(x), "")
	case isPart(unit):
		return strconv.FormatFloat(x*100, 'f', 1, 64) + " %"
	case x == float64(int64(x)):
		return grouped(int64(x))
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// isPart tells whether a unit is one of figures from 0 to 1.
func isPart(unit string) bool { return strings.HasPrefix(unit, "part of") }

// amount writes a figure of an alert with its unit.
func (h *Handler) amount(x float64, unit string) string {
	text := figure(x, unit)
	switch {
	case unit == "micros":
	case isPart(unit):
		text += " " + h.t(strings.TrimPrefix(unit, "part of attempts that "))
	case x == 1:
		text += " " + h.t(singular(unit))
	default:
		text += " " + h.t(unit)
	}
	return text
}

// singular is a unit of one: exports become an export, acts as somebody else an act.
func singular(unit string) string {
	words := strings.Fields(unit)
	for i, word := range words {
		if stem, ok := strings.CutSuffix(word, "s"); ok {
			if strings.HasSuffix(stem, "sse") { // addresses
				stem = stem[:len(stem)-1]
			}
			words[i] = stem
			break
		}
	}
	return strings.Join(words, " ")
}

// moment writes a time to the minute.
func (h *Handler) moment(t time.Time) string {
	return h.date(t, "2 Jan 2006 15:04")
}

// evidence is the filter of an alert's events, or an error that wraps ErrNotFound.
func (v *visit) evidence(ctx context.Context) (activitylog.Filter, error) {
	gone := fmt.Errorf("web: alert %q: %w", shorten(v.params.alert, 40), activitylog.ErrNotFound)
	if !v.watches() {
		return activitylog.Filter{}, gone
	}
	list, err := v.alerts(ctx)
	if err != nil {
		return activitylog.Filter{}, err
	}
	for i := range list {
		if a := &list[i]; a.Fingerprint == v.params.alert {
			v.alertName = v.h.title(a) + ": " + v.subject(a)
			if a.Filter == "" { // it was too long to be kept: all of that time
				return activitylog.All(activitylog.Since(a.Window.From), activitylog.Before(a.Window.To)), nil
			}
			return activitylog.ParseFilter(a.Filter)
		}
	}
	return activitylog.Filter{}, gone
}

// decide takes what somebody decided about an alert.
func (v *visit) decide(id string) {
	if !v.watches() {
		v.fail(http.StatusNotFound, nil)
		return
	}
	if err := v.grant.Allow(access.AckAlerts, v.route.scope.org); err != nil {
		v.fail(http.StatusForbidden, nil)
		return
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 16<<10)
	if err := v.r.ParseForm(); err != nil {
		v.fail(http.StatusBadRequest, errors.New("the form could not be read"))
		return
	}
	m, org := v.h.opts.Monitor, v.route.scope.org
	ctx := v.grant.Under(v.r.Context())
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	var err error
	switch v.r.PostForm.Get("do") {
	case "ack":
		err = m.Acknowledge(ctx, org, id, reason)
	case "snooze":
		hours, wrong := strconv.Atoi(v.r.PostForm.Get("hours"))
		if wrong != nil || hours < 1 || hours > 24*30 {
			hours = 24
		}
		err = m.Snooze(ctx, org, id, v.h.opts.Now().Add(time.Duration(hours)*time.Hour), reason)
	case "plan":
		err = m.Plan(ctx, org, id, alerts.Window{}, reason)
	case "resolve":
		err = m.Resolve(ctx, org, id, reason)
	default:
		err = fmt.Errorf("web: %w: there is no such decision", activitylog.ErrInvalid)
	}
	switch {
	case errors.Is(err, activitylog.ErrInvalid):
		v.fail(http.StatusBadRequest, errors.New(v.h.t("A decision needs a reason, which everybody can read later.")))
	case err != nil:
		v.failReading(err)
	default:
		v.redirect("./" + id + "?done=1")
	}
}
