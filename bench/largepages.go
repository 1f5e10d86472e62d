package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/activitylog/activitylog/internal/demo"
)

// largePages compares the lists over a log of the demo's kinds of events on SQLite with those over one of a tenth of its
// size, at any depth.
func largePages(ctx context.Context, r *report) error {
	var sides [2]http.Handler
	for i, n := range []int{r.events / 10, r.events} {
		log, done, err := demoSQLite(ctx, n)
		if err != nil {
			return err
		}
		defer done()
		if sides[i], err = newPages(log, demoEnd); err != nil {
			return err
		}
	}
	all, one := "/platform/", "/orgs/"+demo.Orgs()[0].ID+"/"
	for _, p := range []struct {
		page       string
		big, small int // depths in rows
	}{{all, 0, 0}, {all, 5_000, 5_000}, {all, 50_000, 50_000}, {all, 500_000, 50_000}, {one, 0, 0}, {one, 10_000, 10_000}, {one, 100_000, 10_000}} {
		far, err := pageAt(sides[1], p.page, p.big)
		if err != nil {
			return err
		}
		near, err := pageAt(sides[0], p.page, p.small)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("SQLite list p95 of %s: %d events, %d rows deep, against %d, %d rows deep", p.page, r.events, p.big, r.events/10, p.small)
		if err := r.percentiles(what, 100, 1.5, listTime(sides[1], far), listTime(sides[0], near)); err != nil {
			return err
		}
	}
	return nil
}
