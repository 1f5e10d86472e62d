package integrity

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// adoptedPrefix begins what the sealer puts into the tree in place of a leaf that it cannot believe.
const adoptedPrefix = "activitylog/adopted/v1\n"

// The reasons for which an event is adopted.
const (
	noLeaf      = "it came without evidence"
	wrongLeaf   = "its evidence cannot be read"
	wrongMAC    = "its evidence was not made with the key of the writers"
	otherEvent  = "its evidence belongs to another event"
	otherStream = "its evidence belongs to another organization"
)

// adopted fixes an event as it stood when it was sealed. As a leaf, it tells nothing of what can be erased.
type adopted struct {
	_           struct{} `cbor:",toarray"`
	Version     uint8
	Stream      [16]byte
	ID          uuid.UUID
	Recorded    int64
	Reason      string
	Leaf        []byte         // SHA-256 of the evidence that it came with; empty: none
	Kept        []byte         // as in a leaf
	Commitments [groups][]byte // as in a leaf; all empty if the sealer could give it no opening
}

// adopt makes the entry of an event for a reason. What can be erased is fixed by its opening.
func adopt(e *activitylog.Event, stream [16]byte, reason string) ([]byte, error) {
	var room scratch
	a := adopted{Version: 1, Stream: stream, ID: e.ID, Recorded: e.Recorded.UnixMicro(), Reason: reason, Leaf: digest(e.Leaf), Kept: room.kept(e)}
	for g := range a.Commitments {
		a.Commitments[g] = []byte{}
	}
	if salts, ok := parseOpening(e.Opening); ok && len(e.Opening) > 0 {
		room.groupValues(e, func(g int, value []byte) {
			salt := salts[g]
			if salt == nil { // it was erased a moment ago, with its salt
				salt = newSalt()
			}
			a.Commitments[g] = commitment(salt, g, value)
		})
		for g, salt := range salts {
			if salt != nil && len(a.Commitments[g]) == 0 {
				a.Commitments[g] = commitment(salt, g, []byte(absent))
			}
		}
	}
	return appendRecord(nil, adoptedPrefix, &a)
}

// digest is the hash of what is there.
func digest(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// bare tells whether what can be erased of the event is not fixed.
func (a *adopted) bare() bool {
	for _, c := range a.Commitments {
		if len(c) > 0 {
			return false
		}
	}
	return true
}

// adoptedDiffers tells in what a row differs from how it was adopted, what was erased from it, and what was never fixed.
// With hidden, parts that are not shown do not differ.
func (s *scratch) adoptedDiffers(e *activitylog.Event, a *adopted, hidden func(group int)) (wrong []string, erased activitylog.Parts, open []string) {
	if (hidden == nil || len(e.Leaf) > 0) && string(digest(e.Leaf)) != string(a.Leaf) {
		wrong = append(wrong, "evidence")
	}
	if string(s.kept(e)) != string(a.Kept) {
		wrong = append(wrong, "data that is never erased")
	}
	if !a.bare() {
		groups, erased := s.openGroups(e, &a.Commitments, hidden)
		return append(wrong, groups...), erased, nil
	}
	if len(a.Leaf) == 0 && len(e.Opening) > 0 { // it came with none, and got none
		wrong = append(wrong, "opening")
	}
	s.groupValues(e, func(g int, _ []byte) {
		if !isErased(e, g) {
			open = append(open, groupNames[g])
		}
	})
	return wrong, 0, open
}

// adoptedRow holds a row to how it was adopted.
func (v *verification) adoptedRow(e *activitylog.Event, x *sealedEntry) {
	f := Finding{Verdict: Tampered, Check: "row", Org: e.Org, ID: e.ID, Index: x.index, Since: v.byOrg[e.Org].sealedAt(x.index)}
	wrong, erased, open := v.room.adoptedDiffers(e, x.adopted, nil)
	if len(wrong) > 0 {
		f.What = "the row was changed after it was sealed, in: " + strings.Join(wrong, ", ")
		v.found(f)
	}
	if len(open) > 0 {
		f.Verdict, f.Check = Undecided, "adopted"
		f.What = "the sealer could fix only part of the row, since it may not give it an opening; it leaves open: " + strings.Join(open, ", ")
		v.found(f)
	}
	v.erased(e, erased, x.index, f.Since)
}

// entry is one entry of the tree of an organization: exactly one of the two.
type entry struct {
	leaf    *Leaf
	adopted *adopted
}

func (e *entry) id() uuid.UUID {
	if e.leaf != nil {
		return e.leaf.ID
	}
	return e.adopted.ID
}

func (e *entry) stream() [16]byte {
	if e.leaf != nil {
		return e.leaf.Stream
	}
	return e.adopted.Stream
}

func (e *entry) recorded() int64 {
	if e.leaf != nil {
		return e.leaf.Recorded
	}
	return e.adopted.Recorded
}

func parseEntry(b []byte) (entry, error) {
	if !strings.HasPrefix(string(b[:min(len(b), len(adoptedPrefix))]), adoptedPrefix) {
		l, err := ParseLeaf(b)
		return entry{leaf: l}, err
	}
	var a adopted
	if err := parseRecord(b, adoptedPrefix, &a); err != nil {
		return entry{}, err
	}
	if a.Version != 1 || len(a.Kept) != sha256.Size || len(a.Leaf) != 0 && len(a.Leaf) != sha256.Size {
		return entry{}, fmt.Errorf("an adopted event of version %d", a.Version)
	}
	return entry{adopted: &a}, nil
}
