package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// What stores may offer to package integrity, beside the interfaces of the contract.
type (
	// snapshotter is a store that can be read as it is at one moment, while writers go on. f may run again.
	snapshotter interface {
		Snapshot(ctx context.Context, f func(activitylog.Tailer, activitylog.Spacer) error) error
	}
	// evidenceTailer is a Tailer that reads ID, Org, Recorded, Action and Leaf alone. The event holds until f returns,
	// its leaf longer.
	evidenceTailer interface {
		TailEvidence(ctx context.Context, after activitylog.Position, limit int,
			f func(e *activitylog.Event, at activitylog.Position)) (activitylog.Position, error)
	}
	// checker is a Tailer of a snapshot that derives again what the store derived from events and tells what differs.
	checker interface {
		Check(ctx context.Context, purged int64, behind activitylog.Position, number func(leaf []byte) (writer [8]byte, n uint64),
			found func(what, org string, id uuid.UUID)) error
	}
	// prover is a store that tells what it proved of its durability.
	prover interface {
		Durability(ctx context.Context) (string, error)
	}
)

const mustSnapshot = "Snapshot runs f over the events and spaces as they are together at one moment, while others may write"

var snapshotCases = []testCase{
	{name: "snapshot/one moment", must: mustSnapshot, needs: snapshots | tails | keepsSpaces, run: func(s *subject) {
		s.append(samples(1, 5)...)
		s.put("x", "a", "1")
		var got []activitylog.Event
		var pairs []string
		s.snapshot(func(tail activitylog.Tailer, spaces activitylog.Spacer) error {
			if _, err := readSnapshot(s.ctx, tail); err != nil { // now it has begun
				return err
			}
			s.append(sample(6))
			s.put("x", "a", "2", "b", "3")
			var err error
			if got, err = readSnapshot(s.ctx, tail); err != nil {
				return err
			}
			return spaces.Space("x").View(s.ctx, func(tx activitylog.SpaceTx) error {
				pairs, err = flat(tx.Range(nil, nil))
				return err
			})
		})
		s.same(list(got...).events, list(samples(1, 5)...).events, "the events of a snapshot")
		if fmt.Sprint(pairs) != "[a 1]" {
			s.fatalf("a space in a snapshot holds %q, and held a=1 when it began", pairs)
		}
		s.holds(list(samples(1, 6)...))
	}},
	{name: "snapshot/everything", must: "Tail in a snapshot returns every event, as it stands, also where followers would not come by any more",
		needs: snapshots | tails | erases, run: func(s *subject) {
			want := samples(1, 25, func(e *activitylog.Event) { e.Leaf, e.Opening = []byte{1, 2}, []byte{3, byte(e.Time.Second())} })
			s.append(want...)
			truth := list(want...)
			s.erases(activitylog.StoreQuery{Filter: activitylog.IDIs(id(7)), Limit: 1}, activitylog.ActorPart, &truth)
			var got []activitylog.Event
			s.snapshot(func(tail activitylog.Tailer, _ activitylog.Spacer) (err error) {
				got, err = readSnapshot(s.ctx, tail)
				return err
			})
			s.same(list(got...).events, truth.events, "the events of a snapshot")
		}},
	{name: "snapshot/reads only", must: "what a snapshot hands out can only be read", needs: snapshots | keepsSpaces, run: func(s *subject) {
		s.put("x", "a", "1")
		var refused error
		s.snapshot(func(_ activitylog.Tailer, spaces activitylog.Spacer) error {
			refused = spaces.Space("x").Update(s.ctx, func(tx activitylog.SpaceTx) error { return tx.Put([]byte("a"), []byte("2")) })
			return nil
		})
		s.hasPairs("x", "a", "1")
		if refused == nil {
			s.fatalf("an Update in a snapshot was no error")
		}
	}},
	{name: "snapshot/error of f", must: "Snapshot returns the error of f", needs: snapshots, run: func(s *subject) {
		why := errors.New("why")
		err := s.store.(snapshotter).Snapshot(s.ctx, func(activitylog.Tailer, activitylog.Spacer) error { return why })
		if !errors.Is(err, why) {
			s.fatalf("Snapshot returned %v, which does not wrap the error of f", err)
		}
	}},
	{name: "snapshot/check", must: "Check finds nothing in what the store derived itself", needs: snapshots | tails | checks | prunes | erases, run: func(s *subject) {
		events := append(samples(1, 60), samples(61, 70, inOrg("globex"))...)
		s.append(events...)
		truth := list(events...)
		s.erases(activitylog.StoreQuery{Org: "acme", Limit: 5}, activitylog.AllParts, &truth)
		for _, purged := range []int64{0, 9} {
			if purged > 0 {
				s.prunes(activitylog.StoreQuery{Org: "acme"}, int(purged), &truth)
			}
			var wrong []string
			s.snapshot(func(tail activitylog.Tailer, _ activitylog.Spacer) error {
				wrong = nil
				return tail.(checker).Check(s.ctx, purged, "", func([]byte) ([8]byte, uint64) { return [8]byte{}, 0 }, func(what, org string, id uuid.UUID) {
					wrong = append(wrong, fmt.Sprintf("%s (%q, %s)", what, org, id))
				})
			})
			if len(wrong) > 0 {
				s.fatalf("Check found, after %d events were pruned: %q", purged, wrong)
			}
		}
	}},
	{name: "evidence/as Tail", must: "TailEvidence gives ID, Org, Recorded, Action and Leaf of what Tail returns, with the same positions",
		needs: tailsEvidence | tails, run: func(s *subject) {
			s.append(samples(1, 30, func(e *activitylog.Event) { e.Leaf = []byte("leaf of " + e.ID.String()) })...)
			s.append(samples(31, 40, inOrg("globex"))...) // without evidence
			want := s.tailed(40)
			for _, limit := range []int{1, 7, 1000} {
				s.sameEvidence(s.evidence("", limit), want)
				s.sameEvidence(s.evidence(want[11].Position, limit), want[12:])
			}
		}},
	{name: "evidence/limit", must: "TailEvidence calls f for up to limit events and returns the position to go on from even when there is none",
		needs: tailsEvidence | tails, run: func(s *subject) {
			s.append(samples(1, 10)...)
			s.tailed(10)
			for _, limit := range []int{1, 9, 10, 11} {
				n := 0
				next, err := s.store.(evidenceTailer).TailEvidence(s.ctx, "", limit, func(*activitylog.Event, activitylog.Position) { n++ })
				s.ok(err, "tail evidence")
				if n != min(limit, 10) {
					s.fatalf("TailEvidence with limit %d gave %d of 10 events", limit, n)
				}
				if n := len(s.evidence(next, 1000)); n != max(0, 10-limit) {
					s.fatalf("behind %d of 10 events TailEvidence gave %d", limit, n)
				}
			}
		}},
	{name: "durability/a known word", must: "Durability says power, process or none", needs: proves, run: func(s *subject) {
		level, err := s.store.(prover).Durability(s.ctx)
		s.ok(err, "durability")
		if level != "power" && level != "process" && level != "none" {
			s.fatalf("Durability says %q", level)
		}
	}},
}

