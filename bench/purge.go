package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
)

// purged is how many events of the log a purge removes: every tenth.
const purged = 10

// purgeBeside measures what writers notice of a purge, and how much faster whole months go.
func purgeBeside(ctx context.Context, r *report) error {
	dir, err := os.MkdirTemp("", "activitylog-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lite, err := sqlite.Open(ctx, dir+"/purge.db", &sqlite.Options{Migrate: true})
	if err != nil {
		return err
	}
	defer lite.Close()
	if err := r.besideWriters(ctx, "SQLite", lite); err != nil {
		return err
	}
	server, err := pgtest.Run(ctx, pgtest.Config{Settings: pgSettings})
	if err != nil {
		return err
	}
	defer server.Stop()
	plain, err := postgres.Open(ctx, server.DSN(), &postgres.Options{Migrate: true, MaxConns: 24})
	if err != nil {
		return err
	}
	defer plain.Close()
	if err := r.besideWriters(ctx, "PostgreSQL", plain); err != nil {
		return err
	}
	return r.byMonths(ctx, plain)
}

// aged is a log of which a tenth is due, in the month before last.
type aged struct {
	log    *activitylog.Log
	keeper *retention.Keeper
	due    int
}

// dueFrom is when the events that are due begin: all of them lie in one month.
func dueFrom() time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()-2, 2, 0, 0, 0, 0, time.UTC)
}

// age fills a store with events, a tenth of them due.
func (r *report) age(ctx context.Context, store activitylog.Store, total int) (*aged, error) {
	a := &aged{due: total / purged}
	old, err := activitylog.New(store, &activitylog.Options{Timeout: time.Minute, Now: func() time.Time { return time.Now().AddDate(0, 0, -30) }})
	if err != nil {
		return nil, err
	}
	if a.log, err = activitylog.New(store, &activitylog.Options{Timeout: time.Minute}); err != nil {
		return nil, err
	}
	if a.keeper, err = retention.New(a.log, store, nil); err != nil {
		return nil, err
	}
	g := sample.New(1, 0)
	for done := 0; done < total; {
		log, from, n := a.log, time.Now(), min(5000, total-done)
		if done < a.due {
			log, from, n = old, dueFrom(), min(n, a.due-done)
		}
		events := g.Events(n)
		for i := range events {
			events[i].Time = from.Add(time.Duration(done+i) * 10 * time.Millisecond)
		}
		if _, err := log.RecordAll(ctx, events); err != nil {
			return nil, err
		}
		done += n
	}
	rule := retention.Rule{Name: "bench", Filter: activitylog.Not(activitylog.CategoryIs("audit")), Max: 20}
	return a, a.keeper.SetRules(acting(ctx), "", []retention.Rule{rule}, "bench")
}

func acting(ctx context.Context) context.Context {
	return activitylog.WithActor(ctx, activitylog.Actor{Type: activitylog.System, ID: "bench"})
}

// besideWriters prints by how much a purge makes each of 16 writers slower, at its 99th percentile.
func (r *report) besideWriters(ctx context.Context, name string, store activitylog.Store) error {
	a, err := r.age(ctx, store, r.events)
	if err != nil {
		return err
	}
	alone, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	before, err := a.write(alone)
	if err != nil {
		return err
	}
	purging, done := context.WithCancel(ctx)
	var report retention.Report
	var failed error
	began := time.Now()
	go func() {
		defer done()
		report, failed = a.keeper.Purge(acting(ctx), "", nil)
	}()
	during, err := a.write(purging)
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	took := time.Since(began)
	worst := 0.0
	for i := range before {
		worst = max(worst, float64(during[i])/float64(before[i]))
	}
	fmt.Printf("| %s: a writer's p99 of 16 beside a purge of %d of %d (%d gone in %s), against without it | %s | %s | worst **%.2fx** | ≤ 3.0x | %s |\n",
		name, a.due, r.events, report.Deleted, took.Round(time.Second/10), slices.Max(during), slices.Max(before), worst, mark(worst <= 3))
	return nil
}

// write records with 16 writers until ctx ends and returns the p99 of each.
func (a *aged) write(ctx context.Context) ([]time.Duration, error) {
	const writers = 16
	p99 := make([]time.Duration, writers)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			g := sample.New(uint64(w)+2, 0)
			var took []time.Duration
			for ctx.Err() == nil {
				e := g.Event()
				e.Time = time.Time{}
				began := time.Now()
				if _, err := a.log.Record(context.WithoutCancel(ctx), e); err != nil {
					errs[w] = err
					return
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			if len(took) > 0 {
				p99[w] = took[len(took)*99/100]
			}
		})
	}
	wg.Wait()
	return p99, errors.Join(errs...)
}

// byMonths compares the purge of a month by its partition with that of as many events one by one.
func (r *report) byMonths(ctx context.Context, plain activitylog.Store) error {
	server, err := pgtest.Run(ctx, pgtest.Config{Settings: pgSettings})
	if err != nil {
		return err
	}
	defer server.Stop()
	parts, err := postgres.Open(ctx, server.DSN(), &postgres.Options{Migrate: true, Partitioned: true})
	if err != nil {
		return err
	}
	defer parts.Close()
	if err := parts.AddPartitions(ctx, dueFrom(), dueFrom()); err != nil {
		return err
	}
	var took [2]time.Duration
	for i, store := range []activitylog.Store{plain, parts} {
		a, err := r.age(ctx, store, r.events)
		if err != nil {
			return err
		}
		began := time.Now()
		report, err := a.keeper.Purge(acting(ctx), "", &retention.PurgeOptions{Load: 1})
		if err != nil {
			return err
		}
		if took[i] = time.Since(began); report.Deleted != int64(a.due) {
			return fmt.Errorf("%d of %d events went", report.Deleted, a.due)
		}
	}
	ratio := float64(took[0]) / float64(took[1])
	fmt.Printf("| PostgreSQL: purge of %d of %d in a partition of their own, against one by one | %s | %s | **%.0fx** | ≥ 50x | %s |\n",
		r.events/purged, r.events, took[1].Round(time.Millisecond), took[0].Round(time.Millisecond), ratio, mark(ratio >= 50))
	return nil
}
