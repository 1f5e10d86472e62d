package integrity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/activitylog/activitylog"
)

// Anchor keeps checkpoints of the root log where whoever can change the database cannot. Only that shows that the
// database was set back as a whole, or rewritten with a stolen key.
type Anchor interface {
	// Anchor keeps a checkpoint, a signed note, durably. It may get the same one again.
	Anchor(ctx context.Context, checkpoint []byte) error
}

// FileAnchor appends checkpoints to a file, best on another machine or on storage that only appends.
type FileAnchor struct{ Path string }

// Anchor implements Anchor.
func (a FileAnchor) Anchor(_ context.Context, checkpoint []byte) error {
	f, err := os.OpenFile(a.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(bytes.Clone(checkpoint), '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// ReadCheckpoints returns the checkpoints in what a FileAnchor wrote, or in a file with one, for VerifyOptions.Known.
// One that was cut off at the end, as by a crash, is returned as it is: verifying says that it cannot be believed.
func ReadCheckpoints(b []byte) [][]byte {
	var list [][]byte
	for b = bytes.TrimLeft(b, "\n"); len(b) > 0; b = bytes.TrimLeft(b, "\n") {
		end := len(b)
		if text := bytes.Index(b, []byte("\n\n")); text >= 0 {
			if signatures := bytes.Index(b[text+2:], []byte("\n\n")); signatures >= 0 {
				end = text + 2 + signatures + 1
			}
		}
		list = append(list, b[:end:end])
		b = b[end:]
	}
	return list
}

// anchoring hands checkpoints to anchors beside the sealing, which must not wait for them.
type anchoring struct {
	last []byte    // that all anchors have
	at   time.Time // when they got it
	busy chan struct{}
}

// Checkpoint returns the newest checkpoint of the root log, or nil before the first seal.
func (s *Sealer) Checkpoint(ctx context.Context) (checkpoint []byte, err error) {
	err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		checkpoint, _, err = tx.Get(numberKey('c', 0))
		return err
	})
	return checkpoint, err
}

// anchor gives the newest checkpoint to all anchors, unless they have it.
func (s *Sealer) anchor(ctx context.Context) error {
	if len(s.opts.Anchors) == 0 {
		return nil
	}
	select {
	case s.anchors.busy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.anchors.busy }()
	checkpoint, err := s.Checkpoint(ctx)
	if err != nil || len(checkpoint) == 0 || bytes.Equal(checkpoint, s.anchored()) {
		return err
	}
	for _, a := range s.opts.Anchors {
		err = errors.Join(err, a.Anchor(ctx, checkpoint))
	}
	if err != nil {
		return fmt.Errorf("integrity: anchor: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anchors.last, s.anchors.at = checkpoint, s.opts.Now()
	return nil
}

func (s *Sealer) anchored() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.anchors.last
}

// anchorForever anchors from time to time, each time within its own limit.
func (s *Sealer) anchorForever(ctx context.Context) {
	tick := time.NewTicker(s.opts.AnchorEvery)
	defer tick.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, max(s.opts.AnchorEvery, time.Second))
		err := s.anchor(within)
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

// Health is what can be promised of a log at the moment.
type Health struct {
	Sealed   time.Time // when the root log grew last; zero: never
	Backlog  int       // events that wait for their seal, counted up to the size of a batch
	Anchored time.Time // when all anchors of this Sealer last had the newest checkpoint; zero: never, or it has none
}

// Health tells how far sealing and anchoring are.
func (s *Sealer) Health(ctx context.Context) (Health, error) {
	var x Health
	var root tree
	h, _, err := s.where(ctx)
	if err != nil {
		return x, fmt.Errorf("integrity: health: %w", err)
	}
	_, err = s.tail(ctx, h.Position, func(*activitylog.Event, activitylog.Position) { x.Backlog++ })
	if err == nil {
		err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
			_, err := s.keys.getRow(tx, numberKey('s', 0), &root)
			return err
		})
	}
	if err != nil {
		return x, fmt.Errorf("integrity: health: %w", err)
	}
	if root.Size > 0 {
		x.Sealed = micro(root.Sealed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x.Anchored = s.anchors.at
	return x, nil
}
