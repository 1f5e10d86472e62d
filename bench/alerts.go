package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/store/sqlite"
)

// rollups compares judging through roll-ups with judging from events, and says what keeping roll-ups costs.
func rollups(ctx context.Context, r *report) error {
	if err := keepRollups(ctx, r); err != nil {
		return err
	}
	return judgeBig(ctx, r)
}

// keepRollups compares recording with recording and keeping roll-ups behind it.
func keepRollups(ctx context.Context, r *report) error {
	const n = 20_000
	events := sample.New(1, 0).Events(n)
	follow := func(every int) timed {
		return oursSQLite(ctx, n, func(log *activitylog.Log) error {
			kept, err := monitor.NewRollups(log)
			if err != nil {
				return err
			}
			for start := 0; start < n; start += every {
				if err := recordAll(ctx, log, events[start:start+every]); err != nil {
					return err
				}
				if _, err := kept.CatchUp(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	alone := oursSQLite(ctx, n, func(log *activitylog.Log) error { return recordAll(ctx, log, events) })
	for _, every := range []int{1000, 5000, n} {
		what := fmt.Sprintf("SQLite `RecordAll(1000)` with roll-ups kept every %d events, against without", every)
		target := 0.0
		if every == 5000 {
			target = 1.25
		}
		if err := r.slowdown(what, target, follow(every), alone); err != nil {
			return err
		}
	}
	return nil
}

// judgeBig judges the last three days of the largest organization of a log of the demo's kinds of events over 90 days.
func judgeBig(ctx context.Context, r *report) error {
	log, done, err := demoSQLite(ctx, r.events)
	if err != nil {
		return err
	}
	defer done()
	kept, err := monitor.NewRollups(log)
	if err != nil {
		return err
	}
	org := demo.Orgs()[0]
	reader := log.Org(org.ID)
	n, err := reader.Count(ctx, activitylog.Filter{}, 0)
	if err != nil {
		return err
	}
	config := alerts.Config{Org: org.ID, Zone: org.Zone}
	from := demoEnd.AddDate(0, 0, -3)
	judged := func(f *alerts.Figures, err error) error {
		if err == nil {
			alerts.Judge(f, from, demoEnd, config)
		}
		return err
	}
	through := func() error { return judged(kept.ToJudge(ctx, org.ID, from, demoEnd, config)) }
	raw := func() error { return judged(foldAll(ctx, reader, activitylog.Filter{})) }
	what := fmt.Sprintf("SQLite, an organization with %d of %d events: judging it through roll-ups, against from its events", n, r.events)
	if err := r.pair(what, 50, several(3, through), several(1, raw)); err != nil {
		return err
	}
	since56 := demoEnd.AddDate(0, 0, -56)
	read := func() error {
		_, err := kept.Figures(ctx, org.ID, since56, demoEnd)
		return err
	}
	fold := func() error {
		_, err := foldAll(ctx, reader, activitylog.Since(since56))
		return err
	}
	return r.pair("the same organization: reading 56 days of roll-ups, against folding their events", 50, several(3, read), several(1, fold))
}

func foldAll(ctx context.Context, reader activitylog.Reader, filter activitylog.Filter) (*alerts.Figures, error) {
	var f alerts.Figures
	for e, err := range reader.Events(ctx, activitylog.Query{Filter: filter}) {
		if err != nil {
			return nil, err
		}
		f.Add(&e)
	}
	return &f, nil
}

// several measures n runs of f.
func several(n int, f func() error) timed {
	return func() (time.Duration, int, error) {
		d, err := since(func() error {
			for range n {
				if err := f(); err != nil {
					return err
				}
			}
			return nil
		})
		return d, n, err
	}
}

// demoEnd is when the demo's log ends.
var demoEnd = time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)

// demoSQLite opens a log of about n events as the demo makes them, with roll-ups. It is made once.
func demoSQLite(ctx context.Context, n int) (*activitylog.Log, func() error, error) {
	path, err := cacheDir(fmt.Sprintf("sqlite-demo-%d.db", n))
	if err != nil {
		return nil, nil, err
	}
	err = goOn(path, func(temp string) error {
		store, err := sqlite.Open(ctx, temp, &sqlite.Options{Migrate: true})
		if err != nil {
			return err
		}
		log, err := activitylog.New(store, &activitylog.Options{Timeout: 10 * time.Minute}) // a checkpoint may come between
		if err == nil {
			err = fillDemo(ctx, log, n)
		}
		if err = errors.Join(err, store.Close()); err != nil {
			return err
		}
		return emptyWAL(ctx, temp)
	})
	if err != nil {
		return nil, nil, err
	}
	store, log, err := openSQLite(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	return log, store.Close, nil
}

// fillDemo records a demo of about n events, and keeps roll-ups of them. It holds few of them at a time, and leaves out
// those that are there: they come in the same order each time, and a batch is stored as a whole or not at all.
func fillDemo(ctx context.Context, log *activitylog.Log, n int) error {
	kept, err := monitor.NewRollups(log)
	if err != nil {
		return err
	}
	there, err := log.AllOrgs().Count(ctx, activitylog.Filter{}, 0)
	if err != nil {
		return err
	}
	batch := make([]activitylog.Event, 0, 5000)
	record := func() error {
		_, err := log.RecordAll(ctx, batch)
		if err == nil {
			_, err = kept.CatchUp(ctx)
		}
		batch = batch[:0]
		return err
	}
	for e := range demo.Events(demo.Options{End: demoEnd, Size: float64(n) / 45_000}) {
		if there--; there >= 0 {
			continue
		}
		if batch = append(batch, e); len(batch) == cap(batch) {
			if err := record(); err != nil {
				return err
			}
		}
	}
	return record()
}
