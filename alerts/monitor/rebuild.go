package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Purged says what a rebuild does with the figures of events that were purged.
type Purged bool

// KeepPurged leaves the sums of hours that lost events as they were, and all that was ever seen. DropPurged counts the
// events that are kept and nothing else: after an erasure, since erased names would live on in old figures, and where
// the old rows cannot be read.
const (
	KeepPurged Purged = false
	DropPurged Purged = true
)

// Rebuild folds the log anew, from its oldest event on, beside the rows in use, and then puts the new ones in their
// place. Meanwhile everything works as before. A rebuild that was interrupted goes on where it stopped when it is called
// again; two at once hinder each other, but do no harm.
func (r *Rollups) Rebuild(ctx context.Context, purged Purged) error {
	b, err := r.begin(ctx)
	if err != nil {
		return fmt.Errorf("monitor: rebuild: %w", err)
	}
	var after []byte
	for done := false; !done; {
		next, err := r.adopt(ctx, b, purged, after)
		switch {
		case errors.Is(err, errMoved):
		case err != nil:
			return fmt.Errorf("monitor: rebuild: %w", err)
		default:
			done, after = next == nil, next
		}
	}
	return r.clean(ctx)
}

// begin returns the ledger of a rebuild that was begun, or begins one.
func (r *Rollups) begin(ctx context.Context) (*ledger, error) {
	err := r.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		live, _, err := readHead(tx, liveKey)
		if err != nil {
			return err
		}
		build, ok, err := readHead(tx, buildKey)
		if err != nil || ok && build.Generation > live.Generation {
			return err
		}
		return writeHead(tx, buildKey, head{Moves: build.Moves + 1, Generation: live.Generation + 1})
	})
	return &ledger{key: buildKey}, err
}

// adoptRows is how many old rows one transaction of a rebuild looks at.
const adoptRows = 200

// adopt freezes into the new rows what the next old ones, behind the key after, hold beyond them, and returns the key to
// go on behind. After the last it puts the new generation in the place of the old one and returns nil. Both must stand
// at one position for that, so that they differ by nothing but what was purged; what comes later reaches both.
func (r *Rollups) adopt(ctx context.Context, b *ledger, purged Purged, after []byte) ([]byte, error) {
	old := &ledger{key: liveKey}
	if err := r.meet(ctx, b, old); err != nil {
		return nil, err
	}
	var rows *changes
	var next []byte
	err := r.space.View(ctx, func(tx activitylog.SpaceTx) error {
		rows, next = newChanges(b.head.Generation), nil
		if purged == DropPurged {
			return nil
		}
		var err error
		next, err = rows.freeze(tx, old.head.Generation, after)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Both heads move: whoever read one of them before must read again.
	build, live := b.head, old.head
	build.Moves++
	live.Moves++
	if next == nil {
		live.Generation = build.Generation
	}
	err = r.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		if err := errors.Join(b.move(tx, build), old.move(tx, live)); err != nil {
			return err
		}
		return rows.write(tx)
	})
	b.loaded = false
	return next, err
}

// meet brings the building ledger to where the live one is.
func (r *Rollups) meet(ctx context.Context, b, live *ledger) error {
	for {
		live.loaded = false
		if err := errors.Join(r.load(ctx, live), r.load(ctx, b)); err != nil {
			return err
		}
		if b.head.Generation <= live.head.Generation {
			return errors.New("another rebuild was faster")
		}
		if b.head.Position == live.head.Position {
			return nil
		}
		// It stops at the live one's place, unless the event there was purged.
		some, err := r.step(ctx, b, live.head.Position)
		if err != nil {
			return err
		}
		if some.n > 0 {
			continue
		}
		folded, err := r.CatchUp(ctx)
		if err != nil {
			return err
		}
		if folded == 0 { // nothing lies behind either place
			return nil
		}
	}
}

// freeze plans what the parts of the next old rows add to the new ones.
func (c *changes) freeze(tx activitylog.SpaceTx, old uint32, after []byte) (next []byte, err error) {
	from := orgPrefix(old, "")
	from = from[:len(from)-1]
	to := behind(from)
	if after != nil {
		from = append(bytes.Clone(after), maxLevel+1) // the part of after is done
	}
	var part []byte // without its level
	var f *alerts.Figures
	n := 0
	flush := func() error {
		if f == nil {
			return nil
		}
		return c.freezePart(tx, part, f)
	}
	for pair, err := range tx.Range(from, to) {
		if err != nil {
			return nil, err
		}
		if p := pair.Key[:len(pair.Key)-1]; !bytes.Equal(p, part) {
			if err := flush(); err != nil {
				return nil, err
			}
			if n >= adoptRows {
				return part, nil
			}
			part, f = bytes.Clone(p), &alerts.Figures{}
		}
		n++
		if err := f.AddBlock(pair.Value); err != nil {
			return nil, fmt.Errorf("%w; use DropPurged", err)
		}
	}
	return nil, flush()
}

// freezePart replaces the new rows of one part by one that holds what the old ones add.
func (c *changes) freezePart(tx activitylog.SpaceTx, oldPart []byte, old *alerts.Figures) error {
	part := bytes.Clone(oldPart)
	copy(part, orgPrefix(c.generation, "")[:generationEnd])
	var f alerts.Figures
	var keys []string
	for pair, err := range tx.Range(part, append(bytes.Clone(part), maxLevel+1)) {
		if err != nil {
			return err
		}
		if err := f.AddBlock(pair.Value); err != nil {
			return err
		}
		keys = append(keys, string(pair.Key))
	}
	before := f.AppendBlock(nil)
	f.Freeze(old)
	block := f.AppendBlock(nil)
	if bytes.Equal(block, before) {
		return nil
	}
	for _, key := range keys {
		c.rows[key] = nil
	}
	c.rows[string(append(part, level(len(block))))] = block
	org := part[generationEnd : bytes.IndexByte(part[generationEnd:], 0)+generationEnd]
	c.rows[string(orgKey(c.generation, string(org)))] = []byte{}
	return nil
}

// generationEnd is where the organization begins in the key of a row.
const generationEnd = 5

// clean deletes the rows of all generations but the one in use, and of one that is being built.
func (r *Rollups) clean(ctx context.Context) error {
	for more := true; more; {
		err := r.space.Update(ctx, func(tx activitylog.SpaceTx) error {
			live, _, err := readHead(tx, liveKey)
			if err != nil {
				return err
			}
			more = false
			for _, list := range []byte{'o', 'r'} {
				var keys [][]byte
				end := append([]byte{list}, orgPrefix(live.Generation, "")[1:generationEnd]...)
				for pair, err := range tx.Range([]byte{list}, end) {
					if err != nil {
						return err
					}
					if keys = append(keys, pair.Key); len(keys) == adoptRows {
						more = true
						break
					}
				}
				for _, key := range keys {
					if err := tx.Delete(key); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("monitor: delete old roll-ups: %w", err)
		}
	}
	return nil
}
