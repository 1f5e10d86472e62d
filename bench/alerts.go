package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/bench/internal/sample"
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

// judgeBig judges the three last days of the largest organization of the largest log.
func judgeBig(ctx context.Context, r *report) error {
	log, done, err := rolledSQLite(ctx, sizes[len(sizes)-1])
	if err != nil {
		return err
	}
	defer done()
	kept, err := monitor.NewRollups(log)
	if err != nil {
		return err
	}
	config := alerts.Config{Org: sample.Big}
	at := sample.Start.AddDate(0, 0, 4)
	from := at.AddDate(0, 0, -3)
	through := func() error {
		f, err := kept.Figures(ctx, sample.Big, from.Add(-config.Reach()), at)
		if err == nil {
			alerts.Judge(f, from, at, config)
		}
		return err
	}
	raw := func() error {
		f, err := foldAll(ctx, log.Org(sample.Big))
		if err == nil {
			alerts.Judge(f, from, at, config)
		}
		return err
	}
	if err := r.pair("SQLite, an organization with 120,000 of 1M events: judging it through roll-ups, against from events", 50, several(20, through), several(1, raw)); err != nil {
		return err
	}
	read := func() error {
		_, err := kept.Figures(ctx, sample.Big, from.Add(-config.Reach()), at)
		return err
	}
	fold := func() error {
		_, err := foldAll(ctx, log.Org(sample.Big))
		return err
	}
	return r.pair("the same without judging: reading its roll-ups, against folding its events", 50, several(20, read), several(1, fold))
}

func foldAll(ctx context.Context, reader activitylog.Reader) (*alerts.Figures, error) {
	var f alerts.Figures
	for e, err := range reader.Events(ctx, activitylog.Query{}) {
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

// rolledSQLite opens a copy of a large log that has roll-ups. It is made once.
func rolledSQLite(ctx context.Context, n int) (*activitylog.Log, func() error, error) {
	source, err := sqliteBig(n)
	if err != nil {
		return nil, nil, err
	}
	path, err := cacheDir(fmt.Sprintf("sqlite-rolled-%d.db", n))
	if err != nil {
		return nil, nil, err
	}
	err = once(path, func(temp string) error {
		if err := copyFile(temp, source); err != nil {
			return fmt.Errorf("the large logs are missing; run: make biglog: %w", err)
		}
		store, log, err := openSQLite(ctx, temp)
		if err != nil {
			return err
		}
		kept, err := monitor.NewRollups(log)
		if err == nil {
			_, err = kept.CatchUp(ctx)
		}
		if err = errors.Join(err, store.Close()); err != nil {
			return err
		}
		return emptyWAL(ctx, temp)
	})
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, path, nil)
	if err != nil {
		return nil, nil, err
	}
	log, err := activitylog.New(store, nil)
	return log, store.Close, err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
