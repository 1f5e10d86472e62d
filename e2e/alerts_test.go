package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/internal/demo"
)

// theSeven are the alerts that everybody needs.
var theSeven = []string{
	alerts.LoginFailures, alerts.VolumeSpikes, alerts.OffHours, alerts.CostAnomalies, alerts.SpendSpikes, alerts.NewModels, alerts.ErrorRates,
}

// worst is the gravest alert of a rule in the demo.
func worst(t *testing.T, rule string) (org string, a monitor.Alert) {
	t.Helper()
	m, err := demoMonitor()
	if err != nil {
		t.Fatal(err)
	}
	grave := []string{"info", "low", "medium", "high", "critical"}
	for _, o := range demo.Orgs() {
		list, err := m.Alerts(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x.Rule == rule && (org == "" || slices.Index(grave, string(x.Severity)) > slices.Index(grave, string(a.Severity))) {
				org, a = o.ID, x
			}
		}
	}
	if org == "" {
		t.Fatalf("the demo has no alert of %s", rule)
	}
	return org, a
}

// From each of the seven alerts a click leads to its page, where a chart sets it against what is usual, in a picture and
// in a table, and from there to its events and to no others.
func TestSevenAlerts(t *testing.T) {
	s := demoSite(t)
	var grants []access.Grant
	for _, o := range demo.Orgs() {
		grants = append(grants, access.Org(amara, o.ID, access.AllRights))
	}
	s.may(grants...)
	tb := open(t, s)
	tb.look(1440, 1000, "light")
	for _, rule := range theSeven {
		org, a := worst(t, rule)
		tb.open("orgs/" + org + "/alerts/")
		tb.follow(fmt.Sprintf(`.alert h3 a[href$=%q]`, a.Fingerprint))
		if !strings.Contains(tb.path(), a.Fingerprint) {
			t.Fatalf("%s: the card leads to %s", rule, tb.path())
		}
		if eval[string](tb, "document.querySelector('.hist .b-bad').getAttribute('d')") == "" {
			t.Errorf("%s: the chart does not show the time of the alert", rule)
		}
		if label := eval[string](tb, "document.querySelector('.hist svg').getAttribute('aria-label')"); len(label) < 20 {
			t.Errorf("%s: the chart is described as %q", rule, label)
		}
		tb.shot(rule)
		eval[bool](tb, "document.querySelector('.hist details').open = true")
		if rule == alerts.OffHours { // TestAccessible sees the other form of chart
			tb.faultless(rule)
		}
		// The marks of the table lead to what happened then.
		if link := eval[string](tb, "[...document.querySelectorAll('.hist tr')].filter(r => r.querySelector('td svg')).map(r => r.querySelector('th a')?.getAttribute('href') ?? '').pop() ?? ''"); link != "" {
			eval[bool](tb, "document.querySelector('.hist details').open = true")
			tb.follow(fmt.Sprintf(`.hist th a[href=%q]`, link))
			if n := eval[int](tb, "document.querySelectorAll('.rowlink').length"); n == 0 {
				t.Errorf("%s: nothing happened in the marked time, at %s", rule, tb.path())
			}
			tb.open("orgs/" + org + "/alerts/" + a.Fingerprint)
		} else if rule != alerts.OffHours {
			t.Errorf("%s: the table of the chart leads nowhere", rule)
		}
		tb.follow(".tools .primary")
		tb.until("document.querySelector('#hc strong')")
		var n int64
		if _, err := fmt.Sscanf(strings.ReplaceAll(eval[string](tb, "document.querySelector('#hc strong').textContent"), ",", ""), "%d", &n); err != nil {
			t.Fatal(err)
		}
		// A day that was not over when the alert was raised may have more of them since.
		if over := !a.Window.To.After(a.Opened); n != a.Count && (over || n < a.Count) {
			t.Errorf("%s: it has %d events, not %d", rule, n, a.Count)
		}
	}
}
