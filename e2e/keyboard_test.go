package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// tabTo presses Tab until what has the focus matches a selector.
func (tb *tab) tabTo(selector string) {
	tb.t.Helper()
	for range 150 {
		if eval[bool](tb, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			if !eval[bool](tb, "(e => e.matches('input') || [e, e.closest('tr')].some(x => x && getComputedStyle(x).outlineStyle !== 'none'))(document.activeElement)") {
				tb.t.Errorf("%s does not show that it has the focus", selector)
			}
			return
		}
		tb.key("Tab")
	}
	tb.shot("failed")
	tb.t.Fatalf("Tab never reaches %s", selector)
}

// enter presses Enter where that leads to another page.
func (tb *tab) enter() {
	tb.t.Helper()
	run(tb, chromedp.WaitEvent(page.LoadEventFired, nil, func(context.Context, *chromedp.Target) (chromedp.Void, error) {
		tb.key("Enter")
		return chromedp.Void{}, nil
	}))
}

// Everything that a page can do is done by the keyboard alone: no pointer is used.
func TestKeyboardAlone(t *testing.T) {
	tb := open(t, demoSite(t))
	tb.look(1440, 1000, "light")
	tb.open("?range=all")
	tb.key("Tab")
	if !eval[bool](tb, "document.activeElement.matches('.skip')") {
		t.Error("the first stop does not lead past the controls")
	}
	// A view is saved under a name.
	tb.tabTo("#views summary")
	tb.key("Enter")
	tb.tabTo("#views input[name=name]")
	tb.key(strings.Split("mine", "")...)
	tb.tabTo("#views .save .btn")
	tb.enter()
	if name := eval[string](tb, "document.querySelector('#views .vw a')?.textContent ?? ''"); name != "mine" {
		t.Errorf("saved as %q at %s", name, tb.path())
	}
	tb.open("?range=all")
	// A quick filter, a category and a column.
	tb.tabTo("#form [name=quick][value=errors]")
	tb.key(" ")
	tb.until("location.search.includes('quick=errors') && document.activeElement.matches('[value=errors]')")
	tb.tabTo(".view summary")
	tb.key("Enter")
	tb.tabTo(".view .drop a")
	tb.key("Enter")
	tb.until("location.search.includes('cols=') && !document.querySelector('#events .c-time')")
	// A chip is removed, a facet chosen and excluded.
	tb.open("?q=outcome:failure&range=all")
	tb.until("document.querySelector('#facets li')")
	tb.tabTo(".chip")
	tb.key("Enter")
	tb.until("!location.search.includes('outcome')")
	tb.until("document.querySelector('.brush')")
	tb.key("/") // back to the top, from the rows
	tb.tabTo("#facets .not")
	tb.key("Enter")
	tb.until("location.search.includes('category=-')")
	// The brush is moved by arrows.
	tb.until("document.querySelector('.brush')")
	tb.tabTo(".brush")
	tb.key("ArrowRight", "ArrowRight")
	tb.until("location.search.includes('from=')")
	// Pages are turned, an event is opened and its raw form unfolded, by Tab and Enter and by shortcuts.
	tb.open("?range=all")
	tb.key("g", "n")
	tb.until("location.search.includes('cursor=')")
	tb.key("g", "p")
	tb.until("document.querySelector('#older') && !document.querySelector('#newer')")
	tb.key("j")
	tb.tabTo(".rowlink")
	tb.key("Enter")
	tb.until("document.querySelector('#panel').open && document.activeElement.id === 'ph'")
	tb.tabTo(".raw summary")
	tb.key("Enter")
	if !eval[bool](tb, "document.querySelector('.raw').open") {
		t.Error("the raw event does not unfold")
	}
	tb.key("Escape")
	tb.until("!document.querySelector('#panel').open && document.activeElement.matches('.rowlink')")
	tb.key("e")
	tb.until("document.activeElement.matches('#export a[download]')")
	tb.key("Escape")
	tb.key("?")
	tb.until("document.querySelector('.help')?.open")
	tb.key("Escape")
	tb.until("!document.querySelector('.help')")
	// A review is signed off, the theme and the zone are chosen.
	tb.open("orgs/northwind/governance/")
	tb.tabTo("[aria-label='Time zone'] a:last-child")
	tb.enter()
	if !strings.Contains(tb.path(), "tz=utc") {
		t.Errorf("the zone is that of %s", tb.path())
	}
	tb.tabTo(".look [value=dark]")
	tb.enter()
	if theme := eval[string](tb, "getComputedStyle(document.documentElement).colorScheme"); theme != "dark" {
		t.Errorf("the theme is %s", theme)
	}
	if !strings.Contains(tb.path(), "governance/?tz=utc") {
		t.Errorf("the theme leads to %s", tb.path())
	}
	tb.tabTo(".duty summary")
	tb.key("Enter")
	tb.tabTo(".duty input[name=note]")
	tb.key(strings.Split("fine", "")...)
	tb.tabTo(".duty .btn")
	tb.enter()
	if text := eval[string](tb, "document.querySelector('.duty').innerText"); !strings.Contains(text, "fine") {
		t.Errorf("the review is not told in %s", text)
	}
}
