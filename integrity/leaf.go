package integrity

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
)

// leafPrefix separates leaves from all else that is hashed or signed.
const leafPrefix = "activitylog/leaf/v1\n"

// maxLeaf is the largest entry that the tiles of C2SP can hold with room to spare.
const maxLeaf = 4096

// Leaf is what the tree keeps of an event: where it belongs, what may be known for ever, and commitments to the rest.
type Leaf struct {
	_           struct{} `cbor:",toarray"`
	Version     uint8    // of the fields that follow: 1
	Stream      [16]byte // the tree of the organization
	ID          uuid.UUID
	Recorded    int64 // microseconds since 1970, UTC
	Time        int64
	Category    string
	Action      string
	Outcome     string
	Severity    string
	Retention   string
	Kept        []byte         // SHA-256 of what no erasure touches, in its JSON form
	Commitments [groups][]byte // to what can be erased; empty for a group without content
	Writer      [8]byte        // who numbered it
	Number      uint64         // its place among what the writer stored, from 1; 0: not numbered
	Void        []uint64       // numbers before this one that stand for nothing that was surely stored
}

var (
	encoding = must(cbor.CoreDetEncOptions().EncMode())
	decoding = must(cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 1024, MaxMapPairs: 16, ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8: cbor.UTF8RejectInvalid,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var errLeaf = errors.New("no leaf of version 1")

// Append appends the bytes that the tree hashes.
func (l *Leaf) Append(b []byte) ([]byte, error) { return appendRecord(b, leafPrefix, l) }

// leafStart is how the encoding of every leaf begins: an array of 15, the version, and the first of two names of 16 bytes.
const leafStart = leafPrefix + "\x8f\x01\x50"

// beginsAs tells whether bytes begin as the leaf of an event in a tree does.
func beginsAs(b []byte, stream [16]byte, id uuid.UUID) bool {
	const size = len(leafStart) + 16 + 1 + 16
	return len(b) >= size && string(b[:len(leafStart)]) == leafStart && b[len(leafStart)+16] == leafStart[len(leafStart)-1] &&
		[16]byte(b[len(leafStart):]) == stream && uuid.UUID(b[size-16:size]) == id
}

// ParseLeaf reads the bytes that the tree hashes. There is exactly one encoding of a leaf.
func ParseLeaf(b []byte) (*Leaf, error) {
	var l Leaf
	if len(b) > maxLeaf {
		return nil, fmt.Errorf("%w: %d bytes", errLeaf, len(b))
	}
	if err := parseRecord(b, leafPrefix, &l); err != nil {
		return nil, fmt.Errorf("%w: %w", errLeaf, err)
	}
	if l.Version != 1 {
		return nil, fmt.Errorf("%w: version %d", errLeaf, l.Version)
	}
	return &l, nil
}

// appendRecord appends a prefix and the deterministic CBOR of a record.
func appendRecord(b []byte, prefix string, record any) ([]byte, error) {
	e, err := encoding.Marshal(record)
	if err != nil {
		return nil, err
	}
	return append(append(b, prefix...), e...), nil
}

// parseRecord reads what appendRecord wrote, and refuses every other way to write it.
func parseRecord(b []byte, prefix string, record any) error {
	body, ok := bytes.CutPrefix(b, []byte(prefix))
	if !ok {
		return errors.New("it begins differently")
	}
	if err := decoding.Unmarshal(body, record); err != nil {
		return err
	}
	again, err := encoding.Marshal(record)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, body) {
		return errors.New("its encoding is not the canonical one")
	}
	return nil
}
