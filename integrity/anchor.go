package integrity

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// Anchor keeps checkpoints of the root log where whoever can change the database cannot. Only that shows that the
// database was set back as a whole, or rewritten with a stolen key. All sealers of a log should have the same anchors.
type Anchor interface {
	// Name tells the anchors of a log apart, in up to 200 bytes. It stays the same, tells no secret, and has no line break.
	Name() string
	// Anchor keeps a checkpoint durably, or has somebody sign that it was there. It may get the same one again, and must
	// end with ctx. The receipt, up to 32 KiB, is kept with the seals for an Attester; nil: there is none. An error that
	// wraps ErrContradicted means that it knows another history of the log.
	Anchor(ctx context.Context, c *Checkpoint) (receipt []byte, err error)
}

// ErrContradicted is the error of an Anchor that saw checkpoints which the log does not continue: the database was set
// back, or the log rewritten.
var ErrContradicted = errors.New("integrity: the anchor knows another history of the log")

// Checkpoint is a checkpoint of the root log. It is only good within the call that got it.
type Checkpoint struct {
	Note []byte // signed, as C2SP tlog-checkpoint says
	Size int64  // of the root log, in entries

	prove func(from int64) (tlog.TreeProof, error)
}

// Prove returns the hashes that prove that the log at this checkpoint continues its first entries, from 0 to Size.
func (c *Checkpoint) Prove(from int64) ([]tlog.Hash, error) { return c.prove(from) }

// FileAnchor appends checkpoints to a file, best on another machine or on storage that only appends.
type FileAnchor struct{ Path string }

// Name implements Anchor: the name of the file without its folder.
func (a FileAnchor) Name() string { return "file " + filepath.Base(a.Path) }

// Anchor implements Anchor. There is no receipt.
func (a FileAnchor) Anchor(_ context.Context, c *Checkpoint) ([]byte, error) {
	f, err := os.OpenFile(a.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(append(bytes.Clone(c.Note), '\n'))
	return nil, errors.Join(err, f.Sync(), f.Close())
}

// ReadCheckpoints returns the checkpoints in what a FileAnchor wrote, or in a file with one, for VerifyOptions.Known.
// One that was cut off at the end, as by a crash, is returned as it is: verifying says that it cannot be believed.
func ReadCheckpoints(b []byte) [][]byte {
	var list [][]byte
	for b = bytes.TrimLeft(b, "\n"); len(b) > 0; b = bytes.TrimLeft(b, "\n") {
		end := len(b)
		if text := bytes.Index(b, []byte("\n\n")); text >= 0 {
			if signatures := bytes.Index(b[text+2:], []byte("\n\n")); signatures >= 0 {
				end = text + 2 + signatures + 1
			}
		}
		list = append(list, b[:end:end])
		b = b[end:]
	}
	return list
}
