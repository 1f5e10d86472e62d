// Package witness anchors a log with witnesses of the C2SP tlog-witness protocol, such as those of the public witness
// network. A witness remembers the newest checkpoint of each log that it knows, and signs another one only if the log
// proves that it continues that one.
//
//	w, err := witness.New("example.org/witness+…", "https://example.org/witness", nil)
//	sealer, err := integrity.NewSealer(log, store, keys, &integrity.SealerOptions{Anchors: []integrity.Anchor{w}})
//
// The witness must be told the first line of the checkpoints (the name of the key that seals) and the public key, and
// the next key before the log hands over to it.
package witness

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	f_note "github.com/transparency-dev/formats/note"
	f_witness "github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"
)

// Witness is an integrity.Anchor and an integrity.Attester. Its receipts are cosignatures, as lines of a signed note. It is safe for concurrent use.
type Witness struct {
	at     f_witness.Witness
	client *http.Client

	mu   sync.Mutex
	size int64 // of the checkpoint that it has, as far as is known
}

// New returns the witness with a public key, in the form of C2SP signed-note with signature type 0x04, or 0x06 for
// ML-DSA-44. root is the URL below which it is asked; empty: it only checks receipts. client may be nil: then a request
// has ten seconds.
func New(key, root string, client *http.Client) (*Witness, error) {
	u, err := url.Parse(root)
	if err == nil && root != "" && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		err = errors.New("write it as https://HOST/PATH")
	}
	if err != nil {
		return nil, fmt.Errorf("witness: %w: the URL: %w", activitylog.ErrInvalid, err)
	}
	at, err := f_witness.New(key, u)
	if err != nil {
		return nil, fmt.Errorf("witness: %w: the public key: %w", activitylog.ErrInvalid, err)
	}
	if root == "" {
		at.URL = ""
	}
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	return &Witness{at: at, client: client}, nil
}

// Name implements integrity.Anchor and integrity.Attester: it is that of the key.
func (w *Witness) Name() string { return w.at.Key.Name() }

// Attest implements integrity.Attester: the cosignature holds the time.
func (w *Witness) Attest(checkpoint, receipt []byte) (time.Time, error) {
	n, err := note.Open(append(bytes.Clone(checkpoint), receipt...), note.VerifierList(w.at.Key))
	if err != nil {
		return time.Time{}, fmt.Errorf("witness %s: %w", w.Name(), err)
	}
	return f_note.CoSigV1Timestamp(n.Sigs[0])
}

// Anchor implements integrity.Anchor.
func (w *Witness) Anchor(ctx context.Context, c *integrity.Checkpoint) ([]byte, error) {
	if w.at.URL == "" {
		return nil, fmt.Errorf("witness %s: %w: it has no URL", w.Name(), activitylog.ErrInvalid)
	}
	w.mu.Lock()
	from := w.size
	w.mu.Unlock()
	if from > c.Size { // the answer tells what it has
		from = 0
	}
	for range 4 { // others may hand in checkpoints meanwhile
		receipt, has, err := w.add(ctx, c, from)
		if err != nil {
			return nil, fmt.Errorf("witness %s: %w", w.Name(), err)
		}
		if receipt != nil {
			_, err := w.Attest(c.Note, receipt)
			if err == nil {
				w.learn(c.Size)
			}
			return receipt, err
		}
		w.learn(has)
		if from = has; has > c.Size {
			return nil, fmt.Errorf("witness %s: %w: it saw %d entries, and there are %d", w.Name(), integrity.ErrContradicted, has, c.Size)
		}
	}
	return nil, fmt.Errorf("witness %s: it has another checkpoint each time", w.Name())
}

func (w *Witness) learn(size int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size = size
}

// add offers a checkpoint with the proof that it continues from entries. It returns cosignatures, or how many entries
// the witness knows.
func (w *Witness) add(ctx context.Context, c *integrity.Checkpoint, from int64) (receipt []byte, has int64, err error) {
	proof, err := c.Prove(from)
	if err != nil {
		return nil, 0, err
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", from)
	for _, h := range proof {
		fmt.Fprintln(&body, base64.StdEncoding.EncodeToString(h[:]))
	}
	body.WriteByte('\n')
	body.Write(c.Note)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.at.URL, &body)
	if err != nil {
		return nil, 0, err
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, 0, err
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return text, 0, nil
	case http.StatusConflict:
		has, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if from == c.Size && (len(text) == 0 || err == nil && has == from) { // at an equal size it compares the roots
			return nil, 0, fmt.Errorf("%w: the %d entries that it saw are others", integrity.ErrContradicted, from)
		}
		if err != nil || has < 0 {
			return nil, 0, fmt.Errorf("it answers 409 without the size that it has: %.100q", text)
		}
		return nil, has, nil
	case http.StatusUnprocessableEntity:
		return nil, 0, fmt.Errorf("%w: the %d entries that it saw are others", integrity.ErrContradicted, from)
	case http.StatusNotFound:
		return nil, 0, errors.New("it does not know this log; its operator must add the name and public key of the log")
	case http.StatusForbidden:
		return nil, 0, errors.New("it does not know the key that signed; its operator must add the public key of the log")
	}
	return nil, 0, fmt.Errorf("it answers %s: %.200q", answer.Status, text)
}

// maxAnswer is more than any number of cosignatures takes.
const maxAnswer = 16 << 10
