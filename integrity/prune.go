package integrity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
)

// prunePrefix begins the entry of the root log that raises the minimum index of a tree.
const prunePrefix = "activitylog/prune/v1\n"

// pruneRecord tells that the entries of a tree below Min are gone.
type pruneRecord struct {
	_       struct{} `cbor:",toarray"`
	Version uint8
	Stream  [16]byte
	From    int64 // the minimum before
	Min     int64 // whole tiles
	At      int64 // microseconds since 1970, UTC
	Key     uint32
	Writers []prunedWriter // whose numbers went
}

// prunedWriter tells how many numbers of a writer went with the leaves.
type prunedWriter struct {
	_     struct{} `cbor:",toarray"`
	ID    [8]byte
	Count uint64
}

const (
	pruneStep    = 1 << 16 // most entries that go in one transaction
	pruneWriters = 128     // about as many writers as one entry of the root log tells of
)

// Prune lets go of the leaves at the beginning of an organization's tree whose rows a recorded purge removed, and of the
// tiles that have hashes of nothing else: it raises what C2SP tlog-tiles calls the minimum index, in whole tiles, up to
// the first row that is still there, and returns it. Everything from there on can be proved as before. Before anything
// goes, an audit.prune event tells what, done by the actor of ctx, and with it goes an entry of the root log that is
// signed. It may be repeated after an error.
func (s *Sealer) Prune(ctx context.Context, org string) (minimum int64, err error) {
	minimum, err = s.prune(ctx, org)
	if err != nil {
		return minimum, fmt.Errorf("integrity: prune: %w", err)
	}
	return minimum, nil
}

func (s *Sealer) prune(ctx context.Context, org string) (int64, error) {
	if _, err := s.Seal(ctx); err != nil {
		return 0, err
	}
	from, to, err := s.prunable(ctx, org)
	if err != nil || from == to {
		return from, err
	}
	_, err = s.log.Record(decision.With(ctx), activitylog.Event{
		Org: org, Action: decision.Prune, Targets: []activitylog.Target{{Type: "log range", ID: fmt.Sprintf("%d to %d", from, to-1)}},
		Metadata: map[string]any{"from": from, "minimum": to},
	})
	if err != nil {
		return from, fmt.Errorf("nothing was pruned, since it could not be recorded: %w", err)
	}
	if _, err := s.Seal(ctx); err != nil {
		return from, err
	}
	for from < to {
		s.sealing.Lock()
		var next int64
		err := s.space.Update(ctx, func(tx activitylog.SpaceTx) (err error) {
			next, err = s.pruneSome(tx, org, from, to)
			return err
		})
		s.sealing.Unlock()
		if err != nil {
			return from, err
		}
		from = next
	}
	return from, nil
}

// prunable returns the minimum index, and how far it can be raised.
func (s *Sealer) prunable(ctx context.Context, org string) (from, to int64, err error) {
	var allowed int64
	for first := true; ; first = false {
		var ids []uuid.UUID
		err := s.space.View(ctx, func(tx activitylog.SpaceTx) error {
			var number uint32
			ids = nil
			if known, err := s.keys.getRow(tx, orgKey(org), &number); err != nil || !known {
				return err
			}
			t, err := s.openTree(tx, number, org)
			if err != nil {
				return err
			}
			allowed = t.allowed()
			if first {
				from, to = t.Min, t.Min
			}
			if to+1<<tileHeight > t.Size {
				return nil
			}
			ids, err = idsOf(&live{tx: tx}, number, to)
			return err
		})
		if err != nil {
			return from, from, err
		}
		there := len(ids) == 0
		for _, err := range s.log.Org(org).Events(ctx, activitylog.Query{Filter: activitylog.IDIs(ids...), Limit: 1}) {
			if err != nil {
				return from, from, err
			}
			there = true
		}
		if there {
			break
		}
		to += 1 << tileHeight
	}
	if to > allowed {
		return from, from, fmt.Errorf("the rows of the first %d entries are gone, but recorded purges removed %d; verify the log", to, allowed)
	}
	return from, to, nil
}

// idsOf returns the events of one tile of entries.
func idsOf(src source, number uint32, from int64) (ids []uuid.UUID, err error) {
	for end := from + 1<<tileHeight; from < end; {
		page, err := src.entries(number, from, end)
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			x, err := parseEntry(b)
			if err != nil {
				return nil, err
			}
			ids = append(ids, x.id())
		}
		from += int64(len(page))
	}
	return ids, nil
}

