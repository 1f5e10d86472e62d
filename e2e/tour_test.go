package e2e_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const firstRow = "document.querySelector('.rowlink').dataset.id"

// The panel opens beside the list, steps, closes, gives the focus back, and the address always says what is seen.
func TestPanel(t *testing.T) {
	for _, width := range []int64{1440, 700} {
		tb := open(t, demoSite(t))
		tb.look(width, 1000, "light")
		tb.open("")
		took := eval[float64](tb, `new Promise(done => {
			const t = performance.now();
			new MutationObserver(() => { if (document.querySelector('#panel[open] #ph')) done(performance.now() - t); }).observe(document.querySelector('#panel'), {attributes: true, childList: true, subtree: true});
			document.querySelectorAll('.rowlink')[2].click();
		})`)
		if took > 250 { // 100 ms alone; this machine is shared
			t.Errorf("the panel took %.0f ms", took)
		}
		tb.until("document.activeElement.id === 'ph'")
		third := eval[string](tb, "document.querySelectorAll('.rowlink')[2].dataset.id")
		if !strings.Contains(tb.path(), "event="+third) {
			t.Errorf("the address is %s", tb.path())
		}
		tb.key("j")
		tb.until("new URL(location).searchParams.get('event') === document.querySelectorAll('.rowlink')[3].dataset.id")
		tb.key("k", "k")
		tb.until("new URL(location).searchParams.get('event') === document.querySelectorAll('.rowlink')[1].dataset.id")
		for range 40 { // behind a modal panel nothing else is reached
			tb.key("Tab")
			if width < 1000 && !eval[bool](tb, "document.activeElement === document.body || Boolean(document.activeElement.closest('#panel'))") {
				t.Fatal("the focus left the modal panel")
			}
		}
		tb.key("Escape")
		tb.until("!document.querySelector('#panel').open")
		if got := eval[string](tb, "document.activeElement.dataset.id ?? ''"); got != eval[string](tb, "document.querySelectorAll('.rowlink')[1].dataset.id") {
			t.Errorf("the focus is not on the row: %q", got)
		}
		if strings.Contains(tb.path(), "event=") {
			t.Errorf("the address still is %s", tb.path())
		}
		// Back opens it again, reload keeps it.
		eval[bool](tb, "history.back(), true")
		tb.until("document.querySelector('#panel').open && document.querySelector('#ph')")
		tb.open(tb.path())
		tb.until("document.querySelector('#panel').open && document.querySelector('#ph')")
		eval[bool](tb, "document.querySelector('#form [value=\"7d\"]').click(), true")
		tb.until("!document.querySelector('#panel').open && location.search === '?range=7d'")
	}
}

// Typing searches, mistakes blank nothing, suggestions are taken by key, Back goes back, and nothing moves.
func TestSearch(t *testing.T) {
	tb := open(t, demoSite(t))
	tb.look(1440, 1000, "light")
	tb.open("?range=all")
	if shift := eval[float64](tb, "window.shift"); shift > 0.02 {
		t.Errorf("the page shifted by %.3f", shift)
	}
	all := eval[string](tb, "document.querySelector('#hc strong').textContent")
	tb.key("/")
	tb.until("document.activeElement.id === 'q'")
	tb.key(strings.Split("jk", "")...)
	if got := eval[string](tb, "document.querySelector('#q').value"); got != "jk" {
		t.Errorf("typed jk, the field holds %q", got)
	}
	tb.until("location.search.includes('q=jk') && document.querySelector('.empty')")
	eval[bool](tb, "document.querySelector('#q').select(), true")
	tb.key(strings.Split("outc", "")...)
	tb.until("document.querySelector('.suggest li')")
	tb.key("ArrowDown", "Enter")
	tb.until("document.querySelector('#q').value === 'outcome:'")
	tb.key(strings.Split("fa", "")...)
	tb.until("document.querySelector('.suggest li')?.textContent.includes('failure')")
	tb.key("ArrowDown", "Enter")
	tb.until("location.search.includes('outcome%3Afailure') || location.search.includes('outcome:failure')")
	tb.until(fmt.Sprintf("document.querySelector('#hc strong')?.textContent !== %q", all))
	if n := eval[int](tb, "document.querySelectorAll('.out.ok').length"); n > 0 {
		t.Errorf("%d rows that succeeded", n)
	}
	eval[bool](tb, "document.querySelector('.chip').click(), true")
	tb.until("location.search === '?range=all'")
	eval[bool](tb, "document.querySelector('#older').click(), true")
	tb.until("location.search.includes('cursor=') && document.querySelector('#newer')")
	second := eval[string](tb, firstRow)
	eval[bool](tb, "history.back(), true")
	tb.until("!location.search.includes('cursor=') && " + firstRow + " !== '" + second + "'")
	tb.until("document.querySelector('.brush')")
	eval[bool](tb, "(h => { h.value = 5; h.dispatchEvent(new Event('change')); })(document.querySelector('.brush')), true")
	tb.until("location.search.includes('from=') && location.search.includes('to=')")
	if !eval[bool](tb, "document.querySelector('#form [value=custom]').checked") {
		t.Error("the brush does not show as a range of one's own")
	}
}

