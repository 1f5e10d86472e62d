package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// violations are what axe finds wrong with the page.
func (tb *tab) violations() []string {
	tb.t.Helper()
	source, err := axe()
	need(tb.t, err)
	eval[int](tb, source+";0") // a script element would break the page's policy
	return eval[[]string](tb, `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
		.then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 160) + ' | ' + n.failureSummary.slice(0, 300))))`)
}

// sideways is how many pixels the page is wider than its window.
func (tb *tab) sideways() int {
	tb.t.Helper()
	return eval[int](tb, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
}

// Every page has no violation, in both themes and three widths, with the panel open and closed, and none scrolls sideways.
func TestAccessible(t *testing.T) {
	tb := open(t, demoSite(t))
	tb.open("")
	id := eval[string](tb, "document.querySelector('.rowlink').dataset.id")
	m, err := demoMonitor()
	if err != nil {
		t.Fatal(err)
	}
	found, err := m.Alerts(t.Context(), "northwind")
	if err != nil || len(found) == 0 {
		t.Fatal("no alerts", err)
	}
	alert := found[0].Fingerprint
	for _, page := range pages(id, alert) {
		for _, look := range looks() {
			name := fmt.Sprintf("%s %d %s", page.name, look.width, look.theme)
			tb.look(look.width, 1000, look.theme)
			tb.open(page.path)
			for _, v := range tb.violations() {
				t.Errorf("%s: %s", name, v)
			}
			if n := tb.sideways(); n > 0 {
				t.Errorf("%s: %d pixels to the side: %s", name, n, eval[string](tb, widest))
			}
			tb.shot(strings.ReplaceAll(name, " ", "-"))
		}
		if page.failing {
			tb.forgive() // the browser itself tells of a page that was not found
		}
	}
	tb.look(1440, 1000, "light", &emulation.MediaFeature{Name: "forced-colors", Value: "active"})
	tb.open("?event=" + id)
	for _, v := range tb.violations() {
		t.Errorf("forced colours: %s", v)
	}
}

// widest is what reaches furthest out of the window.
const widest = `[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroller > *, pre')).map(e => [e.getBoundingClientRect().right, e.outerHTML.slice(0, 120)]).sort((a, b) => b[0] - a[0]).slice(0, 2).join(' ; ')`

type lookOf struct {
	width int64
	theme string
}

// looks are widths and themes in which pages are seen; all of them in the soak run.
func looks() []lookOf {
	if os.Getenv("ACTIVITYLOG_SOAK") != "" {
		var all []lookOf
		for _, width := range []int64{320, 900, 1440} {
			all = append(all, lookOf{width, "light"}, lookOf{width, "dark"})
		}
		return all
	}
	return []lookOf{{320, "light"}, {1440, "dark"}}
}

type pageOf struct {
	name, path string
	failing    bool
}

func pages(id, alert string) []pageOf {
	return []pageOf{
		{name: "log", path: ""},
		{name: "panel", path: "?event=" + id},
		{name: "filters", path: "?range=custom&category=ai&category=-agent&quick=ai&q=" + escape(`outcom:x "a b"`)},
		{name: "empty", path: "?q=nothingmatchesthis"},
		{name: "alerts", path: "orgs/northwind/alerts/"},
		{name: "alert", path: "orgs/northwind/alerts/" + alert},
		{name: "governance", path: "orgs/northwind/governance/"},
		{name: "usage", path: "orgs/northwind/usage/"},
		{name: "recent", path: "orgs/northwind/projects/field-notes/recent/"},
		{name: "event", path: "events/" + id},
		{name: "missing", path: "events/nowhere", failing: true},
	}
}
