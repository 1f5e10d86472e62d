package integrity

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// evidenceTree is a tree of which a pack tells.
type evidenceTree struct {
	EvidenceTree
	number uint32
	tree   tree
	rows   map[[16]byte]int64 // index of each event; -1: not found yet
	page   [][]byte           // entries that were read last
	at     int64              // the first of them
}

// prove writes the part of a pack that comes out of the seals.
func (w *evidenceWriter) prove() error {
	for p, err := range w.src.tx.Range([]byte("s"), []byte("t")) {
		if err != nil {
			return err
		}
		var t tree
		if err := w.src.keys.openRow(p.Key, p.Value, &t); err != nil || len(p.Key) != 5 {
			return fmt.Errorf("what is known of a tree cannot be read; verify the log")
		}
		if numberOf(p.Key) == 0 || w.opts.Org != "" && t.Org != w.opts.Org {
			continue
		}
		x := w.trees[t.Org]
		if x == nil {
			x = &evidenceTree{rows: map[[16]byte]int64{}}
			w.trees[t.Org] = x
		}
		x.number, x.tree = numberOf(p.Key), t
		x.Org, x.Name = t.Org, streamName(t.Stream)
	}
	if err := w.inRoot(); err != nil {
		return fmt.Errorf("root log: %w", err)
	}
	order := map[string]int{}
	for _, org := range slices.Sorted(maps.Keys(w.trees)) {
		t := w.trees[org]
		if err := w.inTree(t); err != nil {
			return fmt.Errorf("organization %q: %w", org, err)
		}
		order[org] = len(w.m.Trees)
		w.m.Trees = append(w.m.Trees, t.EvidenceTree)
	}
	if err := w.lines(order); err != nil {
		return err
	}
	return w.finish()
}

// recorder passes tiles on and puts each into the pack.
type recorder struct {
	tiles
	save    func(tlog.Tile, []byte) error
	written map[tlog.Tile]bool
}

// newRecorder returns a reader of authenticated hashes of a tree, which records what it reads.
func (w *evidenceWriter) newRecorder(number uint32, folder string, at tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(at, &recorder{tiles: tiles{w.src.tx, number}, written: map[tlog.Tile]bool{}, save: func(t tlog.Tile, b []byte) error {
		return w.file(folder+"/"+tilePath(t), b)
	}})
}

// ReadTiles implements tlog.TileReader.
func (r *recorder) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data, err := r.tiles.ReadTiles(list)
	if err != nil {
		return nil, err
	}
	for i, t := range list {
		if !r.written[t] {
			r.written[t] = true
			if err := r.save(t, data[i]); err != nil {
				return nil, err
			}
		}
	}
	return data, nil
}

// signed opens a checkpoint and puts it into the pack.
func (w *evidenceWriter) signed(number uint32, folder, origin string) (tlog.Tree, error) {
	b, err := w.src.checkpoint(number)
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(b) == 0 {
		return tlog.Tree{}, ErrNotSealed
	}
	at, _, err := openCheckpoint(b, origin, w.opts.Verifiers)
	if err != nil {
		return at, err
	}
	return at, w.file(folder+"/checkpoint", b)
}

// inRoot finds in the root log what tells of the newest checkpoints and of keys, and writes the hashes that prove it.
func (w *evidenceWriter) inRoot() error {
	at, err := w.signed(0, rootFolder, w.m.Origin)
	if err != nil {
		return err
	}
	byStream := map[[16]byte]*evidenceTree{}
	for _, t := range w.trees {
		byStream[t.tree.Stream] = t
	}
	for index := int64(0); index < at.N; {
		page, err := w.src.entries(0, index, at.N)
		if err != nil {
			return err
		}
		for _, b := range page {
			r, err := parseRootEntry(b)
			if err != nil {
				return err
			}
			switch {
			case r.next != nil:
				w.m.Keys = append(w.m.Keys, EvidenceRoot{index, b})
			case r.seal != nil && byStream[r.seal.Stream] != nil:
				byStream[r.seal.Stream].Seal = EvidenceRoot{index, b}
			}
			index++
		}
	}
	hashes := w.newRecorder(0, rootFolder, at)
	var prove []int64
	for _, x := range w.m.Keys {
		prove = append(prove, tlog.StoredHashIndex(0, x.Index))
	}
	for _, t := range w.trees {
		prove = append(prove, tlog.StoredHashIndex(0, t.Seal.Index))
	}
	if _, err := hashes.ReadHashes(prove); err != nil {
		return err
	}
	for _, b := range w.opts.Anchors {
		anchored, _, err := openCheckpoint(b, w.m.Origin, w.opts.Verifiers)
		if err != nil {
			return fmt.Errorf("a checkpoint that was kept elsewhere: %w", err)
		}
		if anchored.N > at.N {
			return fmt.Errorf("a checkpoint that was kept elsewhere tells of %d entries, and there are %d: verify the log", anchored.N, at.N)
		}
		if hash, err := tlog.TreeHash(anchored.N, hashes); err != nil || hash != anchored.Hash {
			return fmt.Errorf("a checkpoint that was kept elsewhere is not one of this log: verify it (%w)", err)
		}
	}
	return w.receipts(hashes)
}

