package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// asked counts the requests of a tab whose addresses hold a text.
func (tb *tab) asked(text string) (n int) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, r := range tb.requests {
		if strings.Contains(r, text) {
			n++
		}
	}
	return n
}

// live turns live events on, and waits until they flow.
func (tb *tab) live() {
	tb.t.Helper()
	eval[bool](tb, "document.querySelector('#live').click(), true")
	tb.until(live + " === 'Live: on'")
}

// arrived waits until so many events wait to be shown.
func (tb *tab) arrived(n int) {
	tb.t.Helper()
	want := fmt.Sprintf("%d new events – show", n)
	if n == 1 {
		want = "1 new event – show"
	}
	tb.until(fmt.Sprintf("document.querySelector('#arrived')?.textContent === '%s'", want))
}

// settle waits until a site has so many streams, which follow so much.
func (s *site) settle(t *testing.T, streams, follows int) {
	t.Helper()
	end := time.After(20 * time.Second) // longer than until a stream beats
	for {
		s.mu.Lock()
		open, moved := s.open, s.moved
		s.mu.Unlock()
		if want := [2]int{streams, follows}; open == want {
			return
		}
		select {
		case <-moved:
		case <-end:
			t.Fatalf("%d streams are open, which follow %d, not %d and %d", open[0], open[1], streams, follows)
		}
	}
}

// Six tabs of one browser are live by one stream, also when the tab that has it goes.
func TestLiveInSixTabs(t *testing.T) {
	s, record := growing(t)
	tabs := []*tab{open(t, s)}
	tabs[0].open("")
	for range 5 {
		tabs = append(tabs, tabs[0].beside().open(""))
	}
	streams := func() (n int) {
		for _, tb := range tabs {
			n += tb.asked("/api/v1/streams?")
		}
		return n
	}
	for _, tb := range tabs {
		tb.live()
	}
	record("mei")
	for _, tb := range tabs {
		tb.arrived(1)
	}
	if n := streams(); n != 1 {
		t.Errorf("six tabs opened %d streams", n)
	}
	tabs[0].hide(true) // it had the stream
	record("mei")
	for _, tb := range tabs[1:] {
		tb.arrived(2)
	}
	tabs[0].hide(false)
	tabs[0].arrived(2)
	if n := streams(); n != 2 {
		t.Errorf("%d streams were opened; the tab that took over has the second", n)
	}
	eval[bool](tabs[1], "document.querySelector('#arrived').click(), true")
	tabs[1].until("document.querySelectorAll('.rowlink').length === 3 && " + live + " === 'Live: on'")
}

// town is a log of two organizations, and what records one more event in it.
func town(t *testing.T) (*site, func(org, project, actor string)) {
	t.Helper()
	l, err := activitylog.New(memory.New(), &activitylog.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	record := func(org, project, actor string) {
		_, err := l.Record(t.Context(), activitylog.Event{Org: org, Project: project, Action: "project.update", Time: now, Actor: activitylog.Actor{ID: actor}})
		if err != nil {
			t.Error(err)
		}
	}
	return serve(t, l, nil, bothOrgs...), record
}

var bothOrgs = []access.Grant{access.Org(amara, "acme", access.AllRights), access.Org(amara, "beta", access.AllRights)}

// Eight tabs with filters and scopes of their own are live by one stream over HTTP/1.1, and each hears what is its own,
// whichever of them comes, goes, breaks down or changes its filter.
func TestLiveOfManyPages(t *testing.T) {
	s, record := town(t)
	paths := []string{"orgs/acme/", "orgs/acme/?q=actor:raj", "orgs/acme/projects/p1/", "orgs/beta/", "orgs/beta/?actor=raj", "orgs/acme/?range=7d", "orgs/acme/", "orgs/beta/projects/p1/"}
	tabs := []*tab{open(t, s).open(paths[0])}
	for _, path := range paths[1:] {
		tabs = append(tabs, tabs[0].beside().open(path))
	}
	for _, tb := range tabs {
		tb.live()
	}
	s.settle(t, 1, 7)

	want := make([]int, len(tabs))
	more := func(org, project, actor string, follows ...int) {
		record(org, project, actor)
		for _, i := range follows {
			want[i]++
		}
	}
	all := func() {
		t.Helper()
		for i, tb := range tabs {
			if tb != nil && want[i] > 0 {
				tb.arrived(want[i])
			}
		}
	}
	some := func() {
		more("acme", "p1", "raj", 0, 1, 2, 5, 6)
		more("acme", "p2", "mei", 0, 5, 6)
		more("beta", "p1", "mei", 3, 7)
		more("beta", "p2", "raj", 3, 4)
		more("gamma", "p1", "raj")
	}
	some()
	all()
	some()
	all()

	// The tab that has the stream breaks down while others record.
	everyone := slices.Clone(tabs)
	lists := func() (n int) {
		for i, tb := range everyone {
			n += tb.asked(paths[i])
		}
		return n
	}
	before := lists()
	recorded, broken := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(recorded)
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for {
			some()
			select {
			case <-pace.C:
			case <-broken:
				return
			}
		}
	}()
	crash(tabs[0])
	close(broken)
	<-recorded
	tabs[0] = nil
	all()
	s.settle(t, 1, 7)

	// So does one that is closed, and one that is seen no more.
	eval[bool](tabs[1], "location.href = 'about:blank', true")
	tabs[1] = nil
	some()
	all()
	tabs[2].hide(true)
	hidden := want[2]
	some()
	want[2] = 0
	all()
	s.settle(t, 1, 5)
	if n := lists() - before; n != 0 {
		t.Errorf("tabs looked at their lists %d times; they had missed nothing", n)
	}
	tabs[2].hide(false)
	want[2] = hidden + 1
	all()

	// Another filter of one tab is no matter of the others.
	eval[bool](tabs[3], "document.querySelector('#q').value = 'actor:zoe', document.querySelector('#q').dispatchEvent(new Event('input', {bubbles: true})), true")
	tabs[3].until("location.search === '?q=actor%3Azoe' && " + live + " === 'Live: on' && !document.querySelector('#arrived')")
	want[3] = 0
	more("beta", "", "zoe", 3)
	more("beta", "p1", "mei", 7)
	more("acme", "p1", "mei", 2, 5, 6)
	all()
	s.settle(t, 1, 6)

	// Nobody follows what is hidden or off.
	for i, tb := range tabs {
		if tb != nil && i%2 == 0 {
			tb.hide(true)
		} else if tb != nil {
			eval[bool](tb, "document.querySelector('#live').click(), true")
		}
	}
	s.settle(t, 0, 0)
}

