package integrity

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// adoptedPrefix begins what the sealer puts into the tree in place of a leaf that it cannot believe.
const adoptedPrefix = "activitylog/adopted/v1\n"

// The reasons for which an event is adopted.
const (
	noLeaf      = "it came without evidence"
	wrongLeaf   = "its evidence cannot be read"
	wrongMAC    = "its evidence was not made with the key of the writers"
	otherEvent  = "its evidence belongs to another event"
	otherStream = "its evidence belongs to another organization"
)

// adopted fixes an event as it stood when it was sealed. It cannot be erased without a trace, since it has no salts.
type adopted struct {
	_        struct{} `cbor:",toarray"`
	Version  uint8
	Stream   [16]byte
	ID       uuid.UUID
	Recorded int64
	Reason   string
	Hash     []byte // SHA-256 of the JSON form
}

// adopt makes the entry of an event for a reason.
func adopt(e *activitylog.Event, stream [16]byte, reason string) ([]byte, error) {
	return appendRecord(nil, adoptedPrefix, &adopted{
		Version: 1, Stream: stream, ID: e.ID, Recorded: e.Recorded.UnixMicro(), Reason: reason, Hash: contentHash(e),
	})
}

func contentHash(e *activitylog.Event) []byte {
	sum := sha256.Sum256(e.AppendJSON(nil))
	return sum[:]
}

// entry is one entry of the tree of an organization: exactly one of the two.
type entry struct {
	leaf    *Leaf
	adopted *adopted
}

func (e *entry) id() uuid.UUID {
	if e.leaf != nil {
		return e.leaf.ID
	}
	return e.adopted.ID
}

func (e *entry) stream() [16]byte {
	if e.leaf != nil {
		return e.leaf.Stream
	}
	return e.adopted.Stream
}

func (e *entry) recorded() int64 {
	if e.leaf != nil {
		return e.leaf.Recorded
	}
	return e.adopted.Recorded
}

func parseEntry(b []byte) (entry, error) {
	if !strings.HasPrefix(string(b[:min(len(b), len(adoptedPrefix))]), adoptedPrefix) {
		l, err := ParseLeaf(b)
		return entry{leaf: l}, err
	}
	var a adopted
	if err := parseRecord(b, adoptedPrefix, &a); err != nil {
		return entry{}, err
	}
	if a.Version != 1 || len(a.Hash) != sha256.Size {
		return entry{}, fmt.Errorf("an adopted event of version %d", a.Version)
	}
	return entry{adopted: &a}, nil
}
