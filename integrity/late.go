package integrity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// The actions under which a sealer tells of itself and of its anchors, in the log of the platform.
const (
	anchorLate   = "audit.anchor.late"
	anchorBack   = "audit.anchor.resume"
	contradicted = "audit.anchor.contradict"
	sealLate     = "audit.seal.late"
)

// tellLate notes since when anchors lack the newest checkpoint, and records what has been late for too long. Several
// sealers of one log tell of it once.
func (s *Sealer) tellLate(ctx context.Context) error {
	now := s.opts.Now()
	for _, a := range s.opts.Anchors { // before they are declared, so that whoever reads of one finds it
		if err := s.noteBehind(ctx, a.Name(), now); err != nil {
			return fmt.Errorf("integrity: anchor %s: %w", a.Name(), err)
		}
	}
	if !s.declared {
		s.sealing.Lock()
		x := s.sealingAs(s.keys.Signer)
		s.sealing.Unlock()
		if err := s.declare(activitylog.WithActor(ctx, theSealer), x, ""); err != nil {
			return err
		}
		s.declared = true
	}
	if now.Sub(s.began) < s.opts.Late { // what was late while nobody sealed gets its time to come
		return nil
	}
	return Watch(ctx, s.log, s.store, now, s.opts.Late)
}

// noteBehind notes since when an anchor lacks the newest checkpoint.
func (s *Sealer) noteBehind(ctx context.Context, name string, now time.Time) error {
	return s.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		var root tree
		state := anchorState{Version: 1}
		if _, err := s.keys.getRow(tx, numberKey('s', 0), &root); err != nil {
			return err
		}
		known, err := s.keys.getRow(tx, anchorKey(name), &state)
		if err != nil {
			return err
		}
		before := state
		if root.Size == state.Size {
			state.Behind = 0
		} else if state.Behind == 0 {
			state.Behind = now.UnixMicro()
		}
		if known && state == before {
			return nil
		}
		return s.keys.putRow(tx, anchorKey(name), &state)
	})
}

func lateAnchor(at time.Time) error {
	if at.IsZero() {
		return errors.New("it never had a checkpoint")
	}
	return errors.New("its newest checkpoint is that of " + stamp(at))
}

// tellings is the name space of the ids of what sealers tell.
var tellings = uuid.MustParse("6f1c4d4e-9a4b-5c0e-8d8c-0b6a4f1f2a11")

// tell records something that a sealer saw, once for each number that tells it apart.
func tell(ctx context.Context, log *activitylog.Log, action, subject string, number int64, why error) error {
	e := activitylog.Event{
		ID: uuid.NewSHA1(tellings, fmt.Appendf(nil, "%s\n%s\n%d", action, subject, number)), Org: activitylog.SystemOrg, Action: action, Actor: theSealer,
		Targets: []activitylog.Target{{Type: "anchor", ID: subject}}, Metadata: map[string]any{"number": number},
	}
	if why != nil {
		e.Reason = why.Error()
	}
	_, err := log.Record(decision.With(ctx), e)
	if errors.Is(err, activitylog.ErrConflict) { // told already, in other words
		return nil
	}
	return err
}
