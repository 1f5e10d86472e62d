package main

import (
	"context"
	"database/sql"
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
	"github.com/activitylog/activitylog/store/sqlstore"
)

// purged is how many events of the log a purge removes: every tenth.
const purged = 10

// purgeBeside measures what writers notice of a purge.
func purgeBeside(ctx context.Context, r *report) error {
	if err := r.besideSQLite(ctx); err != nil {
		return err
	}
	return onPostgres(ctx, nil, func(store *sqlstore.Store, _ string) error {
		a, err := r.age(ctx, store, r.events)
		if err != nil {
			return err
		}
		return r.besideWriters(ctx, "PostgreSQL", a)
	})
}

func (r *report) besideSQLite(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "activitylog-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, dir+"/purge.db", &sqlite.Options{Migrate: true})
	if err != nil {
		return err
	}
	defer store.Close()
	a, err := r.age(ctx, store, r.events)
	if err != nil {
		return err
	}
	return r.besideWriters(ctx, "SQLite", a)
}

// onPostgres calls f with a store on a server of its own.
func onPostgres(ctx context.Context, opts *postgres.Options, f func(store *sqlstore.Store, dsn string) error) error {
	server, err := pgtest.Run(ctx, pgtest.Config{Settings: pgSettings})
	if err != nil {
		return err
	}
	defer server.Stop()
	if opts == nil {
		opts = &postgres.Options{MaxConns: 24}
	}
	opts.Migrate = true
	store, err := postgres.Open(ctx, server.DSN(), opts)
	if err != nil {
		return err
	}
	defer store.Close()
	return f(store, server.DSN())
}

// aged is a log of which a tenth is due, in the month before last.
type aged struct {
	store  activitylog.Store
	g      *sample.Generator
	log    *activitylog.Log
	keeper *retention.Keeper
	due    int
}

// dueFrom is when the events that are due begin: all of them lie in one month.
func dueFrom() time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()-2, 2, 0, 0, 0, 0, time.UTC)
}

// longest is beyond any purge here.
const longest = 6 * time.Hour

// age fills a store with events, a tenth of them due.
func (r *report) age(ctx context.Context, store activitylog.Store, total int) (*aged, error) {
	a := &aged{store: store, due: total / purged, g: sample.New(1, 0)}
	var err error
	if a.log, err = activitylog.New(store, &activitylog.Options{Timeout: longest}); err != nil {
		return nil, err
	}
	if a.keeper, err = retention.New(a.log, store, nil); err != nil {
		return nil, err
	}
	if err := a.refill(ctx); err != nil {
		return nil, err
	}
	if err := a.fill(ctx, a.log, time.Now(), total-a.due); err != nil {
		return nil, err
	}
	rule := retention.Rule{Name: "bench", Filter: activitylog.Not(activitylog.CategoryIs("audit")), Max: 20}
	return a, a.keeper.SetRules(acting(ctx), "", []retention.Rule{rule}, "bench")
}

// refill records what is due.
func (a *aged) refill(ctx context.Context) error {
	then := func() time.Time { return time.Now().AddDate(0, 0, -30) }
	old, err := activitylog.New(a.store, &activitylog.Options{Timeout: time.Minute, Now: then})
	if err != nil {
		return err
	}
	return a.fill(ctx, old, dueFrom(), a.due)
}

// fill records n events from a time on.
func (a *aged) fill(ctx context.Context, log *activitylog.Log, from time.Time, n int) error {
	for done := 0; done < n; {
		events := a.g.Events(min(5000, n-done))
		for i := range events {
			events[i].Time = from.Add(time.Duration(done+i) * 10 * time.Millisecond)
		}
		if _, err := log.RecordAll(ctx, events); err != nil {
			return err
		}
		done += len(events)
	}
	return nil
}

func acting(ctx context.Context) context.Context {
	return activitylog.WithActor(ctx, activitylog.Actor{Type: activitylog.System, ID: "bench"})
}