// Without scripts everything but the niceties is there.
func TestWithoutScripts(t *testing.T) {
	tb := open(t, demoSite(t))
	run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
	tb.look(1440, 1000, "light")
	tb.open("?range=all")
	visible := func(what string) bool {
		return eval[bool](tb, fmt.Sprintf("(e => Boolean(e) && e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible')(document.querySelector(%q))", what))
	}
	for _, what := range []string{"#chart svg", "#facets li", ".rowlink", ".apply"} {
		if !visible(what) {
			t.Errorf("%s is not seen", what)
		}
	}
	for _, what := range []string{".brush", ".pnav"} {
		if visible(what) {
			t.Errorf("%s is seen, and does nothing", what)
		}
	}
	tb.shot("wide")
	run(tb, chromedp.SendKeys(chromedp.CSS("#q"), "outcome:failure"))
	tb.follow(".apply")
	if path := tb.path(); path != "?q=outcome%3Afailure&range=all" {
		t.Errorf("the form leads to %s", path)
	}
	run(tb, chromedp.Click(chromedp.CSS("#views summary")))
	run(tb, chromedp.SendKeys(chromedp.CSS("#views input[name=name]"), "failures"))
	tb.follow("#views .save .btn")
	if text := eval[string](tb, "document.querySelector('#views .vw a').textContent"); text != "failures" || tb.path() != "orgs/northwind/?q=outcome%3Afailure&range=all" {
		t.Errorf("the view is saved as %q, and the page is %s", text, tb.path())
	}
	run(tb, chromedp.Click(chromedp.CSS("#views summary")))
	tb.follow("#views [name=remove]")
	tb.follow(".look [value=dark]")
	if theme := eval[string](tb, "document.documentElement.dataset.theme"); theme != "dark" || !strings.Contains(tb.path(), "range=all") {
		t.Errorf("the theme is %q at %s", theme, tb.path())
	}
	tb.follow(".look [value='']")
	tb.follow(".rowlink")
	if !strings.HasPrefix(tb.path(), "orgs/northwind/events/") || !visible("h2#ph") {
		t.Errorf("the event is not seen at %s", tb.path())
	}
}

// A first visit takes four requests, the next one.
func TestRequests(t *testing.T) {
	tb := open(t, demoSite(t))
	for n, most := range []int{4, 1} {
		tb.mu.Lock()
		tb.requests = nil
		tb.mu.Unlock()
		tb.open("")
		tb.until("document.readyState === 'complete'")
		tb.mu.Lock()
		list := slices.DeleteFunc(slices.Clone(tb.requests), func(r string) bool { return strings.HasPrefix(r, "data:") || n == 1 && strings.Contains(r, "/static/") }) // pictures of the browser, and its cache
		tb.mu.Unlock()
		if len(list) > most {
			t.Errorf("visit %d took %d requests: %v", n+1, len(list), list)
		}
	}
}

