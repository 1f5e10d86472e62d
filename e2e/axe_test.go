package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/internal/needs"
	"github.com/activitylog/activitylog/web"
	"github.com/chromedp/cdproto/emulation"
)

// violations are what axe finds wrong with the page.
func (tb *tab) violations() []string {
	tb.t.Helper()
	source, err := axe()
	needs.Missing(tb.t, err)
	eval[int](tb, source+";0") // a script element would break the page's policy
	return eval[[]string](tb, `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
		.then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 160) + ' | ' + n.failureSummary.slice(0, 300))))`)
}

// sideways is how many pixels the page is wider than its window.
func (tb *tab) sideways() int {
	tb.t.Helper()
	return eval[int](tb, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

// Every page has no violation, in both themes and three widths, with the panel open and closed, none scrolls sideways, and
// nothing on it moves while it comes.
func TestAccessible(t *testing.T) {
	s := demoSite(t)
	tb := open(t, s)
	tb.open("?range=all&q=action:member.role.change")
	id := eval[string](tb, firstRow) // one with something before and after
	_, alert := worst(t, "cost_anomaly")
	for i, page := range pages(id, alert.Fingerprint) {
		s.may(page.grants...)
		for _, look := range looks(i) {
			name := fmt.Sprintf("%s %d %s", page.name, look.width, look.theme)
			tb.look(look.width, 1000, look.theme)
			tb.open(page.path)
			tb.faultless(name)
			if shift := eval[float64](tb, "window.shift"); shift > 0.02 {
				t.Errorf("%s: shifted by %.3f", name, shift)
			}
			if page.click != "" {
				eval[bool](tb, fmt.Sprintf("document.querySelector(%q).click(), true", page.click))
				tb.faultless(name + " " + page.click)
			}
			tb.shot(strings.ReplaceAll(name, " ", "-"))
		}
		if page.failing {
			tb.forgive() // the browser itself tells of a page that was not found
		}
	}
}

// faultless fails the test for what is wrong with the page as it stands.
func (tb *tab) faultless(name string) {
	tb.t.Helper()
	for _, v := range tb.violations() {
		tb.t.Errorf("%s: %s", name, v)
	}
	if n := tb.sideways(); n > 0 {
		tb.t.Errorf("%s: %d pixels to the side: %s", name, n, eval[string](tb, widest))
	}
}

// widest is what reaches furthest out of the window.
const widest = `[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroller > *, pre')).map(e => [e.getBoundingClientRect().right, e.outerHTML.slice(0, 120)]).sort((a, b) => b[0] - a[0]).slice(0, 2).join(' ; ')`

// Forced colours, 200 and 400 percent, and writing from right to left leave every page whole.
func TestOtherLooks(t *testing.T) {
	_, alert := worst(t, "cost_anomaly")
	tb := open(t, demoSite(t))
	tb.open("")
	id := eval[string](tb, firstRow)
	all := []string{"", "?event=" + id, "orgs/northwind/alerts/" + alert.Fingerprint, "orgs/northwind/usage/", "orgs/northwind/governance/", "orgs/northwind/projects/field-notes/recent/"}
	tb.look(1440, 1000, "light", &emulation.MediaFeature{Name: "forced-colors", Value: "active"})
	for _, path := range all[1:3] {
		tb.open(path)
		tb.faultless("forced colours " + path)
	}
	tb.shot("forced")
	tb.look(1280/2, 500, "light") // at 200 percent; 400 are the 320 pixels of TestAccessible
	for _, path := range all {
		tb.open(path)
		if n := tb.sideways(); n > 0 {
			t.Errorf("at 200 %% %s: %d pixels to the side: %s", path, n, eval[string](tb, widest))
		}
	}
	tb = open(t, demoSiteWith(t, web.Options{RightToLeft: true, Lang: "ar"}))
	for i, path := range all {
		for _, width := range []int64{320, 1440} {
			tb.look(width, 1000, "light")
			tb.open(path)
			if i == 1 {
				tb.faultless(fmt.Sprintf("right to left %d %s", width, path))
			}
			if n := tb.sideways(); n > 0 {
				t.Errorf("right to left %d %s: %d pixels to the side", width, path, n)
			}
			tb.shot(fmt.Sprintf("rtl-%d-%d", i, width))
		}
	}
	if left := eval[float64](tb, "document.querySelector('h1').getBoundingClientRect().right"); left < 700 {
		t.Errorf("the heading ends at %.0f of 1440 pixels", left)
	}
}

type lookOf struct {
	width int64
	theme string
}

// looks are widths and themes in which the i-th page is seen: all of them in the soak run, else one after the other, and
// two where most of it happens.
func looks(i int) []lookOf {
	all := []lookOf{{320, "light"}, {1440, "dark"}, {900, "light"}, {320, "dark"}, {1440, "light"}, {900, "dark"}}
	if os.Getenv("ACTIVITYLOG_SOAK") != "" {
		return all
	}
	if i < 2 {
		return []lookOf{all[i], all[i+2]}
	}
	return all[i%6 : i%6+1]
}

type pageOf struct {
	name, path string
	click      string // is clicked, and the page looked at again
	failing    bool
	grants     []access.Grant
}

func pages(id, alert string) []pageOf {
	org := []access.Grant{access.Org(amara, "northwind", access.AllRights)}
	reader := []access.Grant{access.Org(amara, "northwind", access.View)}
	member := []access.Grant{access.Project(amara, "northwind", "field-notes", access.View)}
	part := []access.Grant{access.Project(amara, "northwind", "field-notes", access.AllRights)}
	platform := []access.Grant{access.Platform(amara, access.AllRights)}
	list := []pageOf{
		{name: "log", path: "", click: "#views summary"},
		{name: "panel", path: "?category=member&event=" + id, click: ".raw summary"},
		{name: "filters", path: "?range=custom&category=ai&category=-agent&quick=ai&q=" + escape(`outcom:x "a b"`), click: ".menu summary"},
		{name: "columns", path: "?cols=time,event,model,cost,outcome", click: ".view summary"},
		{name: "empty", path: "?q=nothingmatchesthis"},
		{name: "table", path: "?range=7d", click: "#chart .table summary"},
		{name: "hidden", path: "?event=" + id, grants: reader},
		{name: "alerts", path: "orgs/northwind/alerts/"},
		{name: "alert", path: "orgs/northwind/alerts/" + alert, click: ".table summary"},
		{name: "governance", path: "orgs/northwind/governance/", click: ".duty summary"},
		{name: "usage", path: "orgs/northwind/usage/", click: ".table summary"},
		{name: "recent", path: "orgs/northwind/projects/field-notes/recent/", grants: member},
		{name: "project", path: "orgs/northwind/projects/field-notes/", grants: member},
		{name: "platform", path: "platform/", grants: platform},
		{name: "logs", path: "", grants: append(platform, org...)},
		{name: "event", path: "events/" + id},
		{name: "missing", path: "events/nowhere", failing: true},
		{name: "denied", path: "orgs/harborline/", failing: true},
		{name: "export", path: "?range=7d", click: "#export summary"},
		{name: "part", path: "orgs/northwind/projects/field-notes/", grants: part, click: "#export summary"},
	}
	for i := range list {
		if list[i].grants == nil {
			list[i].grants = org
		}
	}
	return list
}
