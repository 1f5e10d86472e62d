package integrity

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// anchorState is what is known of an anchor, under its name. It has a MAC.
type anchorState struct {
	_        struct{} `cbor:",toarray"`
	Version  uint8
	Size     int64 // of the newest checkpoint that it has
	At       int64 // when it got it, in microseconds; 0: never
	Behind   int64 // since when it lacks a newer one, as far as anybody looked; 0: it does not
	Receipts int64 // that are kept
}

// keptReceipt is the newest receipt of an anchor in a day.
type keptReceipt struct {
	_          struct{} `cbor:",toarray"`
	Version    uint8
	Checkpoint []byte
	At         int64
	Receipt    []byte
}

const (
	maxReceipt    = 32 << 10
	maxAnchorName = 200
)

func anchorKey(name string) []byte { return append([]byte("a"), name...) }

// receiptKey has one value for each day in UTC: what an anchor signed in the past shows what there was then, and one a
// day is enough of that.
func receiptKey(name string, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(receiptsOf(name), uint64(at.Unix()/86400))
}

// receiptsOf begins the keys of the receipts of an anchor.
func receiptsOf(name string) []byte { return append(append([]byte("b"), name...), '\n') }

// anchorOf is the anchor in a key of receiptKey.
func anchorOf(key []byte) (name string, ok bool) {
	end := len(key) - 9
	if end < 1 || key[end] != '\n' || key[0] != 'b' {
		return "", false
	}
	name = string(key[1:end])
	return name, validAnchorName(name)
}

func validAnchorName(name string) bool {
	return name != "" && len(name) <= maxAnchorName && !strings.ContainsAny(name, "\r\n")
}

// checkAnchors finds names by which receipts cannot be kept.
func checkAnchors(list []Anchor) error {
	seen := map[string]bool{}
	for _, a := range list {
		name := a.Name()
		if !validAnchorName(name) || seen[name] {
			return fmt.Errorf("anchor %q: each needs a name of its own, of up to %d bytes in one line", name, maxAnchorName)
		}
		seen[name] = true
	}
	return nil
}
