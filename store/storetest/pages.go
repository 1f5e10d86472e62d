package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/activitylog/activitylog"
)

// Bounds of one walk through pages, so that many filters can be asked.
const (
	maxPages = 12
	fewPages = 3
)

// pages walks through the pages of a query, forward with steps back.
func (p probe) pages(ctx context.Context, r activitylog.Reader, found []activitylog.Event) error {
	rng := rand.New(rand.NewPCG(p.seed, 0))
	pages := fewPages
	if p.whole {
		pages = maxPages + len(found)/10
		p.limit = max(p.limit, len(found)/maxPages+1)
	}
	if p.early {
		pages += fewPages // a page may be empty
	}
	q := activitylog.Query{Filter: p.filter, Order: p.order, Limit: p.limit}
	at := 0 // so many events lie behind
	for n := range pages {
		page, err := r.Page(ctx, q)
		if err != nil {
			return fmt.Errorf("page %d: %w", n+1, err)
		}
		if err := p.ahead(page, found, at); err != nil {
			return fmt.Errorf("page %d: %w", n+1, err)
		}
		if page.Prev.IsZero() == (n > 0) {
			return fmt.Errorf("page %d: whether there is a page before it is wrong", n+1)
		}
		if n > 0 && chance(rng, 4) {
			before := q
			before.Cursor = page.Prev
			if err := p.back(ctx, r, before, found, at); err != nil {
				return fmt.Errorf("page %d: %w", n+1, err)
			}
		}
		if at += len(page.Events); page.Next.IsZero() {
			return nil
		}
		if q.Cursor, err = carried(page.Next, rng); err != nil {
			return err
		}
	}
	return nil
}

// ahead compares a page with the events from at on.
func (p probe) ahead(page activitylog.Page, found []activitylog.Event, at int) error {
	want := found[at:min(len(found), at+p.limit)]
	if page.Examined > 0 && len(page.Events) < len(want) {
		want = want[:len(page.Events)] // it gave up
		if page.Next.IsZero() {
			return fmt.Errorf("the store gave up and does not go on; missing:\n%s", found[at+len(want)].AppendJSON(nil))
		}
	}
	if err := p.same(page.Events, want); err != nil {
		return err
	}
	more := at+len(want) < len(found)
	if more && page.Next.IsZero() || !more && !page.Next.IsZero() && page.Examined == 0 {
		return fmt.Errorf("whether a page follows is wrong: %d of %d events lie behind", at+len(want), len(found))
	}
	return nil
}

// back goes to the page of q, which lies before the event at, and forward again.
func (p probe) back(ctx context.Context, r activitylog.Reader, q activitylog.Query, found []activitylog.Event, at int) error {
	page, err := r.Page(ctx, q)
	if err != nil {
		return fmt.Errorf("back: %w", err)
	}
	want := found[max(0, at-p.limit):at]
	if page.Examined > 0 && len(page.Events) < len(want) {
		want = want[len(want)-len(page.Events):]
	}
	if err := p.same(page.Events, want); err != nil {
		return fmt.Errorf("back: %w", err)
	}
	if first := at-len(want) == 0; page.Examined == 0 && page.Prev.IsZero() != first {
		return fmt.Errorf("back: whether a page comes before is wrong: it begins at event %d", at-len(want)+1)
	}
	if q.Cursor = page.Next; q.Cursor.IsZero() {
		return fmt.Errorf("back: no page follows, although it came from one")
	}
	page, err = r.Page(ctx, q)
	if err != nil {
		return fmt.Errorf("back and forward: %w", err)
	}
	if err := p.ahead(page, found, at); err != nil {
		return fmt.Errorf("back and forward: %w", err)
	}
	return nil
}

// carried is the cursor, at times through its text form, as in a URL.
func carried(c activitylog.Cursor, rng *rand.Rand) (activitylog.Cursor, error) {
	if chance(rng, 2) {
		return c, nil
	}
	read, err := activitylog.ParseCursor(c.String())
	if err == nil && read != c {
		err = fmt.Errorf("cursor %s reads as another one", c)
	}
	return read, err
}