// besideWriters prints by how much a purge makes each of 16 writers slower, at its 99th percentile.
func (r *report) besideWriters(ctx context.Context, name string, a *aged) error {
	alone, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	before, _, err := a.write(alone)
	if err != nil {
		return err
	}
	purging, done := context.WithCancel(ctx)
	var report retention.Report
	var failed error
	began := time.Now()
	go func() {
		defer done()
		report, failed = a.keeper.Purge(acting(ctx), "", &retention.PurgeOptions{Time: longest, Progress: tell()})
	}()
	during, slowest, err := a.write(purging)
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	took := time.Since(began)
	worst := 0.0
	for i := range before {
		worst = max(worst, float64(during[i])/float64(before[i]))
	}
	fmt.Printf("| %s: a writer's p99 of 16 beside a purge of %d of %d (%d gone in %s; the slowest of all writes %s), against without it | %s | %s | worst **%.2fx** | ≤ 3.0x | %s |\n",
		name, a.due, r.events, report.Deleted, took.Round(time.Second/10), slowest.Round(time.Millisecond), slices.Max(during), slices.Max(before), worst, mark(worst <= 3))
	return nil
}

// tell tells now and then how far a purge is.
func tell() func(retention.Progress) {
	last := time.Now()
	return func(p retention.Progress) {
		if time.Since(last) > 20*time.Second {
			last = time.Now()
			fmt.Fprintf(os.Stderr, "%d of %d events are gone after %s\n", p.Deleted, p.Planned, p.Elapsed.Round(time.Second))
		}
	}
}

// write records with 16 writers until ctx ends and returns the p99 of each, and the slowest of all.
func (a *aged) write(ctx context.Context) (p99 []time.Duration, slowest time.Duration, err error) {
	const writers = 16
	p99 = make([]time.Duration, writers)
	max := make([]time.Duration, writers)
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
				p99[w], max[w] = took[len(took)*99/100], took[len(took)-1]
			}
		})
	}
	wg.Wait()
	return p99, slices.Max(max), errors.Join(errs...)
}

// purgeMonths compares the purge of a month in a partition of its own with that of as many events in batches, without its
// pauses and with them.
func purgeMonths(ctx context.Context, r *report) error {
	return onPostgres(ctx, nil, func(store *sqlstore.Store, dsn string) error {
		plain, err := r.age(ctx, store, r.events)
		if err != nil {
			return err
		}
		return onPostgres(ctx, &postgres.Options{Partitioned: true}, func(store *sqlstore.Store, partitioned string) error {
			if err := store.AddPartitions(ctx, dueFrom(), dueFrom()); err != nil {
				return err
			}
			parts, err := r.age(ctx, store, r.events)
			if err != nil {
				return err
			}
			return r.byMonths(ctx, plain, dsn, parts, partitioned)
		})
	})
}

func (r *report) byMonths(ctx context.Context, plain *aged, plainDSN string, parts *aged, partsDSN string) error {
	whole, err := parts.purge(ctx, partsDSN, 1)
	if err != nil {
		return err
	}
	for i, load := range []float64{1, 0} {
		if i > 0 {
			if err := plain.refill(ctx); err != nil {
				return err
			}
		}
		batches, err := plain.purge(ctx, plainDSN, load)
		if err != nil {
			return err
		}
		peer, target, met := "in batches, its pauses left out", "", ""
		ratio := float64(batches) / float64(whole)
		if load == 0 {
			peer, target, met = "as it is by default, with its pauses", "≥ 50x", mark(ratio >= 50)
		}
		fmt.Printf("| PostgreSQL: purge of %d of %d in a partition of their own, against one without partitions %s | %s | %s | **%.0fx** | %s | %s |\n",
			parts.due, r.events, peer, whole.Round(time.Millisecond), batches.Round(time.Millisecond), ratio, target, met)
	}
	return nil
}

// purge purges with nobody beside it, after what the server and the log do by themselves in the course of a day, and
// tells how long it took.
func (a *aged) purge(ctx context.Context, dsn string, load float64) (time.Duration, error) {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return 0, err
	}
	if _, err := a.log.Sweep(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	report, err := a.keeper.Purge(acting(ctx), "", &retention.PurgeOptions{Load: load, Time: longest})
	if took := time.Since(began); err != nil || report.Deleted == int64(a.due) {
		return took, err
	}
	return 0, fmt.Errorf("%d of %d events went", report.Deleted, a.due)
}
