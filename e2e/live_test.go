package e2e_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// growing is a log of its own with its pages, and what records one more event in it.
func growing(t *testing.T) (*site, func(actor string)) {
	t.Helper()
	l, err := activitylog.New(memory.New(), &activitylog.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	record := func(actor string) {
		n++
		_, err := l.Record(t.Context(), activitylog.Event{
			Org: "acme", Action: "project.update", Time: now.Add(-time.Hour + time.Duration(n)*time.Second), Actor: activitylog.Actor{ID: actor, Name: actor},
			Targets: []activitylog.Target{{Type: "project", ID: fmt.Sprint("p", n), Name: fmt.Sprint("Number ", n)}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	record("mei")
	return serve(t, l, nil, access.Org(amara, "acme", access.AllRights)), record
}

const live = "document.querySelector('#live span').textContent"

// New events wait behind a button, nothing moves until it is pressed, and what came while the tab was hidden is there too.
func TestLive(t *testing.T) {
	s, record := growing(t)
	tb := open(t, s)
	tb.look(1440, 1000, "light")
	tb.open("")
	tb.key("l")
	tb.until(live + " === 'Live: on'")
	record("mei")
	tb.until("document.querySelector('#arrived')?.textContent === '1 new event – show'")
	record("mei")
	tb.until("document.querySelector('#arrived').textContent === '2 new events – show'")
	if n := eval[int](tb, "document.querySelectorAll('.rowlink').length"); n != 1 {
		t.Errorf("%d rows before anybody asked for them", n)
	}
	eval[bool](tb, "document.querySelector('#arrived').click(), true")
	tb.until("document.querySelectorAll('.rowlink').length === 3 && !document.querySelector('#arrived')")
	tb.until(live + " === 'Live: on'")

	// Other filters, other events.
	eval[bool](tb, "document.querySelector('#q').value = 'actor:raj', document.querySelector('#q').dispatchEvent(new Event('input', {bubbles: true})), true")
	tb.until("location.search === '?q=actor%3Araj' && " + live + " === 'Live: on'")
	record("mei")
	record("raj")
	tb.until("document.querySelector('#arrived')?.textContent === '1 new event – show'")

	// A hidden tab keeps no stream, and goes on from where it was.
	other := tb.beside()
	other.open("?q=actor%3Araj")
	tb.hide(true)
	tb.until(live + " === 'Live: paused'")
	record("raj")
	eval[bool](other, "document.querySelector('#live').click(), true")
	other.until(live + " === 'Live: on'")
	record("raj")
	other.until("document.querySelector('#arrived')")
	tb.hide(false)
	tb.until("document.querySelector('#arrived').textContent === '3 new events – show'")
	tb.until(live + " === 'Live: on'")
	eval[bool](other, "document.querySelector('#live').click(), true")
	record("raj")
	tb.until("document.querySelector('#arrived').textContent === '4 new events – show'")
	eval[bool](tb, "document.querySelector('#live').click(), true")
	tb.until(live + " === 'Live' && !document.querySelector('#arrived')")

	// What is over has nothing new.
	tb.open("?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")
	if eval[bool](tb, "Boolean(document.querySelector('#live'))") {
		t.Error("a range that is over offers live events")
	}
}

// hide tells a tab that it is not seen any more, or that it is again.
func (tb *tab) hide(hidden bool) {
	tb.t.Helper()
	eval[bool](tb, fmt.Sprintf("Object.defineProperty(document, 'hidden', {value: %t, configurable: true}), document.dispatchEvent(new Event('visibilitychange')), true", hidden))
}

// An export tells how far it is.
func TestExportProgress(t *testing.T) {
	s, record := growing(t)
	for range 30 {
		record("mei")
	}
	tb := open(t, s)
	tb.look(1440, 1000, "light")
	dir, err := os.MkdirTemp("", "activitylog-downloads-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) }) // the browser may still be busy in it
	run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir})
		return chromedp.Void{}, err
	})
	tb.open("")
	tb.key("e")
	tb.key("Enter")
	tb.until("document.querySelector('.progress')?.textContent.includes('31 rows exported')")
}