// crash ends the process of a tab.
func crash(tb *tab) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, time.Second)
	defer cancel()
	_, _ = chromedp.Run(ctx, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) { // which never answers
		_, err := chromedp.Call(ctx, page.Crash, cdp.Empty{})
		return chromedp.Void{}, err
	})
}

// What a tab followed that breaks down is followed no more soon, though nothing said so.
func TestLiveTabThatBreaksDown(t *testing.T) {
	s, record := town(t)
	acme := open(t, s).open("orgs/acme/")
	beta := acme.beside().open("orgs/beta/")
	acme.live()
	beta.live()
	s.settle(t, 1, 2)
	crash(beta)
	s.settle(t, 1, 1)
	record("acme", "", "mei")
	acme.arrived(1)
}

// A page that may no longer be read is told so, and the others go on.
func TestLivePageThatGoes(t *testing.T) {
	s, record := town(t)
	acme := open(t, s).open("orgs/acme/")
	beta := acme.beside().open("orgs/beta/")
	beta.live() // it has the stream
	record("acme", "", "mei")
	acme.live()
	acme.until("document.querySelectorAll('.rowlink').length === 1") // what came before it was live
	record("acme", "", "mei")
	acme.arrived(1)
	s.may(bothOrgs[0])
	n := 1
	for range 100 { // the rights are asked for again with the first event after a second
		if n++; eval[bool](beta, live+" === 'Live'") {
			break
		}
		record("acme", "", "mei")
		acme.arrived(n)
	}
	beta.until(live + " === 'Live' && document.querySelector('.toast')?.textContent === 'Live events cannot be had here now'")
	record("acme", "", "mei")
	acme.arrived(n)
	s.settle(t, 1, 1)
}

// Where all that tabs follow does not fit into one address, those that came last are told so.
func TestLiveOfTooMuch(t *testing.T) {
	s, record := town(t)
	path := func(i int) string {
		return "orgs/acme/?q=" + escape(fmt.Sprintf("-message%d%s", i, strings.Repeat("é", 200)))
	}
	tabs := []*tab{open(t, s).open(path(0))}
	tabs[0].live()
	tabs = append(tabs, tabs[0].beside().open(path(1)))
	tabs[1].live()
	late := tabs[0].beside().open(path(2))
	eval[bool](late, "document.querySelector('#live').click(), true")
	late.until(live + " === 'Live' && document.querySelector('.toast')?.textContent === 'Live events cannot be had here now'")
	s.settle(t, 1, 2)
	record("acme", "", "mei")
	for _, tb := range tabs {
		tb.arrived(1)
	}
}

// Without locks each tab has a stream of its own.
func TestLiveWithoutLocks(t *testing.T) {
	s, record := town(t)
	acme := open(t, s)
	beta := acme.beside()
	for _, tb := range []*tab{acme, beta} {
		run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
			_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
				Source: "Object.defineProperty(Navigator.prototype, 'locks', {value: undefined})",
			})
			return chromedp.Void{}, err
		})
	}
	acme.open("orgs/acme/").live()
	beta.open("orgs/beta/?actor=raj").live()
	s.settle(t, 2, 2)
	record("acme", "", "mei")
	record("beta", "", "raj")
	record("beta", "", "mei")
	acme.arrived(1)
	beta.arrived(1)
	acme.hide(true)
	s.settle(t, 1, 1)
	record("acme", "", "mei")
	record("acme", "", "mei")
	acme.hide(false)
	acme.arrived(3)
}
