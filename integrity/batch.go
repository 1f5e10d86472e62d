package integrity

import (
	"context"
	"errors"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

// batch is what one step seals.
type batch struct {
	macs *macs
	size int
	orgs map[string]*orgBatch
	odd  []oddEvent
}

// orgBatch is what one organization adds to its tree.
type orgBatch struct {
	entries [][]byte
	places  []byte
	purges  []purgeEvent
}

// oddEvent is one of which more must be read than its leaf.
type oddEvent struct {
	event  activitylog.Event
	reason string // why it is adopted; "": it is not
	to     *orgBatch
	at     int // which of its entries it is
}

// briefTailer is a store that reads of events only what is needed of most: ID, Org, Recorded, Action and Leaf. It calls
// f with each event behind a position, and returns that of the last. The event holds until f returns, its leaf longer.
type briefTailer interface {
	TailEvidence(ctx context.Context, after activitylog.Position, limit int,
		f func(e *activitylog.Event, at activitylog.Position)) (activitylog.Position, error)
}

func (s *Sealer) tail(ctx context.Context, after activitylog.Position, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	if s.brief != nil {
		return s.brief.TailEvidence(ctx, after, s.opts.Batch, f)
	}
	events, next, err := s.log.Tail(ctx, after, s.opts.Batch)
	for i := range events {
		f(&events[i].Event, events[i].Position)
	}
	return next, err
}

// add adds the entry of an event.
func (b *batch) add(e *activitylog.Event, at activitylog.Position) {
	to := b.orgs[e.Org]
	if to == nil {
		to = &orgBatch{}
		b.orgs[e.Org] = to
	}
	entry, reason := b.macs.authentic(e)
	if reason != "" || e.Action == decision.Purge {
		b.odd = append(b.odd, oddEvent{*e, reason, to, len(to.entries)})
	}
	place := placeOf(at)
	to.entries, to.places = append(to.entries, entry), append(to.places, place[:]...)
	b.size++
}

// isWhole tells whether an event is the one of its leaf: what is signed must not follow from columns that somebody
// changed until the seal.
func isWhole(e *activitylog.Event, leaf []byte) bool {
	l, err := ParseLeaf(leaf)
	if err != nil {
		return false
	}
	var room scratch
	wrong, erased := room.differences(e, l, nil)
	return len(wrong) == 0 && erased == 0
}

// look adopts an event that cannot be believed, and takes note of a purge.
func (s *Sealer) look(ctx context.Context, o *oddEvent) error {
	if s.brief != nil || o.reason != "" { // as it stands now, with its opening
		whole, err := s.log.Org(o.event.Org).Get(ctx, o.event.ID)
		if err != nil && !errors.Is(err, activitylog.ErrNotFound) { // purged meanwhile
			return err
		}
		if err == nil {
			o.event = whole
		}
	}
	if o.reason == "" {
		if p, ok := purgeOf(&o.event); ok && isWhole(&o.event, o.to.entries[o.at]) {
			o.to.purges = append(o.to.purges, p)
		}
		return nil
	}
	entry, err := adopt(&o.event, s.keys.stream(o.event.Org), o.reason)
	o.to.entries[o.at] = entry
	return err
}
