package sqlstore

import (
	"context"

	"github.com/activitylog/activitylog"
)

// The term index knows no order: it finds all events with a term, of which a page wants the last fifty. So a search
// begins as a walk through time that looks for the terms. Only where they turn out to be rare does the index look them
// up, since then there are few to sort. The planner cannot choose between the two: it does not know that a term is of
// one organization, and takes it for a hundred times rarer than it is there.
const (
	firstWalk = 256  // rows; small, since they are looked at in vain where a term is rare
	nextWalk  = 4096 // rows
	rareBelow = 64   // fewer than one in so many rows of a walk: rare
)

// walk looks at the next rows of the scope and returns those with the terms of the plan.
func (b *postgres) walk(ctx context.Context, p *plan, after *activitylog.Key, n int) (batch, error) {
	size := firstWalk
	if p.walked {
		size = nextWalk
	}
	w := b.newBuilder()
	w.write("SELECT " + selected + ", e.place FROM (SELECT e.*, row_number() OVER (")
	b.order(w, p)
	w.write(") AS place FROM activitylog_events e WHERE 1=1")
	b.scope(w, p)
	b.place(w, p, after)
	b.order(w, p)
	// The last row comes back in any case: it tells where the next walk begins.
	w.write(" LIMIT ?) e WHERE (e.place = ? OR (1=1", size, size)
	w.search(p)
	b.residual(w, p)
	w.write("))")
	b.order(w, p)
	w.write(" LIMIT ?", n)
	found, err := b.read(ctx, w, 1)
	if err != nil {
		return batch{}, err
	}
	out := batchOf(found, n)
	if len(found) == 0 || found[len(found)-1].extra[0] < int64(size) {
		return out, nil
	}
	last := &out.events[len(found)-1]
	k := activitylog.KeyOf(last)
	out.next, out.done = &k, false
	if !p.filter.Match(last) {
		out.events = out.events[:len(found)-1]
	}
	p.walked, p.rare = true, len(out.events)*rareBelow < size
	if p.windowed {
		out.examined = size - len(out.events)
	}
	return out, nil
}

// lookup finds all events with the terms of a plan and sorts them.
func (b *postgres) lookup(ctx context.Context, p *plan, after *activitylog.Key, n int) (batch, error) {
	w := b.newBuilder()
	w.write("SELECT " + selected + " FROM (SELECT * FROM activitylog_events e WHERE 1=1")
	w.search(p)
	b.place(w, p, after)
	for _, x := range conjuncts(p.expr) {
		if b.inScope(p, x) {
			b.scope(w, p)
			break
		}
	}
	// OFFSET 0 keeps the planner from looking at what follows. It would fetch all events of the organization from
	// another index, to spare itself some of the few that have the terms.
	w.write(" OFFSET 0) e WHERE 1=1")
	b.scope(w, p)
	b.residual(w, p)
	b.order(w, p)
	w.write(" LIMIT ?", n)
	found, err := b.read(ctx, w, 0)
	if err != nil {
		return batch{}, err
	}
	return batchOf(found, n), nil
}