// snapshot takes a snapshot, which must work.
func (s *subject) snapshot(f func(activitylog.Tailer, activitylog.Spacer) error) {
	s.ok(s.store.(snapshotter).Snapshot(s.ctx, f), "snapshot")
}

// readSnapshot reads all events of a snapshot.
func readSnapshot(ctx context.Context, tail activitylog.Tailer) ([]activitylog.Event, error) {
	var events []activitylog.Event
	for at := activitylog.Position(""); ; {
		got, next, err := tail.Tail(ctx, at, 7)
		if err != nil || len(got) == 0 {
			return events, err
		}
		for i := range got {
			events = append(events, got[i].Event)
		}
		at = next
	}
}

// evidence reads to the end, so many at a time. Leaves are kept as they were given.
func (s *subject) evidence(after activitylog.Position, limit int) []activitylog.Tailed {
	var got []activitylog.Tailed
	for {
		n := len(got)
		next, err := s.store.(evidenceTailer).TailEvidence(s.ctx, after, limit, func(e *activitylog.Event, at activitylog.Position) {
			got = append(got, activitylog.Tailed{Event: *e, Position: at})
		})
		s.ok(err, "tail evidence")
		if len(got) == n {
			return got
		}
		after = next
	}
}

// sameEvidence compares what must be the same.
func (s *subject) sameEvidence(got, want []activitylog.Tailed) {
	if len(got) != len(want) {
		s.fatalf("TailEvidence gave %d events where Tail returns %d", len(got), len(want))
	}
	for i := range want {
		g, w := &got[i], &want[i]
		if g.Position != w.Position || g.Event.ID != w.Event.ID || g.Event.Org != w.Event.Org || g.Event.Action != w.Event.Action ||
			!g.Event.Recorded.Equal(w.Event.Recorded) || string(g.Event.Leaf) != string(w.Event.Leaf) {
			s.fatalf("TailEvidence gave %s with leaf %q at %q where Tail returns %s with leaf %q at %q",
				short(&g.Event), g.Event.Leaf, g.Position, short(&w.Event), w.Event.Leaf, w.Position)
		}
	}
}

// offersCheck tells whether a snapshot of the store can check itself.
func (s *subject) offersCheck() (offers bool) {
	store, ok := s.store.(snapshotter)
	if ok {
		_ = store.Snapshot(s.ctx, func(tail activitylog.Tailer, _ activitylog.Spacer) error {
			_, offers = tail.(checker)
			return nil
		})
	}
	return offers
}
