package integrity

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// signCheckpoint makes the signed note of a tree: origin, size and root, as C2SP tlog-checkpoint says.
func signCheckpoint(signer note.Signer, origin string, size int64, root tlog.Hash) ([]byte, error) {
	text := log.Checkpoint{Origin: origin, Size: uint64(size), Hash: root[:]}.Marshal()
	return note.Sign(&note.Note{Text: string(text)}, signer)
}

// openCheckpoint returns the tree of a checkpoint that one of the verifiers signed, and the hash of that key. A
// checkpoint has one form only: nothing but the three lines and one signature.
func openCheckpoint(b []byte, origin string, verifiers []note.Verifier) (tlog.Tree, uint32, error) {
	n, err := note.Open(b, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, 0, fmt.Errorf("the signature of checkpoint %s: %w", origin, err)
	}
	var c log.Checkpoint
	rest, err := c.Unmarshal([]byte(n.Text))
	switch {
	case err != nil:
		return tlog.Tree{}, 0, err
	case c.Origin != origin:
		return tlog.Tree{}, 0, fmt.Errorf("the checkpoint is one of %s, not of %s", c.Origin, origin)
	case len(rest) > 0 || len(c.Hash) != tlog.HashSize || c.Size > 1<<62:
		return tlog.Tree{}, 0, fmt.Errorf("checkpoint %s has another form", origin)
	case !bytes.Equal(b, canonicalNote(c.Marshal(), n.Sigs)):
		return tlog.Tree{}, 0, errors.New("the checkpoint was written by something else")
	}
	return tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Hash)}, n.Sigs[0].Hash, nil
}

// canonicalNote is the form that note.Sign writes.
func canonicalNote(text []byte, sigs []note.Signature) []byte {
	b := append(bytes.Clone(text), '\n')
	for _, s := range sigs[:1] {
		sig, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil || len(sig) < 4 {
			return nil
		}
		sig = append(binary.BigEndian.AppendUint32(nil, s.Hash), sig[4:]...)
		b = fmt.Appendf(b, "— %s %s\n", s.Name, base64.StdEncoding.EncodeToString(sig))
	}
	return b
}
