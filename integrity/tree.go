package integrity

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is that of C2SP tiles: 256 hashes.
const tileHeight = 8

// tiles reads the tiles of one tree from the space, for tlog.TileHashReader, which authenticates them.
type tiles struct {
	tx     getter
	number uint32
}

func (t *tiles) Height() int                     { return tileHeight }
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(list))
	for i, tile := range list {
		b, ok, err := t.tx.Get(tileKey(t.number, tile))
		if err != nil {
			return nil, err
		}
		if want := tile.W * tlog.HashSize; !ok || len(b) < want {
			return nil, fmt.Errorf("tile %s is missing or too short", tile.Path())
		} else {
			data[i] = b[:want]
		}
	}
	return data, nil
}

// growth is a tree to which entries are appended: the old one in tiles, and hashes that are new.
type growth struct {
	old   int64
	size  int64
	tiles tlog.HashReader     // nil: the old tree is empty
	left  map[int64]tlog.Hash // of the old tree, by their index: what was known before
	read  map[int64]tlog.Hash // and what was read since
	first int64               // index of the first new hash
	fresh []tlog.Hash
}

// grow begins to append to a tree of which some hashes are known, by their index.
func grow(tx getter, number uint32, old tlog.Tree, known map[int64]tlog.Hash, entries int) *growth {
	g := &growth{
		old: old.N, size: old.N, left: known, read: map[int64]tlog.Hash{},
		first: tlog.StoredHashIndex(0, old.N), fresh: make([]tlog.Hash, 0, 2*entries+64),
	}
	if old.N > 0 {
		g.tiles = tlog.TileHashReader(old, &tiles{tx, number})
	}
	return g
}

// ReadHashes implements tlog.HashReader.
func (g *growth) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	var ask []int64
	var at []int
	for i, ix := range indexes {
		if h, ok := g.known(ix); ok {
			hashes[i] = h
		} else {
			ask, at = append(ask, ix), append(at, i)
		}
	}
	if len(ask) == 0 {
		return hashes, nil
	}
	if g.tiles == nil {
		return nil, errors.New("a hash of an empty tree")
	}
	read, err := g.tiles.ReadHashes(ask)
	if err != nil {
		return nil, err
	}
	for i, h := range read {
		hashes[at[i]] = h
		g.read[ask[i]] = h
	}
	return hashes, nil
}

func (g *growth) known(ix int64) (tlog.Hash, bool) {
	if n := ix - g.first; n >= 0 && n < int64(len(g.fresh)) {
		return g.fresh[n], true
	}
	if h, ok := g.left[ix]; ok {
		return h, true
	}
	h, ok := g.read[ix]
	return h, ok
}

// edge is what is known of the tiles at the right edge: with all of their hashes, the tree grows without reading.
func (g *growth) edge() map[int64]tlog.Hash {
	edge := map[int64]tlog.Hash{}
	for level := 0; g.size>>level > 0; level++ {
		base := level / tileHeight * tileHeight // of the tiles that this level is in
		from := g.size >> base >> tileHeight << tileHeight >> (level - base)
		for n := from; n < g.size>>level; n++ {
			ix := tlog.StoredHashIndex(level, n)
			if h, ok := g.known(ix); ok {
				edge[ix] = h
			}
		}
	}
	return edge
}

func (g *growth) append(entry []byte) error {
	hashes, err := tlog.StoredHashesForRecordHash(g.size, tlog.RecordHash(entry), g)
	if err != nil {
		return err
	}
	g.fresh = append(g.fresh, hashes...)
	g.size++
	return nil
}

func (g *growth) root() (tlog.Hash, error) { return tlog.TreeHash(g.size, g) }

// save writes the tiles that changed.
func (g *growth) save(tx putter, number uint32) error {
	for _, t := range tlog.NewTiles(tileHeight, g.old, g.size) {
		data, err := tlog.ReadTileData(t, g)
		if err != nil {
			return err
		}
		if err := tx.Put(tileKey(number, t), data); err != nil {
			return err
		}
	}
	return nil
}

// frontier recomputes a tree from its entries alone and remembers no more than the newest hash of each level.
type frontier struct {
	size int64
	last [64]tlog.Hash
}

// ReadHashes implements tlog.HashReader for what the frontier knows, which is what appending and the root need.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, ix := range indexes {
		level, n := tlog.SplitStoredHashIndex(ix)
		if n != f.size>>level-1 {
			return nil, fmt.Errorf("the frontier of %d entries does not hold hash %d of level %d", f.size, n, level)
		}
		hashes[i] = f.last[level]
	}
	return hashes, nil
}

// append returns the hashes that came to be, one of each level from 0.
func (f *frontier) append(h tlog.Hash) ([]tlog.Hash, error) {
	hashes, err := tlog.StoredHashesForRecordHash(f.size, h, f)
	if err != nil {
		return nil, err
	}
	copy(f.last[:], hashes)
	f.size++
	return hashes, nil
}

func (f *frontier) root() (tlog.Hash, error) { return tlog.TreeHash(f.size, f) }
