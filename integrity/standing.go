package integrity

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/activitylog/activitylog"
)

// Standing says what is proved of one event.
type Standing struct {
	Verdict Verdict   // Tampered: the event is not what was sealed; Undecided: no seal covers it yet
	What    string    // of Tampered, for people
	Sealed  time.Time // when the first seal that covers it was made; zero: none is, or the root log does not say
	Index   int64     // of the event in the tree of its organization
	Size    int64     // of that tree
	Proof   []byte    // as Prove makes it; nil unless Clean
}

// Standing proves an event as it was read, checks that proof and tells when it was sealed. An event that came without
// evidence is an error that wraps activitylog.ErrInvalid.
func (s *Sealer) Standing(ctx context.Context, e *activitylog.Event) (Standing, error) {
	entry, _, ok := splitMAC(e.Leaf)
	l, err := ParseLeaf(entry)
	if !ok || err != nil {
		return Standing{}, fmt.Errorf("integrity: %w: the event came without evidence", activitylog.ErrInvalid)
	}
	x := Standing{}
	err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		x = Standing{}
		file, err := prove(tx, s.keys.Verifiers, l, entry)
		if errors.Is(err, ErrNotSealed) {
			x.Verdict = Undecided
			return nil
		}
		if err != nil {
			return err
		}
		p, err := CheckProof(file, s.keys.Verifiers, e)
		if err != nil {
			x.Verdict, x.What = Tampered, err.Error()
			return nil
		}
		x.Proof, x.Index, x.Size = file, p.Index, p.Size
		x.Sealed, err = s.sealedAt(tx, l, p.Index)
		return err
	})
	if err != nil {
		return Standing{}, fmt.Errorf("integrity: standing: %w", err)
	}
	return x, nil
}

// soon is how many seals behind the recording of an event are looked at for its own.
const soon = 1000

// sealedAt finds the first seal of a tree that covers an entry. Seals are in the order of time, and that one was made
// soon after the event was recorded.
func (s *Sealer) sealedAt(tx activitylog.SpaceTx, l *Leaf, index int64) (time.Time, error) {
	var root tree
	if ok, err := s.keys.getRow(tx, numberKey('s', 0), &root); !ok {
		return time.Time{}, err
	}
	var failed error
	made := func(i int64) (record, bool) {
		entries := segmentAt(tx, 0, i, root.Size, &failed)
		if len(entries) == 0 {
			return record{}, false
		}
		r, err := parseRootEntry(entries[0])
		return r, err == nil
	}
	from := int64(sort.Search(int(root.Size), func(i int) bool {
		r, ok := made(int64(i))
		if !ok {
			return true
		}
		at, _ := r.made()
		return at >= l.Recorded
	}))
	for i := max(0, from-1); i < min(root.Size, from+soon) && failed == nil; i++ { // clocks may differ a little
		if r, ok := made(i); ok && r.seal != nil && r.seal.Stream == l.Stream && r.seal.Size > index {
			return micro(r.seal.At), nil
		}
	}
	return time.Time{}, failed
}
