package integrity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/activitylog/activitylog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// errMoved means that another sealer sealed meanwhile.
var errMoved = errors.New("the seals moved")

// step seals one batch and tells how large it was and whether more may wait. An error may leave open whether it was
// sealed; the next step finds out.
func (s *Sealer) step(ctx context.Context) (sealed int, more bool, err error) {
	at, err := s.where(ctx)
	if err != nil {
		return 0, false, err
	}
	b := batch{macs: s.keys.macs(), orgs: map[string]*orgBatch{}}
	next, err := s.tail(ctx, at.head.Position, b.add)
	if err != nil || b.size == 0 && !s.silent(&at.root, s.opts.Now().UnixMicro()) {
		return 0, false, err
	}
	if err := s.open(ctx, b.odd); err != nil {
		return 0, false, err
	}
	for i := range b.odd {
		if err := s.look(ctx, &b.odd[i]); err != nil {
			return 0, false, err
		}
	}
	s.at = nil
	var now *sealerAt
	var d draft
	err = s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		d = draft{below: tx, at: map[string]int{}}
		now, err = s.write(&d, at, next, b.orgs)
		return err
	})
	if err == nil && len(d.puts) > 0 {
		err = s.space.Update(ctx, func(tx activitylog.SpaceTx) error {
			if err := s.unmoved(tx, at.head); err != nil {
				return err
			}
			return d.putTo(tx)
		})
	}
	if err != nil {
		return 0, false, err
	}
	s.at = now
	return b.size, b.size == s.opts.Batch, nil
}

// unmoved fails if the seals are no longer where they were: whatever changes a tree moves the head.
func (s *Sealer) unmoved(tx getter, was head) error {
	var h head
	if _, err := s.keys.getRow(tx, headKey, &h); err != nil {
		return err
	}
	if h != was {
		return errMoved
	}
	return nil
}

// sealerAt is where the sealers of a log are.
type sealerAt struct {
	head head
	root tree
	// left are trees of the last batch as this sealer left them, and then the root is too: to read and check them again
	// would cost a tenth of the next seal. They hold as long as the head has not moved.
	left map[string]leftTree
}

type leftTree struct {
	number uint32
	tree   tree
}

// worthKeeping is how many entries a batch adds to a tree that is kept for the next one, with up to 50 KB of hashes.
const worthKeeping = 16

// where tells where the sealers are, as this one left it or as the store has it. If another one went on meanwhile, that
// comes out when this one writes.
func (s *Sealer) where(ctx context.Context) (*sealerAt, error) {
	if s.at != nil {
		return s.at, nil
	}
	var at *sealerAt
	err := s.space.View(ctx, func(tx activitylog.SpaceTx) error {
		at = &sealerAt{}
		if _, err := s.keys.getRow(tx, headKey, &at.head); err != nil {
			return err
		}
		_, err := s.keys.getRow(tx, numberKey('s', 0), &at.root)
		return err
	})
	return at, err
}

func (s *Sealer) silent(root *tree, now int64) bool {
	return root.Size == 0 || now-root.Sealed >= s.opts.Beat.Microseconds()
}