// receipts writes the newest receipt of each anchor, and the hashes that lead to it.
func (w *evidenceWriter) receipts(hashes tlog.HashReader) error {
	newest := map[string]*receiptLine{}
	err := w.src.receipts(func(r *receiptLine) error {
		newest[r.Anchor] = r
		return nil
	})
	if err != nil {
		return err
	}
	var out receiptsOut
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		r := newest[name]
		size, err := sizeIn(r.Checkpoint)
		if err == nil {
			_, err = tlog.TreeHash(size, hashes)
		}
		if err == nil {
			err = out.add(r)
		}
		if err != nil {
			return fmt.Errorf("the newest receipt of anchor %q does not fit the log: verify it (%w)", name, err)
		}
	}
	if w.m.Receipts = out.count; out.count == 0 {
		return nil
	}
	return w.file(receiptsName, out.text)
}

// inTree finds the entries of the events, and writes the hashes of all in the range that is covered.
func (w *evidenceWriter) inTree(t *evidenceTree) error {
	folder := treesFolder + t.Name
	if t.number == 0 {
		return fmt.Errorf("%w: nothing of the organization is", ErrNotSealed)
	}
	at, err := w.signed(t.number, folder, streamOrigin(w.m.Origin, t.tree.Stream))
	if err != nil {
		return err
	}
	for index := t.tree.Min; index < at.N; {
		page, err := w.src.entries(t.number, index, at.N)
		if err != nil {
			return err
		}
		for _, b := range page {
			x, err := parseEntry(b)
			if err != nil {
				return err
			}
			_, ours := t.rows[x.id()]
			if ours {
				t.rows[x.id()] = index
				t.Rows++
			}
			if ours || w.inWindow(&x) {
				if t.End == 0 {
					t.First = index
				}
				t.End = index + 1
			}
			index++
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
	}
	if missing := int64(len(t.rows)) - t.Rows; missing > 0 {
		return fmt.Errorf("%w: %d of the events are not", ErrNotSealed, missing)
	}
	return readAll(w.newRecorder(t.number, folder, at), t.First, t.End, nil)
}

// inWindow tells whether an entry lies in the time that the filter means.
func (w *evidenceWriter) inWindow(x *entry) bool {
	at := micro(x.recorded())
	if x.leaf != nil {
		at = micro(x.leaf.Time)
	}
	return (w.m.From == nil || !at.Before(*w.m.From)) && (w.m.To == nil || at.Before(*w.m.To))
}

// readAll reads the hashes of entries, some at a time, and calls f with each.
func readAll(hashes tlog.HashReader, first, end int64, f func(index int64, h tlog.Hash) error) error {
	for first < end {
		var ask []int64
		for next := min(end, (first>>tileHeight+1)<<tileHeight); first+int64(len(ask)) < next; {
			ask = append(ask, tlog.StoredHashIndex(0, first+int64(len(ask))))
		}
		list, err := hashes.ReadHashes(ask)
		if err != nil {
			return err
		}
		for i, h := range list {
			if f == nil {
				break
			}
			if err := f(first+int64(i), h); err != nil {
				return err
			}
		}
		first += int64(len(ask))
	}
	return nil
}

// lines tells of each event where it stands in which tree.
func (w *evidenceWriter) lines(order map[string]int) error {
	f, err := w.to.Create(proofsName)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 64<<10)
	for _, row := range w.rows {
		t := w.trees[row.org]
		index := t.rows[row.id]
		entry, err := w.entry(t, index)
		if err != nil {
			return err
		}
		w.m.Hidden = w.m.Hidden || row.bare && strings.HasPrefix(string(entry), leafPrefix)
		line, err := json.Marshal(provedLine{order[row.org], index, entry})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// entry returns an entry. The next one that is asked for is often near.
func (w *evidenceWriter) entry(t *evidenceTree, index int64) ([]byte, error) {
	if i := index - t.at; i >= 0 && i < int64(len(t.page)) {
		return t.page[i], nil
	}
	t.at = index >> tileHeight << tileHeight
	var err error
	if t.page, err = w.src.entries(t.number, max(t.at, t.tree.Min), t.tree.Size); err != nil {
		return nil, err
	}
	if t.at = max(t.at, t.tree.Min); index-t.at >= int64(len(t.page)) {
		t.at = index
		if t.page, err = w.src.entries(t.number, index, t.tree.Size); err != nil {
			return nil, err
		}
	}
	return t.page[index-t.at], nil
}