// pruneSome prunes some entries in one transaction and returns how far it came.
func (s *Sealer) pruneSome(tx activitylog.SpaceTx, org string, from, to int64) (int64, error) {
	var h head
	var number uint32
	_, err := s.keys.getRow(tx, headKey, &h)
	if err == nil {
		_, err = s.keys.getRow(tx, orgKey(org), &number)
	}
	if err != nil {
		return from, err
	}
	root, err := s.openTree(tx, 0, "")
	if err != nil {
		return from, err
	}
	t, err := s.openTree(tx, number, org)
	if err != nil {
		return from, err
	}
	if t.Min != from {
		return from, errors.New("another process prunes the tree")
	}
	end, writers, err := s.goes(tx, number, t, to)
	if err != nil {
		return from, err
	}
	if err := remove(tx, number, from, end); err != nil {
		return from, err
	}
	t.Min = end
	if err := s.keys.putRow(tx, numberKey('s', number), t); err != nil {
		return from, err
	}
	now := max(s.opts.Now().UnixMicro(), root.Sealed)
	entry, err := appendRecord(nil, prunePrefix, &pruneRecord{
		Version: 1, Stream: t.Stream, From: from, Min: end, At: now, Key: s.keys.Signer.KeyHash(), Writers: writers,
	})
	if err != nil {
		return from, err
	}
	if err := s.extend(tx, 0, root, &orgBatch{entries: [][]byte{entry}}, now); err != nil {
		return from, err
	}
	h.Moves++
	h.Root = root.Size
	return end, s.keys.putRow(tx, headKey, &h)
}

// goes returns how far one step goes, and how many numbers of which writers go with it. The entries must be those that
// were signed.
func (s *Sealer) goes(tx activitylog.SpaceTx, number uint32, t *tree, to int64) (end int64, list []prunedWriter, err error) {
	src := &live{tx: tx}
	at := tlog.Tree{N: t.Size}
	copy(at.Hash[:], t.Hash)
	hashes := tlog.TileHashReader(at, &tiles{tx, number})
	writers := map[[8]byte]map[uint64]bool{}
	end = t.Min
	for end < min(to, t.Min+pruneStep) && (len(writers) < pruneWriters || end == t.Min) {
		var page [][]byte
		err := readAll(hashes, end, end+1<<tileHeight, func(index int64, h tlog.Hash) (err error) {
			if len(page) == 0 {
				if page, err = src.entries(number, index, t.Size); err != nil {
					return err
				}
			}
			b := page[0]
			page = page[1:]
			if tlog.RecordHash(b) != h {
				return damaged("entry %d is not the one that was signed", index)
			}
			if x, err := parseEntry(b); err == nil && x.leaf != nil && x.leaf.Number > 0 {
				w := writers[x.leaf.Writer]
				if w == nil {
					w = map[uint64]bool{}
					writers[x.leaf.Writer] = w
				}
				for _, n := range append(x.leaf.Void, x.leaf.Number) {
					w[n] = true
				}
			}
			return nil
		})
		if err != nil {
			return end, nil, err
		}
		end += 1 << tileHeight
	}
	for _, id := range slices.SortedFunc(maps.Keys(writers), func(a, b [8]byte) int { return slices.Compare(a[:], b[:]) }) {
		list = append(list, prunedWriter{ID: id, Count: uint64(len(writers[id]))})
	}
	return end, list, nil
}

// remove deletes the entries from one index to another, where their rows stood, and the tiles with no other hashes.
func remove(tx activitylog.SpaceTx, number uint32, from, to int64) error {
	var keys [][]byte
	for _, kind := range []byte("lp") {
		for p, err := range tx.Range(entryKey(kind, number, from), entryKey(kind, number, to)) {
			if err != nil {
				return err
			}
			keys = append(keys, p.Key)
		}
	}
	for level := 0; to>>(tileHeight*(level+1)) > 0; level++ {
		for n := from >> (tileHeight * (level + 1)); n < to>>(tileHeight*(level+1)); n++ {
			keys = append(keys, tileKey(number, tlog.Tile{L: level, N: n}))
		}
	}
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// pruned notes what the root log says of the beginning of a tree.
func (v *verification) pruned(byStream map[[16]byte]*treeCheck, p *pruneRecord) {
	t := byStream[p.Stream]
	if t == nil {
		v.unknownTree()
		return
	}
	if p.From != t.min || p.Min <= p.From || p.Min&(1<<tileHeight-1) != 0 || len(t.seals) == 0 || p.Min > t.seals[len(t.seals)-1].Size {
		v.tampered("root", t.tree.Org, "the root log prunes what it cannot")
		return
	}
	if t.min = p.Min; t.min <= t.from {
		return // the verification before counted them
	}
	t.straddled = t.straddled || p.From < t.from
	for _, w := range p.Writers {
		v.numbers.of(w.ID).pruned += w.Count
	}
}
