package integrity

import (
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// evidenceTreeCheck is the verification of what a pack has of a tree.
type evidenceTreeCheck struct {
	stream [16]byte
	hashes tlog.HashReader // of the signed tree; nil: it cannot be believed
	first  int64           // covered
	end    int64
	sealed time.Time
	page   []tlog.Hash                             // of the entries that were asked for last
	from   int64                                   // the first of them
	seen   map[int64]*[1 << tileHeight / 64]uint64 // indexes of events
	rows   int64
}

// tree checks the checkpoint of a tree against the root log, and that all hashes of the covered range lead to it.
func (v *evidenceCheck) tree(t *EvidenceTree, x *evidenceTreeCheck, root tlog.HashReader) error {
	folder := treesFolder + t.Name
	at, _, ok, err := v.signed(folder, streamOrigin(v.m.Origin, x.stream), t.Org)
	if err != nil || !ok {
		return err
	}
	rootSize, err := sizeIn([]byte(v.report.Root))
	if err != nil {
		return err
	}
	told, err := holds(root, rootSize, t.Seal.Index, t.Seal.Entry)
	if err != nil {
		return err
	}
	r, err := parseRootEntry(t.Seal.Entry)
	if !told || err != nil || r.seal == nil || r.seal.Stream != x.stream || r.seal.Size != at.N || r.seal.Hash != at.Hash {
		v.tampered("root", t.Org, "the checkpoint of the tree is not the one that the root log tells of")
		return nil
	}
	if t.End > at.N {
		v.tampered("entry", t.Org, "the pack covers %d entries of a tree of %d", t.End, at.N)
		return nil
	}
	if x.sealed = micro(r.seal.At); x.sealed.After(v.report.AsOf) {
		v.report.AsOf = x.sealed
	}
	hashes := tlog.TileHashReader(at, &fileTiles{v.files, folder})
	err = readAll(hashes, t.First, t.End, func(int64, tlog.Hash) error { return v.ctx.Err() })
	if errors.Is(err, ErrBundle) || v.ctx.Err() != nil {
		return err
	}
	if err != nil {
		v.tampered("tile", t.Org, "the hashes of the covered entries do not lead to the signed root")
		return nil
	}
	x.hashes = hashes
	return nil
}

// hash returns the hash of a covered entry. Events that follow each other are often near each other in their tree.
func (x *evidenceTreeCheck) hash(index int64) (tlog.Hash, error) {
	if i := index - x.from; i >= 0 && i < int64(len(x.page)) {
		return x.page[i], nil
	}
	x.from, x.page = max(x.first, index>>tileHeight<<tileHeight), x.page[:0]
	err := readAll(x.hashes, x.from, min(x.end, (index>>tileHeight+1)<<tileHeight), func(_ int64, h tlog.Hash) error {
		x.page = append(x.page, h)
		return nil
	})
	if err != nil {
		return tlog.Hash{}, err
	}
	return x.page[index-x.from], nil
}

// mark notes that an event of the entry was seen, and tells whether one was before.
func (x *evidenceTreeCheck) mark(index int64) (twice bool) {
	n, bit := index>>tileHeight, index&(1<<tileHeight-1)
	if x.seen[n] == nil {
		x.seen[n] = &[1 << tileHeight / 64]uint64{}
	}
	word, mask := &x.seen[n][bit/64], uint64(1)<<(bit%64)
	if twice = *word&mask != 0; !twice {
		x.rows++
	}
	*word |= mask
	return twice
}
