package integrity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrNotSealed means that no seal covers an event yet.
var ErrNotSealed = errors.New("integrity: the event is not sealed yet")

// Prove returns a file by which anybody who has the public key of the log can check, offline, that an event as it was
// read stands in the log: a C2SP tlog-proof whose extra data is the leaf. It tells nothing personal.
func Prove(ctx context.Context, store activitylog.Store, verifiers []note.Verifier, e *activitylog.Event) ([]byte, error) {
	spaces, ok := store.(activitylog.Spacer)
	if !ok || len(verifiers) == 0 {
		return nil, fmt.Errorf("integrity: proving needs a store with spaces and the public key: %w", errors.ErrUnsupported)
	}
	entry, _, ok := splitMAC(e.Leaf)
	l, err := ParseLeaf(entry)
	if !ok || err != nil {
		return nil, fmt.Errorf("integrity: %w: the event came without evidence", activitylog.ErrInvalid)
	}
	var file []byte
	err = spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
		file, err = prove(tx, verifiers, l, entry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("integrity: prove: %w", err)
	}
	return file, nil
}

func prove(tx activitylog.SpaceTx, verifiers []note.Verifier, l *Leaf, entry []byte) ([]byte, error) {
	number, from, ok, err := treeOf(tx, l.Stream)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotSealed
	}
	signed, _, err := tx.Get(numberKey('c', number))
	if err != nil {
		return nil, err
	}
	at, _, err := openCheckpoint(signed, streamOrigin(verifiers[0].Name(), l.Stream), verifiers)
	if err != nil {
		return nil, err
	}
	index, err := indexOf(tx, number, from, at.N, l.Recorded, entry)
	if err != nil {
		return nil, err
	}
	path, err := tlog.ProveRecord(at.N, index, tlog.TileHashReader(at, &tiles{tx, number}))
	if err != nil {
		return nil, err
	}
	p := proof.TLogProof{Index: uint64(index), Checkpoint: signed, ExtraData: entry}
	for _, h := range path {
		p.Hashes = append(p.Hashes, h)
	}
	return p.Marshal(), nil
}

// treeOf finds the number of a tree by its name, and its minimum index.
func treeOf(tx activitylog.SpaceTx, stream [16]byte) (number uint32, from int64, known bool, err error) {
	for p, err := range tx.Range([]byte("s"), []byte("t")) {
		if err != nil {
			return 0, 0, false, err
		}
		var t tree
		if err := (*WriterKeys)(nil).openRow(p.Key, p.Value, &t); err == nil && t.Stream == stream && numberOf(p.Key) != 0 {
			return numberOf(p.Key), t.Min, true, nil
		}
	}
	return 0, 0, false, nil
}

// indexOf finds an entry from an index on. Entries are nearly in the order in which they were recorded, so that it looks
// there first: segment by segment, since each entry that is looked at costs a whole one.
func indexOf(tx activitylog.SpaceTx, number uint32, from, size, recorded int64, entry []byte) (int64, error) {
	var failed error
	behind := sort.Search(int((size-from+segmentSize-1)/segmentSize), func(i int) bool {
		for _, x := range segmentAt(tx, number, from+int64(i)*segmentSize, size, &failed) {
			if parsed, err := parseEntry(x); err == nil {
				return parsed.recorded() >= recorded
			}
		}
		return true
	})
	near := from + int64(max(0, behind-1))*segmentSize
	const around = 16 * segmentSize
	for _, r := range [][2]int64{{near, min(size, near+2*segmentSize)}, {max(from, near-around), min(size, near+around)}, {from, size}} {
		for i := r[0]; i < r[1] && failed == nil; {
			segment := segmentAt(tx, number, i, size, &failed)
			for n, x := range segment {
				if bytes.Equal(x, entry) {
					return i + int64(n), nil
				}
			}
			i += max(1, int64(len(segment)))
		}
	}
	if failed != nil {
		return 0, failed
	}
	return 0, ErrNotSealed
}

// segmentAt returns the entries from index on to the end of its segment.
func segmentAt(tx activitylog.SpaceTx, number uint32, index, size int64, failed *error) [][]byte {
	for p, err := range tx.Range(segmentKey(number, index), segmentKey(number, min(size, index+segmentSize))) {
		if err != nil {
			*failed = err
			return nil
		}
		entries, err := splitSegment(p.Value)
		last := lastOf(p.Key)
		if skip := index - (last - int64(len(entries)) + 1); err == nil && skip >= 0 && skip < int64(len(entries)) {
			return entries[skip:]
		}
		break
	}
	*failed = damaged("entries from %d on are missing", index)
	return nil
}

// Proof is what a file of Prove says, once it was checked.
type Proof struct {
	Leaf  *Leaf
	Index int64 // of the event in the tree of its organization
	Size  int64 // of the tree that was signed
}

// maxProof is more than any proof needs.
const maxProof = 64 << 10

// CheckProof checks a file of Prove with nothing but the public key of the log. With an event it also checks that the
// proof is one of that event and that nothing of the event was changed; what was erased of it is left out.
func CheckProof(file []byte, verifiers []note.Verifier, e *activitylog.Event) (*Proof, error) {
	if len(verifiers) == 0 || len(file) > maxProof {
		return nil, fmt.Errorf("integrity: %w: a proof of at most %d bytes and a public key are needed", activitylog.ErrInvalid, maxProof)
	}
	var p proof.TLogProof
	if err := p.Unmarshal(file); err != nil {
		return nil, fmt.Errorf("integrity: %w", err)
	}
	l, err := ParseLeaf(p.ExtraData)
	if err != nil {
		return nil, fmt.Errorf("integrity: proof: %w", err)
	}
	at, _, err := openCheckpoint(p.Checkpoint, streamOrigin(verifiers[0].Name(), l.Stream), verifiers)
	if err != nil {
		return nil, fmt.Errorf("integrity: proof: %w", err)
	}
	if p.Index > math.MaxInt64 || int64(p.Index) >= at.N || !bytes.Equal(file, p.Marshal()) {
		return nil, errors.New("integrity: the proof has another form than proofs have")
	}
	path := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		path[i] = h
	}
	if err := tlog.CheckRecord(path, at.N, at.Hash, int64(p.Index), tlog.RecordHash(p.ExtraData)); err != nil {
		return nil, fmt.Errorf("integrity: the leaf does not stand in the signed tree: %w", err)
	}
	if e != nil {
		var room scratch
		if wrong, _ := room.differences(e, l, nil); len(wrong) > 0 || e.ID != l.ID {
			return nil, fmt.Errorf("integrity: the event differs from its proof in: %s", strings.Join(append(wrong, "its id")[:max(1, len(wrong))], ", "))
		}
	}
	return &Proof{Leaf: l, Index: int64(p.Index), Size: at.N}, nil
}
