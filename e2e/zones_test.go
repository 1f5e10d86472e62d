package e2e_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// zone makes the browser live somewhere.
func (tb *tab) zone(name string) {
	tb.t.Helper()
	run(tb, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name})
		return chromedp.Void{}, err
	})
}

// Times are those of the reader, also on the days on which clocks are changed, and the panel has both zones.
func TestZones(t *testing.T) {
	l, err := activitylog.New(memory.New(), &activitylog.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"2026-03-08T06:59:00Z", "2026-03-08T07:01:00Z", "2026-03-09T03:59:00Z", "2026-03-09T04:00:00Z"} { // New York skips 2:00 to 3:00
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Record(t.Context(), activitylog.Event{Org: "acme", Action: "x.y", Time: when, Actor: amara}); err != nil {
			t.Fatal(err)
		}
	}
	s := serveWith(t, l, web.Options{Hour12: true}, access.Org(amara, "acme", access.AllRights))
	tb := open(t, s)
	tb.look(1440, 1000, "light")
	const page = "?from=2026-03-07T00:00:00Z&to=2026-03-10T00:00:00Z"
	for _, tt := range []struct{ zone, name, times, days string }{
		{"America/New_York", "America/New_York (UTC-04:00)", "12:00:00 AM 11:59:00 PM 3:01:00 AM 1:59:00 AM", "Monday 9 March 2026, Sunday 8 March 2026"},
		{"Asia/Kolkata", "(UTC+05:30)", "9:30:00 AM 9:29:00 AM 12:31:00 PM 12:29:00 PM", "Monday 9 March 2026, Sunday 8 March 2026"},
		{"UTC", "UTC", "4:00:00 AM 3:59:00 AM 7:01:00 AM 6:59:00 AM", "Monday 9 March 2026, Sunday 8 March 2026"},
	} {
		tb.zone(tt.zone)
		tb.open(page) // tells the zone
		tb.open(page)
		if got := eval[string](tb, "[...document.querySelectorAll('#events td time')].map(e => e.textContent).join(' ')"); got != tt.times {
			t.Errorf("%s: %s, not %s", tt.zone, got, tt.times)
		}
		if got := eval[string](tb, "[...document.querySelectorAll('#events .day th')].map(e => e.innerText).join(', ')"); got != tt.days {
			t.Errorf("%s: %s, not %s", tt.zone, got, tt.days)
		}
		if got := eval[string](tb, "document.querySelector('.foot p').innerText"); !strings.Contains(got, tt.name) {
			t.Errorf("%s is not named: %s", tt.zone, got)
		}
		eval[bool](tb, "document.querySelectorAll('.rowlink')[2].click(), true")
		tb.until("document.querySelector('#panel').open && document.querySelector('#ph')")
		if got := eval[string](tb, "document.querySelector('#panel dd').innerText"); !strings.Contains(got, "2026-03-08 07:01:00.000 UTC") || !strings.Contains(got, strings.Split(tt.times, " ")[4]) {
			t.Errorf("%s: the panel says %s", tt.zone, got)
		}
		tb.open(page + "&tz=utc")
		if got := eval[string](tb, "document.querySelector('#events td time').textContent"); got != "4:00:00 AM" {
			t.Errorf("%s: %s is not UTC", tt.zone, got)
		}
	}
}