// Hostile texts run nothing and break nothing.
func TestHostile(t *testing.T) {
	l, err := activitylog.New(memory.New(), &activitylog.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	const evil = `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">` + "\u202edesrever"
	for i := range 5 {
		_, err = l.Record(t.Context(), activitylog.Event{
			Org: "acme", Action: "x.y", Project: evil, Category: evil, Message: evil, Reason: evil,
			Actor:   activitylog.Actor{ID: fmt.Sprint(evil, i), Name: evil, Email: evil},
			Targets: []activitylog.Target{{Type: "a", ID: evil, Name: evil}, {Type: "integration", ID: evil}},
			AI:      &activitylog.AIUsage{Model: evil, Provider: evil, ToolNames: []string{evil}, InputTokens: 5, FinishReason: evil}, Changes: []activitylog.Change{{Path: evil, Old: evil, New: strings.Repeat(evil, 50)}},
			Client: activitylog.Client{UserAgent: evil}, Metadata: map[string]any{evil: evil, "long": strings.Repeat("x", 60_000)}, Labels: map[string]string{evil: evil},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tb := open(t, serve(t, l, nil, access.Org(amara, "acme", access.AllRights)))
	for _, width := range []int64{1440, 320} {
		tb.look(width, 1000, "light")
		tb.open("?range=all&q=" + escape(`"`+"desrever"+`"`))
		eval[bool](tb, "document.querySelector('.rowlink').click(), true")
		tb.until("document.querySelector('#panel').open && document.querySelector('#ph')")
		if title := eval[string](tb, "document.title"); title == "owned" {
			t.Fatal("a text of an event was run")
		}
		if n := tb.sideways(); n > 0 {
			t.Errorf("%d pixels to the side at %d", n, width)
		}
		tb.shot(fmt.Sprint(width))
		tb.open("events/" + eval[string](tb, "new URL(location).searchParams.get('event')"))
		if n := tb.sideways(); n > 0 {
			t.Errorf("%d pixels to the side on the event's page at %d: %s", n, width, eval[string](tb, widest))
		}
		for _, path := range []string{"orgs/acme/usage/", "orgs/acme/governance/", "orgs/acme/projects/" + url.PathEscape(evil) + "/recent/", "?range=all&cols=time,model,cost"} {
			tb.open(path)
			if title := eval[string](tb, "document.title"); title == "owned" {
				t.Fatalf("a text of an event was run at %s", path)
			}
			if n := tb.sideways(); n > 0 {
				t.Errorf("%d pixels to the side at %s, %d wide: %s", n, path, width, eval[string](tb, widest))
			}
		}
	}
}

// An alert on the log leads to its page, from there to its events, and is acknowledged by keyboard alone.
func TestAlertByKeyboard(t *testing.T) {
	tb := open(t, demoSite(t))
	tb.look(1440, 1000, "light")
	tb.open("orgs/northwind/alerts/")
	tb.shot("list")
	press := func(what string) {
		for range 80 {
			if eval[bool](tb, "document.activeElement.matches("+what+")") {
				run(tb, chromedp.WaitEvent(page.LoadEventFired, nil, func(context.Context, *chromedp.Target) (chromedp.Void, error) {
					tb.key("Enter")
					return chromedp.Void{}, nil
				}))
				return
			}
			tb.key("Tab")
		}
		t.Fatalf("Tab never reaches %s", what)
	}
	press("`[aria-labelledby=open-h] h3 a`")
	tb.shot("page")
	alert := tb.path()
	for range 80 {
		if eval[bool](tb, "document.activeElement.id === 'reason'") {
			break
		}
		tb.key("Tab")
	}
	tb.key(strings.Split("known", "")...)
	press("`[value=ack]`")
	if text := eval[string](tb, "document.querySelector('main').innerText"); !strings.Contains(text, "Acknowledged") || !strings.Contains(text, "known") {
		t.Errorf("the decision is not told in %s", text)
	}
	tb.open(strings.Split(alert, "?")[0])
	want := eval[string](tb, "document.querySelector('.tools .primary').innerText")
	press("`.tools .primary`")
	if rows := eval[int](tb, "document.querySelectorAll('.rowlink').length"); rows == 0 {
		t.Errorf("%s leads to nothing", want)
	}
}
