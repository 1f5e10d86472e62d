package integrity

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/activitylog/activitylog"
	"golang.org/x/mod/sumdb/note"
)

// keyPrefix begins the entry of the root log with which one key hands over to the next.
const keyPrefix = "activitylog/key/v1\n"

// keyRecord names the next key. The old one signed that, with the size of the root log from which the next one holds.
type keyRecord struct {
	_       struct{} `cbor:",toarray"`
	Version uint8
	At      int64
	Key     uint32 // hash of the old key
	Next    string // the new public key
	Note    []byte // the statement that the old key signed
}

// handover is the statement of a rotation.
func handover(next string, size int64) string {
	return fmt.Sprintf("activitylog/key/v1\n%s\nholds from size %d\n", next, size)
}

// verifier returns the next key, if one of the verifiers signed that it holds behind the entry with an index.
func (r *keyRecord) verifier(index int64, verifiers []note.Verifier) (note.Verifier, error) {
	n, err := note.Open(r.Note, note.VerifierList(verifiers...))
	if err != nil {
		return nil, err
	}
	if n.Text != handover(r.Next, index+1) || n.Sigs[0].Hash != r.Key {
		return nil, errors.New("the statement is another one")
	}
	v, err := note.NewVerifier(r.Next)
	if err == nil && v.Name() != n.Sigs[0].Name {
		err = errors.New("the next key has another name")
	}
	return v, err
}

// Rotate hands over to another key of the same name, whose public half is next. It is recorded as a decision of the actor
// of ctx first. The old key signs it as an entry of
// the root log; from then on the other one signs. Sealers of other processes stop until they get the new key. Verifying
// works by the old public key, by the new one and by both.
func (s *Sealer) Rotate(ctx context.Context, signer note.Signer, next string) error {
	v, err := note.NewVerifier(next)
	switch {
	case err != nil:
		return fmt.Errorf("integrity: %w: %w", activitylog.ErrInvalid, err)
	case v.Name() != s.keys.Signer.Name() || v.KeyHash() != signer.KeyHash() || v.KeyHash() == s.keys.Signer.KeyHash():
		return fmt.Errorf("integrity: %w: the next key must be another one of the same name", activitylog.ErrInvalid)
	}
	if err := s.declare(ctx, s.sealingAs(signer), ""); err != nil {
		return err
	}
	if _, err := s.Seal(ctx); err != nil {
		return err
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	err = s.space.Update(ctx, func(tx activitylog.SpaceTx) error { return s.handOver(tx, signer, next) })
	if err != nil {
		return fmt.Errorf("integrity: rotate: %w", err)
	}
	s.keys.Signer, s.keys.Verifiers = signer, append(slices.Clone(s.keys.Verifiers), v)
	return nil
}

func (s *Sealer) handOver(tx activitylog.SpaceTx, signer note.Signer, next string) error {
	root, err := s.openTree(tx, 0, "")
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: handover(next, root.Size+1)}, s.keys.Signer)
	if err != nil {
		return err
	}
	now := max(s.opts.Now().UnixMicro(), root.Sealed)
	entry, err := appendRecord(nil, keyPrefix, &keyRecord{Version: 1, At: now, Key: s.keys.Signer.KeyHash(), Next: next, Note: signed})
	if err != nil {
		return err
	}
	if err := s.extendAs(tx, signer, 0, root, &orgBatch{entries: [][]byte{entry}}, now); err != nil {
		return err
	}
	var h head
	if _, err := s.keys.getRow(tx, headKey, &h); err != nil {
		return err
	}
	h.Moves++
	h.Root = root.Size
	return s.keys.putRow(tx, headKey, &h)
}

// RotateFile is Rotate with a fresh key that takes its place in the file of keys, which keeps the former public key.
// The new file is first written beside the old one, with .next behind its name: if the process dies before it could
// be renamed, the one of the two that fits the newest checkpoint is right.
func (s *Sealer) RotateFile(ctx context.Context, path string) error {
	old, err := LoadKeyFile(path)
	if err != nil {
		return err
	}
	private, public, err := note.GenerateKey(rand.Reader, old.Signer.Name())
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		switch {
		case bytes.HasPrefix(line, []byte("public ")):
			fmt.Fprintf(&b, "public %s\nformer %s", public, line[len("public "):])
		case bytes.HasPrefix(line, []byte("seal ")):
			fmt.Fprintf(&b, "seal %s\n", private)
		default:
			b.Write(line)
		}
	}
	if err := writeSecret(path+".next", b.Bytes()); err != nil {
		return fmt.Errorf("integrity: rotate: %w", err)
	}
	if err := s.Rotate(ctx, signer, public); err != nil {
		if errors.Is(err, activitylog.ErrOutcomeUnknown) {
			return err
		}
		return errors.Join(err, os.Remove(path+".next"))
	}
	return os.Rename(path+".next", path)
}
