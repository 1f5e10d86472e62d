package integrity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// WriterKeys are what a process that records needs. They stay outside the database.
type WriterKeys struct {
	// Row authenticates events that are not sealed yet. Who has it and the database can forge those, but nothing sealed.
	Row [32]byte
	// Name makes the names of trees from those of organizations. It never changes during the life of a log.
	Name [32]byte
}

// Keys are what a process that seals needs.
type Keys struct {
	WriterKeys
	// Signer signs checkpoints. Its name is the origin of the root log, and stays the same when the key changes.
	Signer note.Signer
	// Verifiers are the keys that may have signed: that of Signer, and former ones.
	Verifiers []note.Verifier
}

// NewWriterKeys makes fresh keys.
func NewWriterKeys() WriterKeys {
	var k WriterKeys
	rand.Read(k.Row[:])
	rand.Read(k.Name[:])
	return k
}

func (k *WriterKeys) stream(org string) [16]byte { return k.macs().stream(org) }

func (k *WriterKeys) mac(kind string, parts ...[]byte) []byte { return k.macs().mac(kind, parts...) }

const macSize = sha256.Size

// Origin is the first line of the checkpoints of a stream, below the origin of the root log.
func streamOrigin(root string, stream [16]byte) string {
	return root + "/" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(stream[:]))
}

func (k *Keys) check() error {
	if k == nil || k.Signer == nil || len(k.Verifiers) == 0 {
		return errors.New("sealing needs a signer and its verifier")
	}
	for _, v := range k.Verifiers {
		if v.Name() != k.Signer.Name() {
			return fmt.Errorf("the signer is named %s, a verifier %s; the name of a log stays the same", k.Signer.Name(), v.Name())
		}
		if v.KeyHash() == k.Signer.KeyHash() {
			return nil
		}
	}
	return errors.New("none of the verifiers belongs to the signer")
}

func equalMAC(a, b []byte) bool { return hmac.Equal(a, b) }
