package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/activitylog/activitylog"
)

// DifferentialOptions say how much a Differential asks. The zero value means the defaults.
type DifferentialOptions struct {
	Filters int // random filters in all; default 500
	Events  int // random events in all; default 600
}

const (
	differentialRounds = 4 // the events come in as many parts, with filters after each
	differentialShards = 4 // the filters of a round run in as many parallel subtests
)

// Differential fills stores with the same random events and asks them all the same random questions: pages forward and
// backward, counts and aggregations of nested filters, over one organization or all. Filter.Match over the plain list
// of events says what is right; each filter reaches the stores through its text form. The stores must be fresh and
// empty, and are pruned and erased in between if all of them can be.
//
// What is random follows from a seed, which is logged and taken back from ACTIVITYLOG_SEED. A wrong answer is reported
// with the smallest filter that is found to show it.
func Differential(t *testing.T, stores map[string]activitylog.Store, opts DifferentialOptions) {
	filters, events := cmp.Or(opts.Filters, 500), cmp.Or(opts.Events, 600)
	d := newDifferential(t, seed(t), stores)
	t.Logf("%s=%d repeats this test", seedVariable, d.seed)
	per := max(1, filters/(differentialRounds*differentialShards))
	for round := range differentialRounds {
		if err := d.change(t.Context(), round, max(1, events/differentialRounds)); err != nil {
			t.Fatalf("round %d: %v\n%s=%d repeats this test", round+1, err, seedVariable, d.seed)
		}
		t.Run(fmt.Sprintf("round %d", round+1), func(t *testing.T) {
			for shard := range differentialShards {
				t.Run(fmt.Sprintf("shard %d", shard+1), func(t *testing.T) {
					t.Parallel()
					for _, wrong := range d.ask(t.Context(), round, shard, per) {
						t.Error(wrong)
					}
				})
			}
		})
	}
}

// differential is a world and the stores that should agree with it.
type differential struct {
	name   string
	seed   uint64
	world  *world
	truth  *activitylog.Log // over the plain list
	stores []contender
	most   int // how many wrong answers of one shard are worth reporting
}

// contender is one store and two logs over it, of which the second gives up early.
type contender struct {
	name  string
	store activitylog.Store
	logs  [2]*activitylog.Log
}

// earlyExamine is where the second log of a contender gives up, so that pages are short although more follows.
const earlyExamine = 40

func newDifferential(tb testing.TB, seed uint64, stores map[string]activitylog.Store) *differential {
	open := func(store activitylog.Store, examine int) *activitylog.Log {
		log, err := activitylog.New(store, &activitylog.Options{Examine: examine})
		if err != nil {
			tb.Fatalf("storetest: make a log: %v", err)
		}
		tb.Cleanup(func() {
			if err := log.Close(context.Background()); err != nil {
				tb.Errorf("close a log: %v", err)
			}
		})
		return log
	}
	w, err := newWorld(source(seed, tb.Name(), "world"))
	if err != nil {
		tb.Fatalf("storetest: make a log: %v", err)
	}
	d := &differential{name: tb.Name(), seed: seed, world: w, truth: open(&w.truth, 0), most: 3}
	for _, name := range slices.Sorted(maps.Keys(stores)) {
		s := stores[name]
		d.stores = append(d.stores, contender{name, s, [2]*activitylog.Log{open(s, 0), open(s, earlyExamine)}})
	}
	return d
}

// change prunes or erases some of what there is and adds n events, each store in batches of its own.
func (d *differential) change(ctx context.Context, round, n int) error {
	rng := source(d.seed, d.name, "change", round)
	events := d.world.truth.events
	if len(events) > 0 {
		q := activitylog.StoreQuery{
			Org: oneOf(rng, append([]string{""}, poolOrgs...)), Filter: asker{rng, events}.tree(1).filter(),
			Order: oneOf(rng, orders),
		}
		change := d.prune
		if round%2 == 1 {
			change = d.erase
		}
		if err := change(ctx, q, 1+rng.IntN(15), activitylog.Parts(1+rng.IntN(int(activitylog.AllParts)))); err != nil {
			return err
		}
	}
	added, err := d.world.grow(ctx, n)
	if err != nil {
		return fmt.Errorf("make random events: %w", err)
	}
	for _, c := range d.stores {
		for _, batch := range batches(source(d.seed, d.name, c.name, round), added) {
			if err := c.store.Append(ctx, batch); err != nil {
				return fmt.Errorf("%s: append %d events: %w", c.name, len(batch), err)
			}
		}
	}
	return nil
}

