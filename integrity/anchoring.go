package integrity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint returns the newest checkpoint of the root log, or nil before the first seal.
func (s *Sealer) Checkpoint(ctx context.Context) (checkpoint []byte, err error) {
	err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		checkpoint, _, err = tx.Get(numberKey('c', 0))
		return err
	})
	return checkpoint, err
}

// anchor gives the newest checkpoint to all anchors, none of which waits for another.
func (s *Sealer) anchor(ctx context.Context) error {
	errs := make([]error, len(s.opts.Anchors))
	var all sync.WaitGroup
	for i, a := range s.opts.Anchors {
		all.Go(func() { errs[i] = s.anchorWith(ctx, a) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// anchorWith gives the newest checkpoint to an anchor, unless it has it, and keeps the receipt.
func (s *Sealer) anchorWith(ctx context.Context, a Anchor) error {
	var tried int64
	for {
		c, has, err := s.checkpointFor(ctx, a.Name())
		if err != nil || has {
			return err
		}
		receipt, err := a.Anchor(ctx, c)
		if err == nil && len(receipt) > maxReceipt {
			err = fmt.Errorf("its receipt has %d bytes, which is more than %d", len(receipt), maxReceipt)
		}
		if errors.Is(err, ErrContradicted) {
			if tried != c.Size { // another sealer may have been faster: then there is a newer checkpoint now
				tried = c.Size
				continue
			}
			err = errors.Join(err, tell(ctx, s.log, contradicted, a.Name(), c.Size, err))
		}
		if err == nil {
			err = s.keepReceipt(ctx, a.Name(), c, receipt)
		}
		if err != nil {
			return fmt.Errorf("integrity: anchor %s: %w", a.Name(), err)
		}
		return nil
	}
}

// checkpointFor returns the newest checkpoint for an anchor, and whether it has it or there is none.
func (s *Sealer) checkpointFor(ctx context.Context, name string) (c *Checkpoint, has bool, err error) {
	err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		signed, ok, err := tx.Get(numberKey('c', 0))
		if has = !ok; err != nil || has {
			return err
		}
		var root tree
		var state anchorState
		if _, err := s.keys.getRow(tx, numberKey('s', 0), &root); err != nil {
			return err
		}
		if _, err := s.keys.getRow(tx, anchorKey(name), &state); err != nil {
			return err
		}
		t := tlog.Tree{N: root.Size, Hash: tlog.Hash(root.Hash)}
		has = state.Size == t.N && state.At != 0
		c = &Checkpoint{Note: bytes.Clone(signed), Size: t.N}
		c.prove = func(from int64) (proof tlog.TreeProof, err error) {
			if from < 0 || from > t.N {
				return nil, fmt.Errorf("integrity: %w: there is no proof from %d to %d entries", activitylog.ErrInvalid, from, t.N)
			}
			if from == 0 {
				return nil, nil
			}
			err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
				proof, err = tlog.ProveTree(t.N, from, tlog.TileHashReader(t, &tiles{tx, 0}))
				return err
			})
			return proof, err
		}
		return nil
	})
	return c, has, err
}

// keepReceipt notes that an anchor has a checkpoint.
func (s *Sealer) keepReceipt(ctx context.Context, name string, c *Checkpoint, receipt []byte) error {
	now := s.opts.Now()
	var behind int64
	err := s.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		var state anchorState
		if _, err := s.keys.getRow(tx, anchorKey(name), &state); err != nil {
			return err
		}
		if behind = state.Behind; state.Size > c.Size {
			return nil // another sealer was faster
		}
		state.Version, state.Size, state.At, state.Behind = 1, c.Size, now.UnixMicro(), 0
		if receipt != nil {
			key := receiptKey(name, now)
			_, ok, err := tx.Get(key)
			if err == nil {
				err = s.keys.putRow(tx, key, &keptReceipt{Version: 1, Checkpoint: c.Note, At: state.At, Receipt: receipt})
			}
			if err != nil {
				return err
			}
			if !ok {
				state.Receipts++
			}
		}
		return s.keys.putRow(tx, anchorKey(name), &state)
	})
	if err == nil && behind != 0 && now.Sub(micro(behind)) > s.opts.Late {
		err = tell(ctx, s.log, anchorBack, name, behind, fmt.Errorf("it lacked what was sealed since %s", stamp(micro(behind))))
	}
	return err
}

// anchorForever gives checkpoints to an anchor from time to time, each time within its own limit.
func (s *Sealer) anchorForever(ctx context.Context, a Anchor) {
	s.repeat(ctx, func(within context.Context) error { return s.anchorWith(within, a) })
}

// repeat does something every AnchorEvery until ctx ends.
func (s *Sealer) repeat(ctx context.Context, do func(context.Context) error) {
	tick := time.NewTicker(s.opts.AnchorEvery)
	defer tick.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, max(s.opts.AnchorEvery, time.Second))
		err := do(within)
		cancel()
		if err != nil && ctx.Err() == nil && s.opts.OnError != nil {
			s.opts.OnError(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
