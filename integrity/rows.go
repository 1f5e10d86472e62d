package integrity

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
)

// spaceName is the space in which the sealed state lies. Its keys are
//
//	h                 the head: where the sealer is
//	o ORG             the number of an organization's tree
//	s NUMBER          what is known of a tree; number 0 is the root log
//	c NUMBER          its newest checkpoint, a signed note
//	l NUMBER LAST     a segment: entries up to index LAST, as in the entry bundles of C2SP tiles
//	p NUMBER LAST     where the rows of a segment stood in the order of the log, 8 bytes of a hash for each
//	t NUMBER LEVEL N  a tile of 256 hashes, or less at the right edge
const spaceName = "activitylog/seal"

var headKey = []byte("h")

func orgKey(org string) []byte { return append([]byte("o"), org...) }

func numberKey(kind byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kind}, number)
}

func segmentKey(number uint32, last int64) []byte { return entryKey('l', number, last) }

func placesKey(number uint32, last int64) []byte { return entryKey('p', number, last) }

// entryKey is the key of what is kept of entries up to an index.
func entryKey(kind byte, number uint32, last int64) []byte {
	return binary.BigEndian.AppendUint64(numberKey(kind, number), uint64(last))
}

// placeOf is what is kept of a position, so that a row cannot be moved to where followers have passed already.
func placeOf(p activitylog.Position) [placeSize]byte {
	sum := sha256.Sum256([]byte(p))
	return [placeSize]byte(sum[:])
}

const placeSize = 8

func tileKey(number uint32, t tlog.Tile) []byte {
	return binary.BigEndian.AppendUint64(append(numberKey('t', number), byte(t.L)), uint64(t.N))
}

// behind is the first key that does not begin with prefix.
func behind(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// head is where the sealer is. It moves in the transaction that writes the seals.
type head struct {
	_        struct{} `cbor:",toarray"`
	Version  uint8
	Moves    uint64 // how often it moved
	Position activitylog.Position
	Streams  uint32 // numbers given, the root log among them
	Root     int64  // size of the root log, so that an older head is known by it
}

// tree is what is known of one tree besides what is signed.
type tree struct {
	_       struct{} `cbor:",toarray"`
	Stream  [16]byte
	Org     string
	Size    int64
	Hash    []byte // of the root
	Min     int64  // entries below it may be gone
	Sealed  int64  // when, in microseconds
	Gone    int64  // rows that purges which are over removed
	Purging []purging

	edge map[int64]tlog.Hash // what is known of its hashes where it grows; not stored
}

// purging is a purge that has not told how it ended.
type purging struct {
	_       struct{} `cbor:",toarray"`
	ID      uuid.UUID
	Planned int64
}

// allowed is how many rows may be gone.
func (t *tree) allowed() int64 {
	n := t.Gone
	for _, p := range t.Purging {
		n += p.Planned
	}
	return n
}

var errRow = errors.New("it was changed from outside")

// getRow reads a record that putRow wrote.
func (k *WriterKeys) getRow(tx getter, key []byte, v any) (bool, error) {
	b, ok, err := tx.Get(key)
	if err != nil || !ok {
		return false, err
	}
	if err := k.openRow(key, b, v); err != nil {
		return false, fmt.Errorf("row %x of the seals: %w", key, err)
	}
	return true, nil
}

// openRow reads it from its bytes. Without keys it is not known who wrote it.
func (k *WriterKeys) openRow(key, b []byte, v any) error {
	body, mac, ok := splitMAC(b)
	if !ok || k != nil && !equalMAC(mac, k.mac("state", key, body)) {
		return errRow
	}
	return parseRecord(body, "", v)
}

func (k *WriterKeys) putRow(tx putter, key []byte, v any) error {
	body, err := appendRecord(nil, "", v)
	if err != nil {
		return err
	}
	return tx.Put(key, append(body, k.mac("state", key, body)...))
}

// segmentSize is the most entries of a segment: ranges of spaces read many rows at once.
const segmentSize = 64

// appendSegment appends an entry to a segment.
func appendSegment(b, entry []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(entry)))
	return append(b, entry...)
}

// splitSegment returns the entries of a segment.
func splitSegment(b []byte) ([][]byte, error) {
	var entries [][]byte
	for len(b) > 0 {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return nil, errors.New("a segment ends within an entry")
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		entries = append(entries, b[2:n:n])
		b = b[n:]
	}
	return entries, nil
}

// numberOf is the number in a key of numberKey.
func numberOf(key []byte) uint32 { return binary.BigEndian.Uint32(key[1:]) }

// lastOf is the index in a key of segmentKey.
func lastOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key[5:])) }
