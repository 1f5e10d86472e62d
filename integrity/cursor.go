package integrity

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"golang.org/x/mod/sumdb/tlog"
)

// cursor walks through the entries of one tree and recomputes it.
type cursor struct {
	tx     activitylog.SpaceTx
	number uint32
	size   int64 // entries that there should be
	f      frontier
	tiles  [][]byte // the tile under way of each level
	whole  int64    // tiles that were compared
	page   [][]byte
	keys   *WriterKeys // nil: places are not read
	places []byte      // of the page
	place  [placeSize]byte
	wrong  func(what string) // is told of tiles that differ
}

// pageSize is how many entries a cursor reads ahead. There may be as many cursors as organizations.
const pageSize = 256

// next returns the next entry and its index. At the end it returns nil. The place of its row is in place.
func (c *cursor) next() (entry []byte, index int64, err error) {
	index = c.f.size
	if index == c.size {
		return nil, index, nil
	}
	if len(c.page) == 0 {
		if err := c.read(); err != nil {
			return nil, index, err
		}
	}
	entry, c.page = c.page[0], c.page[1:]
	if len(c.places) > 0 {
		c.place, c.places = [placeSize]byte(c.places), c.places[placeSize:]
	}
	hashes, err := c.f.append(tlog.RecordHash(entry))
	if err != nil {
		return nil, index, err
	}
	return entry, index, c.fold(hashes, index)
}

// damagedError is a tree that cannot be read on.
type damagedError struct{ what string }

func (e *damagedError) Error() string { return e.what }

func damaged(format string, args ...any) error { return &damagedError{fmt.Sprintf(format, args...)} }

// read reads the next entries.
func (c *cursor) read() error {
	at := c.f.size
	for p, err := range c.tx.Range(segmentKey(c.number, at), segmentKey(c.number, min(at+pageSize, c.size))) {
		if err != nil {
			return err
		}
		entries, err := splitSegment(p.Value)
		if err != nil {
			return damaged("%v", err)
		}
		if at += int64(len(entries)); !bytes.Equal(p.Key, segmentKey(c.number, at-1)) {
			return damaged("entries from %d on are missing", c.f.size)
		}
		c.page = append(c.page, entries...)
		if c.keys == nil || c.number == 0 {
			continue
		}
		if err := c.readPlaces(at-1, len(entries)); err != nil {
			return err
		}
	}
	if len(c.page) == 0 {
		return damaged("entries from %d on are missing", c.f.size)
	}
	return nil
}

// readPlaces reads where the rows of a segment stood.
func (c *cursor) readPlaces(last int64, n int) error {
	var places []byte
	ok, err := c.keys.getRow(c.tx, placesKey(c.number, last), &places)
	if errors.Is(err, errRow) || err == nil && (!ok || len(places) != n*placeSize) {
		return damaged("where the rows up to entry %d stood cannot be believed", last)
	}
	c.places = append(c.places, places...)
	return err
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
	b, ok, err := c.tx.Get(tileKey(c.number, tlog.Tile{L: level, N: n}))
	if err != nil {
		return err
	}
	if !ok || !bytes.Equal(b, c.tiles[level]) {
		c.wrong(fmt.Sprintf("tile %d of level %d is not made of the entries below it", n, level))
	}
	return nil
}

// end compares the tiles at the right edge and looks for rows that should not be there.
func (c *cursor) end() error {
	for l, t := range c.tiles {
		if len(t) > 0 {
			if err := c.compare(l, c.f.size>>(tileHeight*(l+1))); err != nil {
				return err
			}
		}
	}
	var tiles int64
	prefix := numberKey('t', c.number)
	for _, err := range c.tx.Range(prefix, behind(prefix)) {
		if err != nil {
			return err
		}
		tiles++
	}
	if tiles != c.whole {
		c.wrong(fmt.Sprintf("there are %d tiles where there should be %d", tiles, c.whole))
	}
	for _, err := range c.tx.Range(segmentKey(c.number, c.size), behind(numberKey('l', c.number))) {
		if err != nil {
			return err
		}
		c.wrong("there are entries behind the signed end")
		break
	}
	return nil
}
