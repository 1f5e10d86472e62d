package retention

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

// PurgeOptions bound a purge. The zero value is a gentle one.
type PurgeOptions struct {
	Batch   int           // most events that one transaction deletes; default 500
	Step    time.Duration // how long one transaction should take, by which batches are sized; default 20ms
	Load    float64       // share of the time in which it deletes rather than waits, above 0 to 1; default 0.2
	Time    time.Duration // when it stops with more to do; default 10 minutes
	Archive string        // folder that gets what goes, before it goes; empty: none
	// Progress is told after every step, from the goroutine of Purge. nil: nobody.
	Progress func(Progress)
}

// Progress is how far a purge is.
type Progress struct {
	Deleted, Planned int64
	At               time.Time // Event.Time up to which it has come; zero after a whole month went at once
	Elapsed          time.Duration
}

// Report is what a purge did.
type Report struct {
	Planned  int64 // events that were due when it began
	Deleted  int64
	Archived int64
	Months   int      // whole months that went at once
	Files    []string // that the archive got
	More     bool     // it stopped at its time; the next purge goes on
	Batches  int
}

func (o *PurgeOptions) withDefaults() (PurgeOptions, error) {
	var p PurgeOptions
	if o != nil {
		p = *o
	}
	if p.Batch < 0 || p.Step < 0 || p.Time < 0 || p.Load < 0 || p.Load > 1 {
		return p, fmt.Errorf("retention: %w: batch, step and time of a purge must not be negative, load is 0 to 1", activitylog.ErrInvalid)
	}
	if p.Batch == 0 {
		p.Batch = 500
	}
	if p.Step == 0 {
		p.Step = 20 * time.Millisecond
	}
	if p.Load == 0 {
		p.Load = 0.2
	}
	if p.Time == 0 {
		p.Time = 10 * time.Minute
	}
	return p, nil
}

// Purge removes what is due in an organization, or in all for the empty org, in steps that leave room for writers. Before
// anything goes, each organization gets an audit.purge event with what is planned; at the end a second one tells what
// went. The actor of ctx is who purges. Rules and holds that change meanwhile count from the next step on. It may stop or
// die at any moment: what is left is due for the next one. With nothing due it does and records nothing.
func (k *Keeper) Purge(ctx context.Context, org string, opts *PurgeOptions) (Report, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return Report{}, err
	}
	pruner, ok := k.store.(activitylog.Pruner)
	if !ok {
		return Report{}, fmt.Errorf("retention: this store cannot purge: %w", errors.ErrUnsupported)
	}
	p := &purge{k: k, org: org, o: o, pruner: pruner, began: time.Now(), size: min(o.Batch, firstBatch)}
	if err := p.prepare(ctx); err != nil || p.plan.Events == 0 {
		return Report{}, err
	}
	p.report.Planned = p.plan.Events
	if err := p.record(ctx); err != nil {
		return Report{}, fmt.Errorf("retention: nothing was removed, since the purge could not be recorded: %w", err)
	}
	err = p.run(ctx)
	err = p.end(context.WithoutCancel(ctx), err)
	k.stats.add(p.report)
	if err != nil {
		return p.report, fmt.Errorf("retention: purge: %w", err)
	}
	return p.report, nil
}

// purge is one purge under way.
type purge struct {
	k      *Keeper
	org    string
	o      PurgeOptions
	pruner activitylog.Pruner
	plan   Plan
	whole  []*monthDue // of the plan
	began  time.Time
	ops    map[string]*operation
	report Report

	state   *state
	judge   *judge        // by the state
	version int64         // of the decisions that the state is made of
	turn    int64         // in which something went last, or after which events were looked at
	size    int           // of the next batch
	slow    int           // steps in a row that outlasted the lease
	debt    time.Duration // that is to be waited before more
	archive *archive
}

