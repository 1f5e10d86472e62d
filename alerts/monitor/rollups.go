package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// spaceName is the space in which all computed state of this package lies.
const spaceName = "activitylog/alerts"

// batchSize is how many events are folded at once. It bounds memory; the larger, the fewer blocks are rewritten.
const batchSize = 5000

// Rollups keep the figures of every organization behind the log: blocks of each hour and day, and all first times. Each
// event counts once, also when it comes late, and under any number of processes that keep the same roll-ups. A Rollups
// is safe for concurrent use.
type Rollups struct {
	log   *activitylog.Log
	space activitylog.Space

	mu   sync.Mutex // one advance at a time
	live ledger
}

// ledger is a follower of the log, and a generation of rows that it writes.
type ledger struct {
	key    string // of its head
	head   head
	loaded bool            // whether head is what the space held last
	seen   alerts.Seen     // first times in the rows
	orgs   map[string]bool // that have rows
	hot    hotRows
	loads  int // how often the head was read
}

// head is where a ledger stands. It moves in the transaction that writes the rows.
type head struct {
	Moves      int64                // how often it moved: tells heads apart even when a position comes back
	Generation uint32               // which rows
	Position   activitylog.Position // behind the last event that they hold
}

const liveKey, buildKey = "head", "build"

// NewRollups returns the roll-ups of a log, or an error that wraps errors.ErrUnsupported where its store cannot be
// followed or has no spaces. Nothing is read or written yet.
func NewRollups(log *activitylog.Log) (*Rollups, error) {
	space, err := log.Space(spaceName)
	if err != nil {
		return nil, fmt.Errorf("monitor: %w", err)
	}
	return &Rollups{log: log, space: space, live: ledger{key: liveKey}}, nil
}

// errMoved means that somebody else wrote rows since they were read.
var errMoved = errors.New("the roll-ups moved")

// CatchUp folds all events that are there now and tells how many those were.
func (r *Rollups) CatchUp(ctx context.Context) (folded int, err error) {
	for {
		b, err := r.advance(ctx)
		if err != nil {
			return folded, err
		}
		if folded += b.n; !b.more {
			return folded, nil
		}
	}
}

// advance folds the next batch.
func (r *Rollups) advance(ctx context.Context) (*batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		b, err := r.step(ctx, &r.live, "")
		if !errors.Is(err, errMoved) {
			return b, err
		}
	}
}

// step folds one batch of at most batchSize events, ending with the one at until if it is among them. It changes nothing
// and returns errMoved if another process was faster. An error may leave open whether the batch was written; the next
// step finds out.
func (r *Rollups) step(ctx context.Context, l *ledger, until activitylog.Position) (*batch, error) {
	if err := r.load(ctx, l); err != nil {
		return nil, err
	}
	b, err := r.fold(ctx, l.head.Position, until)
	if err != nil || b.n == 0 {
		return b, err
	}
	for org, f := range b.figures.Figures() {
		l.seen.Cut(org, f)
	}
	var changes *changes
	err = r.space.View(ctx, func(tx activitylog.SpaceTx) error {
		changes = newChanges(l.head.Generation)
		return changes.plan(tx, b.figures.Figures(), l)
	})
	if err == nil {
		to := head{l.head.Moves + 1, l.head.Generation, b.next}
		err = r.space.Update(ctx, func(tx activitylog.SpaceTx) error {
			if err := l.move(tx, to); err != nil {
				return err
			}
			if l.key == liveKey {
				if err := b.enqueue(tx); err != nil {
					return err
				}
			}
			return changes.write(tx)
		})
		if err == nil {
			l.head = to
			l.hot.keep(changes)
			for org, f := range b.figures.Figures() {
				l.seen.Add(org, f)
				l.orgs[org] = true
			}
			return b, nil
		}
	}
	l.loaded = false
	if !errors.Is(err, errMoved) {
		err = fmt.Errorf("monitor: keep roll-ups: %w", err)
	}
	return nil, err
}

// load reads the head, and forgets what was known of rows that others may have written.
func (r *Rollups) load(ctx context.Context, l *ledger) error {
	if l.loaded {
		return nil
	}
	l.head, l.seen, l.orgs, l.hot = head{}, alerts.Seen{}, map[string]bool{}, nil
	err := r.space.View(ctx, func(tx activitylog.SpaceTx) error {
		var err error
		l.head, _, err = readHead(tx, l.key)
		return err
	})
	if err != nil {
		return fmt.Errorf("monitor: read the place in the log: %w", err)
	}
	l.loaded = true
	l.loads++
	return nil
}

// reloaded is how often the rows may have been written by somebody else.
func (r *Rollups) reloaded() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live.loads
}

func readHead(tx activitylog.SpaceTx, key string) (head, bool, error) {
	var h head
	v, ok, err := tx.Get([]byte(key))
	if err != nil || !ok {
		return h, false, err
	}
	return h, true, json.Unmarshal(v, &h)
}

func writeHead(tx activitylog.SpaceTx, key string, h head) error {
	v, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return tx.Put([]byte(key), v)
}

// move brings the head forward, if it is still where the ledger read it.
func (l *ledger) move(tx activitylog.SpaceTx, to head) error {
	now, _, err := readHead(tx, l.key)
	if err != nil {
		return err
	}
	if now != l.head {
		return errMoved
	}
	return writeHead(tx, l.key, to)
}
