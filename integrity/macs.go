package integrity

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"

	"github.com/activitylog/activitylog"
)

// macs makes one MAC after another with the same keys, which costs a third of making each anew. It is not safe for
// concurrent use.
type macs struct {
	row, name hash.Hash
	sum       [macSize]byte
	org       string   // what stream was asked last
	tree      [16]byte // and what it answered; org "" is asked anew each time
}

func (k *WriterKeys) macs() *macs {
	return &macs{row: hmac.New(sha256.New, k.Row[:]), name: hmac.New(sha256.New, k.Name[:])}
}

// stream names the tree of an organization, so that the name of a tenant leaves the log nowhere.
func (m *macs) stream(org string) [16]byte {
	if org == "" || org != m.org {
		m.name.Reset()
		m.name.Write([]byte("activitylog/stream/v1\n"))
		m.name.Write([]byte(org))
		m.org, m.tree = org, [16]byte(m.name.Sum(m.sum[:0]))
	}
	return m.tree
}

// mac authenticates bytes of one kind. It holds until the next call.
func (m *macs) mac(kind string, parts ...[]byte) []byte {
	m.row.Reset()
	m.row.Write([]byte("activitylog/mac/v1\n" + kind + "\n"))
	for _, p := range parts {
		m.row.Write(p)
	}
	return m.row.Sum(m.sum[:0])
}

// authentic returns the bytes of the leaf of an event, or why they cannot be believed. Behind its beginning, a leaf is
// what the holders of the key made it: verifying reads the rest.
func (m *macs) authentic(e *activitylog.Event) (leaf []byte, reason string) {
	if len(e.Leaf) == 0 {
		return nil, noLeaf
	}
	leaf, mac, ok := splitMAC(e.Leaf)
	switch {
	case !ok:
		return nil, wrongLeaf
	case !hmac.Equal(mac, m.mac("row", leaf)):
		return nil, wrongMAC
	}
	stream := m.stream(e.Org)
	if beginsAs(leaf, stream, e.ID) {
		return leaf, ""
	}
	l, err := ParseLeaf(leaf)
	switch {
	case err != nil:
		return nil, wrongLeaf
	case l.Stream != stream:
		return nil, otherStream
	case l.ID != e.ID:
		return nil, otherEvent
	default:
		return leaf, ""
	}
}