// prepare finds what is due: months that can go at once, and the rest.
func (p *purge) prepare(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("retention: plan: %w", err)
		}
	}()
	// The version first: whoever decides after it has been read makes another one.
	if p.version, err = p.k.turn.version(ctx); err != nil {
		return err
	}
	if p.state, err = p.k.fold(ctx, p.org); err != nil {
		return err
	}
	p.plan.At = p.k.now()
	p.judge = newJudge(p.state, p.plan.At)
	if err := p.findMonths(ctx); err != nil {
		return err
	}
	var rest []activitylog.Filter
	for _, m := range p.whole {
		rest = append(rest, m.outside())
	}
	c, err := p.k.plan(ctx, p.judge, rest...)
	if err != nil {
		return err
	}
	for _, m := range p.whole {
		for _, b := range m.parts {
			c.add(b)
		}
	}
	p.plan = c.plan(activitylog.Filter{}, p.plan.At)
	return nil
}

// operation is the purge of one organization as its log tells it.
type operation struct {
	op      *activitylog.Operation
	deleted int64
}

// record begins the purge in the log of every organization that loses events.
func (p *purge) record(ctx context.Context) error {
	p.ops = map[string]*operation{}
	planned, categories := map[string]int64{}, map[string]map[string]any{}
	var orgs []string
	for _, part := range p.plan.Parts {
		if planned[part.Org] == 0 {
			orgs = append(orgs, part.Org)
			categories[part.Org] = map[string]any{}
		}
		planned[part.Org] += part.Events
		categories[part.Org][part.Category] = part.Events
	}
	began := make([]*activitylog.Operation, len(orgs))
	err := together(len(orgs), func(i int) (err error) {
		org := orgs[i]
		began[i], err = p.k.log.Begin(decision.With(ctx), activitylog.Event{
			Org: org, Action: decision.Purge, Expires: p.k.now().Add(p.o.Time + time.Hour),
			Targets:  []activitylog.Target{{Type: "log range", ID: "events that are due"}},
			Metadata: map[string]any{"planned": planned[org], "categories": categories[org], "archive": p.o.Archive != ""},
		})
		return err
	})
	for i, op := range began {
		if op != nil {
			p.ops[orgs[i]] = &operation{op: op}
		}
	}
	if err != nil {
		return p.end(context.WithoutCancel(ctx), err)
	}
	return nil
}

// end records how the purge ended, and returns err or else what went wrong with that.
func (p *purge) end(ctx context.Context, err error) error {
	if p.archive != nil {
		p.report.Files = []string{filepath.Join(p.o.Archive, p.archive.manifest.File)}
		if closing := p.archive.close(); closing != nil {
			err = errors.Join(err, fmt.Errorf("archive: %w", closing))
		}
	}
	ops := slices.Collect(maps.Values(p.ops))
	ending := together(len(ops), func(i int) error {
		m := ops[i].op.Event.Metadata
		m["deleted"], m["more"] = ops[i].deleted, p.report.More
		_, err := ops[i].op.End(decision.With(ctx), err)
		return err
	})
	if ending != nil {
		err = errors.Join(err, fmt.Errorf("record the end: %w", ending))
	}
	return err
}

// together calls f for 0 to n-1 at the same time, so that the records of many organizations share commits.
func together(n int, f func(int) error) error {
	const most = 256
	var next atomic.Int64
	errs := make([]error, n)
	var workers sync.WaitGroup
	for range min(n, most) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = f(i)
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

// run removes month by month where the store can, then batch by batch.
func (p *purge) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, p.o.Time, errTime)
	defer cancel()
	err := p.months(ctx)
	if err == nil {
		err = p.batches(ctx)
	}
	if err != nil && context.Cause(ctx) == errTime {
		p.report.More = true
		return nil
	}
	return err
}

var errTime = errors.New("the time of the purge is over")

func (p *purge) told(at time.Time) {
	if p.o.Progress != nil {
		p.o.Progress(Progress{p.report.Deleted, p.plan.Events, at, time.Since(p.began)})
	}
}
