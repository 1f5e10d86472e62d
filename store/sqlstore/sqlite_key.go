package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// A key is a time and a slot within its microsecond. An event whose microsecond is full takes a slot behind it, never
// before it and never further than spread microseconds. So what lies behind a key by more than that is later in time.
const slotBits = 10

// keyOf is the first key of a microsecond, bounded to what keys can hold.
func keyOf(us int64) int64 {
	const limit = math.MaxInt64 >> slotBits
	return min(max(us, -limit), limit) << slotBits
}

// keyRange is the half-open range of keys of a query.
type keyRange struct{ lo, hi int64 }

// keyBehind is the first key that no event before us can have.
func (b *sqlite) keyBehind(us int64) int64 {
	if us > math.MaxInt64>>slotBits {
		return math.MaxInt64
	}
	return keyOf(us + b.spread.Load())
}

// fetch implements backend: it reads in the order of keys and hands out what is complete in the order of time.
func (b *sqlite) fetch(ctx context.Context, p *plan, after *activitylog.Key, n int) (batch, error) {
	window := max(4*n, 512)
	for {
		if err := b.readSpread(ctx); err != nil {
			return batch{}, err
		}
		out, retry, err := b.fetchOnce(ctx, p, after, n, window)
		if err != nil || !retry {
			return out, err
		}
		n, window = n*4, window*4
	}
}

func (b *sqlite) readSpread(ctx context.Context) error {
	w := b.newBuilder()
	w.write("SELECT value FROM activitylog_numbers WHERE name = 'spread'")
	rows, err := b.s.query(ctx, w)
	v, err := collect(rows, err, scanNumber)
	if err != nil && strings.Contains(err.Error(), "no such table") {
		return notMigrated()
	}
	if err == nil && len(v) == 1 {
		b.spread.Store(v[0])
	}
	return err
}

// fetchOnce reads one batch. It wants to be called again with more where a single microsecond fills the whole batch.
func (b *sqlite) fetchOnce(ctx context.Context, p *plan, after *activitylog.Key, n, window int) (out batch, retry bool, err error) {
	newest := p.order == activitylog.Newest
	r := b.bounds(p, after)
	whole := true // r reaches to the end of the query
	looked := 0
	if p.windowed {
		var edge int64
		if edge, looked, err = b.window(ctx, p, r, window); err != nil {
			return batch{}, false, err
		}
		if whole = looked < window; !whole && newest {
			r.lo = max(r.lo, edge)
		} else if !whole {
			r.hi = min(r.hi, edge+1)
		}
	}
	rows, err := b.read(ctx, p, after, r, n)
	if err != nil {
		return batch{}, false, err
	}
	for _, row := range rows {
		if row.extra[1] > b.spread.Load() { // another process made it wider since: keys were left out
			return batch{}, true, nil
		}
	}
	out.examined = max(0, looked-len(rows))
	if len(rows) < n && whole {
		out.done = true
		out.events = ordered(rows, p.order, nil)
		return out, false, nil
	}
	edge := r.lo
	if !newest {
		edge = r.hi - 1
	}
	if len(rows) == n {
		edge = rows[n-1].extra[0]
		out.examined = 0 // the window was not used up
	}
	out.next = b.restart(edge, newest)
	out.events = ordered(rows, p.order, out.next)
	stuck := after != nil && !follows(out.next, after, p.order) || len(out.events) == 0 && len(rows) == n
	return out, stuck, nil
}

// follows tells whether k lies strictly behind after.
func follows(k, after *activitylog.Key, order activitylog.Order) bool {
	if order == activitylog.Newest {
		k, after = after, k
	}
	return k.Compare(*after) > 0
}

// bounds are the keys that events behind after can have.
func (b *sqlite) bounds(p *plan, after *activitylog.Key) keyRange {
	r := keyRange{lo: keyOf(p.since), hi: b.keyBehind(p.before)}
	switch {
	case after == nil:
	case p.order == activitylog.Newest:
		r.hi = min(r.hi, b.keyBehind(after.Time.UnixMicro()+1))
	default:
		r.lo = max(r.lo, keyOf(after.Time.UnixMicro()))
	}
	return r
}

// restart is the place between what is complete and what must be read again, when everything up to the key edge was seen.
func (b *sqlite) restart(edge int64, newest bool) *activitylog.Key {
	us := edge >> slotBits
	if newest {
		return &activitylog.Key{Time: time.UnixMicro(us + 1).UTC()}
	}
	last := uuid.Max
	return &activitylog.Key{Time: time.UnixMicro(us - b.spread.Load() - 1).UTC(), ID: last, Org: "\U0010FFFF"}
}

// ordered puts the complete events of a batch into the order for people.
func ordered(rows []row, order activitylog.Order, until *activitylog.Key) []activitylog.Event {
	sign := 1
	if order == activitylog.Newest {
		sign = -1
	}
	events := make([]activitylog.Event, 0, len(rows))
	for i := range rows {
		if e := rows[i].event; until == nil || sign*activitylog.KeyOf(&e).Compare(*until) <= 0 {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(x, y activitylog.Event) int {
		return sign * activitylog.KeyOf(&x).Compare(activitylog.KeyOf(&y))
	})
	return events
}

func direction(order activitylog.Order) (sort, behind string) {
	if order == activitylog.Newest {
		return "DESC", "<"
	}
	return "ASC", ">"
}

// read runs the query of one batch, in the order of keys.
func (b *sqlite) read(ctx context.Context, p *plan, after *activitylog.Key, r keyRange, n int) ([]row, error) {
	w := b.newBuilder()
	_, behind := direction(p.order)
	w.write("SELECT " + selected + ", e.key, (SELECT value FROM activitylog_numbers WHERE name = 'spread') ")
	b.source(w, p, r.lo, "?", r.hi)
	w.write(" AND ")
	w.condition(p.expr)
	if after != nil {
		w.write(" AND (e.time, e.id, e.org) "+behind+" (?, ?, ?)", after.Time.UnixMicro(), bytes.Clone(after.ID[:]), after.Org)
	}
	b.order(w, p)
	w.write(" LIMIT ?", n)
	rows, err := b.s.query(ctx, w)
	return collect(rows, err, func(rows *sql.Rows) (row, error) { return scanRow(rows, 2) })
}

func (p *plan) sortKey() string {
	if p.need != nil {
		return "t.rowid"
	}
	return "e.key"
}

// window finds the key of the n-th candidate, so that a query with conditions no index serves looks at n rows at most.
func (b *sqlite) window(ctx context.Context, p *plan, r keyRange, n int) (edge int64, looked int, err error) {
	w := b.newBuilder()
	pick := "min"
	if p.order == activitylog.Oldest {
		pick = "max"
	}
	w.write("SELECT coalesce(" + pick + "(k), 0), count(*) FROM (SELECT " + p.sortKey() + " AS k ")
	b.source(w, p, r.lo, "?", r.hi)
	b.order(w, p)
	w.write(" LIMIT ?)", n)
	rows, err := b.s.query(ctx, w)
	found, err := collect(rows, err, func(rows *sql.Rows) ([2]int64, error) {
		var v [2]int64
		err := rows.Scan(&v[0], &v[1])
		return v, err
	})
	if err != nil {
		return 0, 0, err
	}
	return found[0][0], int(found[0][1]), nil
}
