package sqlstore

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// fresh is what this process committed last, so that a sealer close behind need not read it back, which is half of what
// it does. It covers each commit of the database whose seq lies behind from and up to to: one of somebody else leaves
// a gap, and what lies before a gap is forgotten.
type fresh struct {
	wanted atomic.Bool // somebody seals: until then, nothing is kept

	mu       sync.Mutex
	from, to int64
	rows     []freshRow // ascending; what was handed out is never overwritten
}

// freshMost is how many rows are kept, some seconds of a busy log.
const freshMost = 4096

type freshRow struct {
	seq         int64
	org, action string
	id          uuid.UUID
	recorded    time.Time
	leaf        []byte
}

// add notes a commit of some events of a batch, before which seq was the highest place in use.
func (x *fresh) add(seq int64, events []activitylog.Event, places []place) {
	if !x.wanted.Load() {
		return
	}
	rows := make([]freshRow, len(places))
	for i, p := range places {
		e := &events[p.index]
		rows[i] = freshRow{p.seq, e.Org, e.Action, e.ID, e.Recorded, bytes.Clone(e.Leaf)}
	}
	slices.SortFunc(rows, func(a, b freshRow) int { return cmp.Compare(a.seq, b.seq) })
	x.mu.Lock()
	defer x.mu.Unlock()
	if seq < x.to { // another commit came first to say so
		return
	}
	if seq > x.to {
		x.from, x.to, x.rows = seq, seq, nil
	}
	if len(rows) == 0 {
		return
	}
	x.rows, x.to = append(x.rows, rows...), rows[len(rows)-1].seq
	if n := len(x.rows) - freshMost; n > 0 {
		x.from, x.rows = x.rows[n-1].seq, x.rows[n:]
	}
}

// forget is called when rows were deleted or rewritten.
func (x *fresh) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.from, x.rows = x.to, nil
}

// tail is TailEvidence as far as it can be served from here, and tells how many events that were: the database knows
// what comes behind them.
func (x *fresh) tail(after activitylog.Position, limit int, f func(*activitylog.Event, activitylog.Position)) (next activitylog.Position, served int) {
	from, err := parseNumberPosition(after)
	if x == nil || err != nil || limit <= 0 {
		return after, 0
	}
	x.wanted.Store(true)
	rows := x.behind(from, limit)
	for _, r := range rows {
		after = numberPosition(r.seq)
		f(&activitylog.Event{Org: r.org, ID: r.id, Recorded: r.recorded, Action: r.action, Leaf: r.leaf}, after)
	}
	return after, len(rows)
}

func (x *fresh) behind(from int64, limit int) []freshRow {
	x.mu.Lock()
	defer x.mu.Unlock()
	if from < x.from {
		return nil
	}
	i := sort.Search(len(x.rows), func(i int) bool { return x.rows[i].seq > from })
	return x.rows[i:min(len(x.rows), i+limit)]
}