// write drafts the seals of a batch, if the head is still where it was, and returns where it is then.
func (s *Sealer) write(tx *draft, was *sealerAt, next activitylog.Position, batches map[string]*orgBatch) (*sealerAt, error) {
	if err := s.unmoved(tx, was.head); err != nil {
		return nil, err
	}
	at := &sealerAt{head: was.head, root: was.root, left: map[string]leftTree{}}
	h, root := &at.head, &at.root
	if was.left == nil {
		read, err := s.openTree(tx, 0, "")
		if err != nil {
			return nil, err
		}
		*root = *read
	}
	if h.Version == 0 {
		h.Version, h.Streams = 1, 1
	}
	if h.Root != root.Size {
		return nil, fmt.Errorf("the place of the sealer is not that of the newest seal: %w", errRow)
	}
	now := max(s.opts.Now().UnixMicro(), root.Sealed) // the time of the root log never goes back
	var records [][]byte
	for _, org := range slices.Sorted(maps.Keys(batches)) {
		l, r, err := s.writeOrg(tx, h, was.left[org], org, batches[org], now)
		if err != nil {
			return nil, fmt.Errorf("tree of organization %q: %w", org, err)
		}
		records = append(records, r)
		if len(batches[org].entries) >= worthKeeping {
			at.left[org] = l
		}
	}
	if len(records) == 0 {
		if !s.silent(root, now) {
			return at, nil
		}
		r, err := appendRecord(nil, beatPrefix, &beatRecord{Version: 1, At: now, Key: s.keys.Signer.KeyHash()})
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	if err := s.extend(tx, 0, root, &orgBatch{entries: records}, now); err != nil {
		return nil, fmt.Errorf("root log: %w", err)
	}
	h.Moves++
	h.Position, h.Root = next, root.Size
	return at, s.keys.putRow(tx, headKey, h)
}

// openOrg reads the tree of an organization, which gets a number if it is new.
func (s *Sealer) openOrg(tx *draft, h *head, org string) (l leftTree, err error) {
	known, err := s.keys.getRow(tx, orgKey(org), &l.number)
	if err != nil {
		return l, err
	}
	if !known {
		l.number = h.Streams
		h.Streams++
		if err := s.keys.putRow(tx, orgKey(org), &l.number); err != nil {
			return l, err
		}
	}
	t, err := s.openTree(tx, l.number, org)
	if err != nil {
		return l, err
	}
	l.tree = *t
	return l, nil
}

// writeOrg adds a batch to the tree of an organization, as it was left or else as it is read, and returns how it leaves
// it and what the root log is told.
func (s *Sealer) writeOrg(tx *draft, h *head, l leftTree, org string, b *orgBatch, now int64) (leftTree, []byte, error) {
	if l.number == 0 {
		var err error
		if l, err = s.openOrg(tx, h, org); err != nil {
			return l, nil, err
		}
	}
	t := &l.tree
	t.Purging = slices.Clone(t.Purging) // the draft may be worked out again
	for _, p := range b.purges {
		t.purge(p)
	}
	before := t.Size
	if err := s.extend(tx, l.number, t, b, now); err != nil {
		return l, nil, err
	}
	r, err := appendRecord(nil, sealPrefix, &sealRecord{
		Version: 1, Stream: t.Stream, Size: t.Size, Hash: tlog.Hash(t.Hash), Previous: before, At: now,
		Key: s.keys.Signer.KeyHash(), Min: t.Min, Gone: t.allowed(),
	})
	return l, r, err
}

// openTree reads what is known of a tree and compares it with what was signed.
func (s *Sealer) openTree(tx getter, number uint32, org string) (*tree, error) {
	var t tree
	known, err := s.keys.getRow(tx, numberKey('s', number), &t)
	if err != nil {
		return nil, err
	}
	checkpoint, signed, err := tx.Get(numberKey('c', number))
	if err != nil {
		return nil, err
	}
	if !known && !signed {
		t = tree{Org: org, Hash: []byte{}, Purging: []purging{}}
		if number != 0 {
			t.Stream = s.keys.stream(org)
		}
		return &t, nil
	}
	at, _, err := openCheckpoint(checkpoint, s.keys.origin(number, t.Stream), s.keys.Verifiers)
	if err != nil {
		return nil, err
	}
	if at.N != t.Size || string(at.Hash[:]) != string(t.Hash) || t.Org != org {
		return nil, fmt.Errorf("its state is not the one that was signed: %w", errRow)
	}
	return &t, nil
}

// extend appends entries to a tree, saves it and signs its new root.
func (s *Sealer) extend(tx getPutter, number uint32, t *tree, b *orgBatch, now int64) error {
	return s.extendAs(tx, s.keys.Signer, number, t, b, now)
}

func (s *Sealer) extendAs(tx getPutter, signer note.Signer, number uint32, t *tree, b *orgBatch, now int64) error {
	old := tlog.Tree{N: t.Size}
	copy(old.Hash[:], t.Hash)
	g := grow(tx, number, old, t.edge, len(b.entries))
	var segment []byte
	from := 0
	for i, e := range b.entries {
		if err := g.append(e); err != nil {
			return err
		}
		segment = appendSegment(segment, e)
		if i < len(b.entries)-1 && g.size%segmentSize != 0 {
			continue
		}
		if err := tx.Put(segmentKey(number, g.size-1), segment); err != nil {
			return err
		}
		if number != 0 {
			places := b.places[from*placeSize : (i+1)*placeSize]
			if err := s.keys.putRow(tx, placesKey(number, g.size-1), &places); err != nil {
				return err
			}
		}
		segment, from = segment[:0], i+1
	}
	if err := g.save(tx, number); err != nil {
		return err
	}
	root, err := g.root()
	if err != nil {
		return err
	}
	t.Size, t.Hash, t.Sealed, t.edge = g.size, root[:], now, g.edge()
	if err := s.keys.putRow(tx, numberKey('s', number), t); err != nil {
		return err
	}
	signed, err := signCheckpoint(signer, s.keys.origin(number, t.Stream), t.Size, root)
	if err != nil {
		return err
	}
	return tx.Put(numberKey('c', number), signed)
}

// origin is the first line of the checkpoints of a tree.
func (k *Keys) origin(number uint32, stream [16]byte) string {
	if number == 0 {
		return k.Signer.Name()
	}
	return streamOrigin(k.Signer.Name(), stream)
}
