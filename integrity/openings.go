package integrity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
)

// openingSetter is a store that gives events an opening that have none. An error that wraps errors.ErrUnsupported says that
// it may not.
type openingSetter interface {
	SetOpenings(ctx context.Context, events []activitylog.Event) error
}

// open gives those events an opening that are about to be adopted. It stands in their rows before they are read again and
// sealed, so that an erasure or a purge takes it along, whenever it comes.
func (s *Sealer) open(ctx context.Context, odd []oddEvent) error {
	store, ok := s.store.(openingSetter)
	if !ok {
		return nil
	}
	var bare []activitylog.Event
	for i := range odd {
		if odd[i].reason == "" {
			continue
		}
		e, err := s.log.Org(odd[i].event.Org).Get(ctx, odd[i].event.ID)
		if errors.Is(err, activitylog.ErrNotFound) { // purged meanwhile
			continue
		}
		if err != nil {
			return err
		}
		if len(e.Opening) == 0 {
			bare = append(bare, activitylog.Event{Org: e.Org, ID: e.ID, Opening: newOpening(&e)})
		}
	}
	if len(bare) == 0 {
		return nil
	}
	// Who may not is no reason to stand still: anybody who can insert a row could end all sealing.
	if err := store.SetOpenings(ctx, bare); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("openings of events without evidence: %w", err)
	}
	return nil
}

// newOpening makes an opening of what an event has.
func newOpening(e *activitylog.Event) []byte {
	var room scratch
	var mask byte
	var salts [groups][saltSize]byte
	room.groupValues(e, func(g int, _ []byte) {
		mask |= 1 << g
		salts[g] = [saltSize]byte(newSalt())
	})
	return openingOf(mask, &salts)
}

func newSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	return salt
}
