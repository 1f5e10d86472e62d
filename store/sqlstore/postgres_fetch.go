package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// keyOrder are the columns of activitylog.Key in their order.
const keyOrder = "e.time %[1]s, e.id %[1]s, e.org %[1]s"

// bounds writes the candidates of a plan: the scope and what is to be found there by any index.
func (b *postgres) bounds(w *builder, p *plan, after *activitylog.Key) {
	w.write("FROM activitylog_events e WHERE 1=1")
	b.scope(w, p)
	b.place(w, p, after)
	if p.need != nil {
		w.search(p)
	}
}

// scope writes the organization and the conditions that have a B-tree.
func (b *postgres) scope(w *builder, p *plan) {
	if p.org != "" {
		w.write(" AND e.org = ?", p.org)
	}
	for _, x := range conjuncts(p.expr) {
		if b.inScope(p, x) {
			w.write(" AND ")
			w.condition(x)
		}
	}
}

func (b *postgres) inScope(p *plan, x activitylog.Expr) bool {
	c, ok := x.(activitylog.Cond)
	return ok && (c.Field == "id" || b.indexed(c, p.org != ""))
}

func isTime(x activitylog.Expr) bool {
	c, ok := x.(activitylog.Cond)
	return ok && c.Field == "time"
}

// place writes the bounds of time and the place to go on from.
func (b *postgres) place(w *builder, p *plan, after *activitylog.Key) {
	for _, x := range conjuncts(p.expr) {
		if isTime(x) {
			w.write(" AND ")
			w.condition(x)
		}
	}
	if after == nil {
		return
	}
	_, behind := direction(p.order)
	// The planner knows how much lies in a range of one column, and guesses for one of several.
	w.write(" AND e.time "+behind+"= ?", after.Time.UnixMicro())
	if p.org == "" {
		w.write(" AND (e.time, e.id, e.org) "+behind+" (?, ?, ?)", after.Time.UnixMicro(), after.ID.String(), after.Org)
		return
	}
	// A place may be of another organization: then an event of this one with its time and id can lie behind it.
	if c := strings.Compare(p.org, after.Org); c < 0 && behind == "<" || c > 0 && behind == ">" {
		behind += "="
	}
	w.write(" AND (e.time, e.id) "+behind+" (?, ?)", after.Time.UnixMicro(), after.ID.String())
}

// search writes the condition of the term index.
func (w *builder) search(p *plan) {
	// Prepared, it would soon be run by one plan for all terms, the rare ones and those of every second event.
	w.oneOff = true
	w.write(" AND e.search @@ ?::tsquery", p.need.tsquery())
}

// residual writes the conditions that bounds left out.
func (b *postgres) residual(w *builder, p *plan) {
	rest := slices.DeleteFunc(slices.Clone(conjuncts(p.expr)), func(x activitylog.Expr) bool { return isTime(x) || b.inScope(p, x) })
	w.write(" AND ")
	w.condition(activitylog.AndExpr(rest))
}

// from implements backend.
func (b *postgres) from(w *builder, p *plan) {
	b.bounds(w, p, nil)
	b.residual(w, p)
}

// order writes the order of a plan; within one organization the last column says nothing and would cost an index.
func (b *postgres) order(w *builder, p *plan) {
	sort, _ := direction(p.order)
	if p.org != "" {
		w.write(" ORDER BY e.time " + sort + ", e.id " + sort)
		return
	}
	w.write(fmt.Sprintf(" ORDER BY "+keyOrder, sort))
}

// maxWindow is small against any table for which a plan matters.
const maxWindow = 2048

// fetch implements backend.
func (b *postgres) fetch(ctx context.Context, p *plan, after *activitylog.Key, n int) (batch, error) {
	switch {
	case p.need == nil:
	case !p.rare:
		return b.walk(ctx, p, after, n)
	case !p.windowed:
		return b.lookup(ctx, p, after, n)
	}
	var edge *activitylog.Key
	window := 0
	if p.windowed {
		window = min(max(4*n, 512), maxWindow)
		var err error
		if edge, err = b.window(ctx, p, after, window); err != nil {
			return batch{}, err
		}
	}
	w := b.newBuilder()
	w.write("SELECT " + selected + " ")
	b.bounds(w, p, after)
	b.residual(w, p)
	if edge != nil {
		op := ">="
		if p.order == activitylog.Oldest {
			op = "<="
		}
		w.write(" AND e.time "+op+" ?", edge.Time.UnixMicro())
		w.write(" AND (e.time, e.id, e.org) "+op+" (?, ?, ?)", edge.Time.UnixMicro(), edge.ID.String(), edge.Org)
	}
	b.order(w, p)
	w.write(" LIMIT ?", n)
	found, err := b.read(ctx, w, 0)
	if err != nil {
		return batch{}, err
	}
	if out := batchOf(found, n); edge == nil || !out.done {
		return out, nil
	}
	return batch{events: eventsOf(found), next: edge, examined: window - len(found)}, nil
}

// batchOf is the batch of a query that was limited to n rows.
func batchOf(found []row, n int) batch {
	out := batch{events: eventsOf(found), done: len(found) < n}
	if !out.done {
		k := activitylog.KeyOf(&out.events[n-1])
		out.next = &k
	}
	return out
}

func eventsOf(rows []row) []activitylog.Event {
	events := make([]activitylog.Event, len(rows))
	for i := range rows {
		events[i] = rows[i].event
	}
	return events
}

// read runs a query for the selected columns and extra ones behind them.
func (b *postgres) read(ctx context.Context, w *builder, extra int) ([]row, error) {
	rows, err := b.s.query(ctx, w)
	found, err := collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, extra) })
	if sqlState(err) == undefinedTable {
		err = notMigrated()
	}
	return found, err
}

// window finds the n-th candidate, or nil if there are fewer.
func (b *postgres) window(ctx context.Context, p *plan, after *activitylog.Key, n int) (*activitylog.Key, error) {
	w := b.newBuilder()
	w.write("SELECT e.time, e.id, e.org ")
	b.bounds(w, p, after)
	b.order(w, p)
	w.write(" OFFSET ? LIMIT 1", n-1)
	rows, err := b.s.query(ctx, w)
	keys, err := collect(rows, err, scanKey)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return &keys[0], nil
}

func scanKey(rows *sql.Rows) (activitylog.Key, error) {
	var k activitylog.Key
	var us int64
	err := rows.Scan(&us, &k.ID, &k.Org)
	k.Time = time.UnixMicro(us).UTC()
	return k, err
}
