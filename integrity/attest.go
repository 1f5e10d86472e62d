package integrity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Attester checks the receipts of one Anchor with nothing but public keys.
type Attester interface {
	// Name is that of the anchor.
	Name() string
	// Attest tells when the anchor saw a checkpoint, which a receipt of it proves, or why the receipt proves nothing. Both
	// come from the database.
	Attest(checkpoint, receipt []byte) (time.Time, error)
}

// Anchored is what one anchor has of a log.
type Anchored struct {
	Name     string
	Size     int64     // of the newest checkpoint that it has, in entries of the root log, as the sealer says
	At       time.Time // when it got it, as the sealer says; zero: never
	Receipts int       // that are kept, each with a checkpoint that fits the log
	Attested time.Time // when it saw the newest of them, as it signed itself; zero: that was not checked, or in vain

	Checkpoint, Receipt []byte // the newest of them, for whoever checks it by other means
}

// anchorCheck is the verification of one anchor.
type anchorCheck struct {
	state    anchorState
	receipts []keptReceipt // by day; once the root log was checked, those that fit it
}

// anchors reads what is known of anchors.
func (l *live) anchors(v *verification) error {
	v.anchors = map[string]*anchorCheck{}
	for p, err := range l.tx.Range([]byte("a"), []byte("b")) {
		if err != nil {
			return err
		}
		c := &anchorCheck{}
		if err := l.keys.openRow(p.Key, p.Value, &c.state); err != nil || !validAnchorName(string(p.Key[1:])) {
			v.tampered("anchor", "", "what is known of an anchor cannot be believed: %v", err)
			continue
		}
		v.anchors[string(p.Key[1:])] = c
	}
	for p, err := range l.tx.Range([]byte("b"), []byte("c")) {
		if err != nil {
			return err
		}
		name, ok := anchorOf(p.Key)
		var r keptReceipt
		if err := l.keys.openRow(p.Key, p.Value, &r); err != nil || !ok || v.anchors[name] == nil {
			v.tampered("anchor", "", "a receipt of an anchor cannot be believed")
			continue
		}
		v.anchors[name].receipts = append(v.anchors[name].receipts, r)
	}
	return nil
}

// knownToAnchors adds the checkpoints of receipts to those that the root log must continue.
func (v *verification) knownToAnchors(known map[int64]tlog.Hash, head tlog.Tree) {
	for _, name := range slices.Sorted(maps.Keys(v.anchors)) {
		c := v.anchors[name]
		if c.state.Size > head.N {
			v.tampered("anchor", "", "anchor %q had %d entries of the root log, which has %d now: the database was set back in part", name, c.state.Size, head.N)
		}
		if n := int64(len(c.receipts)); n < c.state.Receipts {
			v.tampered("anchor", "", "%d receipts of anchor %q are gone", c.state.Receipts-n, name)
		}
		receipts := c.receipts
		c.receipts = nil
		for _, r := range receipts {
			t, _, err := openCheckpoint(r.Checkpoint, v.origin, v.verifiers)
			if err == nil && t.N > c.state.Size {
				err = errors.New("it is of a later checkpoint than it is known to have")
			}
			if other, ok := known[t.N]; err == nil && ok && other != t.Hash {
				err = fmt.Errorf("its first %d entries were others then: the log was rewritten", t.N)
			}
			if err != nil {
				v.tampered("anchor", "", "a receipt of anchor %q does not fit the log: %v", name, err)
				continue
			}
			known[t.N] = t.Hash
			c.receipts = append(c.receipts, r)
		}
	}
}

// attest has the attesters check the newest receipts, and tells of each anchor.
func (o *VerifyOptions) attest(anchors map[string]*anchorCheck, found func(Finding)) (list []Anchored) {
	by := map[string]Attester{}
	for _, a := range o.Attesters {
		by[a.Name()] = a
	}
	attested := 0
	for _, name := range slices.Sorted(maps.Keys(anchors)) {
		c := anchors[name]
		x := Anchored{Name: name, Size: c.state.Size, Receipts: len(c.receipts)}
		if c.state.At != 0 {
			x.At = micro(c.state.At)
		}
		var newest keptReceipt
		if n := len(c.receipts); n > 0 {
			newest = c.receipts[n-1]
			x.Checkpoint, x.Receipt = newest.Checkpoint, newest.Receipt
		}
		if a := by[name]; a != nil && len(c.receipts) > 0 {
			at, err := a.Attest(newest.Checkpoint, newest.Receipt)
			switch {
			case err != nil:
				found(Finding{Verdict: Tampered, Check: "anchor", Index: -1, What: fmt.Sprintf("the newest receipt of anchor %q proves nothing: %v", name, err)})
			case o.MaxSilence == 0 || o.now().Sub(at) <= o.MaxSilence:
				attested++
				fallthrough
			default:
				x.Attested = at
			}
		}
		list = append(list, x)
	}
	if attested < o.Attested {
		found(Finding{Verdict: Undecided, Check: "attested", Index: -1, What: fmt.Sprintf(
			"%d anchors attest the log, and %d are required: without them nobody can tell whether it was set back or rewritten", attested, o.Attested)})
	}
	return list
}