func (d *differential) prune(ctx context.Context, q activitylog.StoreQuery, limit int, _ activitylog.Parts) error {
	for _, c := range d.stores {
		if _, ok := c.store.(activitylog.Pruner); !ok {
			return nil
		}
	}
	q.Limit = limit
	gone := map[activitylog.Key]bool{}
	for _, e := range d.world.truth.selected(q) {
		gone[activitylog.KeyOf(&e)] = true
	}
	q.Limit = 0
	d.world.truth.remove(func(e *activitylog.Event) bool { return gone[activitylog.KeyOf(e)] })
	for _, c := range d.stores {
		n, err := c.store.(activitylog.Pruner).Prune(ctx, q, limit)
		if err == nil && n != len(gone) {
			err = fmt.Errorf("%d events were deleted instead of %d", n, len(gone))
		}
		if err != nil {
			return fmt.Errorf("%s: prune at most %d, %s: %w", c.name, limit, describe(q), err)
		}
	}
	return nil
}

func (d *differential) erase(ctx context.Context, q activitylog.StoreQuery, limit int, parts activitylog.Parts) error {
	for _, c := range d.stores {
		if _, ok := c.store.(activitylog.Eraser); !ok {
			return nil
		}
	}
	q.Limit = limit
	changed := d.world.truth.selected(q)
	for i := range changed {
		changed[i] = changed[i].Clone()
		parts.Erase(&changed[i])
	}
	d.world.truth.replace(changed...)
	for _, c := range d.stores {
		n, err := c.store.(activitylog.Eraser).Erase(ctx, q, parts)
		if err == nil && n != len(changed) {
			err = fmt.Errorf("%d events were erased instead of %d", n, len(changed))
		}
		if err != nil {
			return fmt.Errorf("%s: erase %s: %w", c.name, describe(q), err)
		}
	}
	return nil
}

// ask asks every store n random questions and returns reports of the wrong answers.
func (d *differential) ask(ctx context.Context, round, shard, n int) []string {
	rng := source(d.seed, d.name, "ask", round, shard)
	a := asker{rng, d.world.truth.events}
	var reports []string
	for range n {
		t := a.tree(rng.IntN(4))
		p := newProbe(rng, d.world.truth.events)
		found, err := d.found(t.filter(), &p)
		for _, c := range d.stores {
			wrong := err
			if wrong == nil {
				wrong = p.put(ctx, d, c, t.filter(), found)
			}
			if wrong == nil {
				continue
			}
			reports = append(reports, d.report(ctx, c, t, p))
			if len(reports) == d.most || ctx.Err() != nil {
				return reports
			}
		}
	}
	return reports
}

// found is what a filter means within the scope of a probe, in its order.
func (d *differential) found(f activitylog.Filter, p *probe) ([]activitylog.Event, error) {
	read, err := activitylog.ParseFilter(f.String())
	if err != nil {
		return nil, fmt.Errorf("the text form of the filter cannot be read: %w", err)
	}
	p.filter = read
	return d.world.truth.selected(activitylog.StoreQuery{Org: p.org, Filter: f, Order: p.order}), nil
}

// report makes the filter of a wrong answer small and says all that is needed to repeat it.
func (d *differential) report(ctx context.Context, c contender, t *tree, p probe) string {
	try := func(t *tree) error {
		found, err := d.found(t.filter(), &p)
		if err != nil {
			return err
		}
		return p.put(ctx, d, c, t.filter(), found)
	}
	small := shrink(t, func(t *tree) bool { return try(t) != nil })
	wrong := try(small)
	if wrong == nil {
		small, wrong = t, fmt.Errorf("a wrong answer that does not come again: is the store safe for concurrent use?")
	}
	return fmt.Sprintf("%s answers wrongly: %v\n\tfilter:  {%s}\n\tdrawn:   {%s}\n\tasked:   %s\n\trepeat:  %s=%d",
		c.name, wrong, small.filter(), t.filter(), p, seedVariable, d.seed)
}
