package integrity

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// cursor walks through the entries of one tree and recomputes it.
type cursor struct {
	src    source
	live   *live // nil: there are no tiles to be compared and no places
	number uint32
	min    int64 // entries below it were pruned
	size   int64 // entries that there should be
	f      frontier
	tiles  [][]byte // the tile under way of each level
	whole  int64    // tiles that were compared
	page   [][]byte
	places []byte // of the page
	place  [placeSize]byte
	wrong  func(what string) // is told of tiles that differ
}

// newCursor returns a cursor in front of the first entry.
func newCursor(src source, number uint32, size int64, wrong func(what string)) *cursor {
	c := &cursor{src: src, number: number, size: size, wrong: wrong}
	c.live, _ = src.(*live)
	return c
}

// start goes to an entry without those before it. What stands in tiles for them is believed until a root is compared.
func (c *cursor) start(index int64) error {
	c.f, c.tiles = frontier{size: index}, nil
	for l := 0; index>>(l*tileHeight) > 0; l++ {
		below := index >> (l * tileHeight) // hashes of the lowest level of the tile
		t := tlog.Tile{H: tileHeight, L: l, N: below >> tileHeight, W: int(below & (1<<tileHeight - 1))}
		var data []byte
		if t.W > 0 {
			b, err := c.src.tile(c.number, tileOf(c.size, l, t.N))
			if err != nil {
				return err
			}
			if len(b) < t.W*tlog.HashSize {
				return damaged("tile %d of level %d is missing or too short", t.N, l)
			}
			data = bytes.Clone(b[:t.W*tlog.HashSize])
		}
		c.tiles = append(c.tiles, data)
		for level := l * tileHeight; level < (l+1)*tileHeight; level++ {
			if index>>level&1 == 0 {
				continue
			}
			h, err := tlog.HashFromTile(t, data, tlog.StoredHashIndex(level, index>>level-1))
			if err != nil {
				return err
			}
			c.f.last[level] = h
		}
	}
	return nil
}

// tileOf is a tile as it is in a tree of some size.
func tileOf(size int64, level int, n int64) tlog.Tile {
	w := size>>(level*tileHeight) - n<<tileHeight
	return tlog.Tile{H: tileHeight, L: level, N: n, W: int(max(0, min(w, 1<<tileHeight)))}
}

// next returns the next entry and its index. At the end it returns nil. The place of its row is in place.
func (c *cursor) next() (entry []byte, index int64, err error) {
	index = c.f.size
	if index == c.size {
		return nil, index, nil
	}
	if len(c.page) == 0 {
		if c.page, err = c.src.entries(c.number, index, c.size); err != nil {
			return nil, index, err
		}
		if c.live != nil && c.live.keys != nil && c.number != 0 {
			if c.places, err = c.live.places(c.number, index, len(c.page)); err != nil {
				return nil, index, err
			}
		}
	}
	entry, c.page = c.page[0], c.page[1:]
	if len(c.places) > 0 {
		c.place, c.places = [placeSize]byte(c.places), c.places[placeSize:]
	}
	hashes, err := c.f.append(tlog.RecordHash(entry))
	if err != nil || c.live == nil {
		return entry, index, err
	}
	return entry, index, c.fold(hashes, index)
}

// fold puts new hashes into their tiles and compares those that are full.
func (c *cursor) fold(hashes []tlog.Hash, index int64) error {
	for level := 0; level < len(hashes); level += tileHeight {
		l := level / tileHeight
		if len(c.tiles) == l {
			c.tiles = append(c.tiles, nil)
		}
		c.tiles[l] = append(c.tiles[l], hashes[level][:]...)
		if len(c.tiles[l]) == tlog.HashSize<<tileHeight {
			if err := c.compare(l, index>>(level+tileHeight)); err != nil {
				return err
			}
			c.tiles[l] = c.tiles[l][:0]
		}
	}
	return nil
}

func (c *cursor) compare(level int, n int64) error {
	c.whole++
	b, err := c.live.tile(c.number, tlog.Tile{L: level, N: n})
	if err != nil {
		return err
	}
	if !bytes.Equal(b, c.tiles[level]) {
		c.wrong(fmt.Sprintf("tile %d of level %d is not made of the entries below it", n, level))
	}
	return nil
}

// end compares the tiles at the right edge and looks for rows that should not be there. from is where the cursor
// started: whole tiles before it were not read.
func (c *cursor) end(from int64) error {
	if c.live == nil {
		return nil
	}
	for l, t := range c.tiles {
		if len(t) > 0 {
			if err := c.compare(l, c.f.size>>(tileHeight*(l+1))); err != nil {
				return err
			}
		}
	}
	return c.live.leftOver(c, from)
}
