package integrity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/integrity/witness"
	"github.com/stretchr/testify/require"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// cosigner is an anchor that cosigns as C2SP witnesses do.
type cosigner struct{ note.Signer }

// newCosigner returns one, and what checks it: its public key, and an attester.
func newCosigner(t testing.TB) (cosigner, string, integrity.Attester) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "witness.example/w")
	require.NoError(t, err)
	signer, err := f_note.NewSignerForCosignatureV1(private)
	require.NoError(t, err)
	public, err = f_note.VKeyToCosignatureV1(public)
	require.NoError(t, err)
	w, err := witness.New(public, "", nil)
	require.NoError(t, err)
	return cosigner{signer}, public, w
}

func (c cosigner) Anchor(_ context.Context, at *integrity.Checkpoint) ([]byte, error) {
	text, _, _ := strings.Cut(string(at.Note), "\n\n")
	signed, err := note.Sign(&note.Note{Text: text + "\n"}, c.Signer)
	if err != nil {
		return nil, err
	}
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	return []byte(lines), nil
}

// TestReceiptsAreVerifiedInFiles has an auditor who knows the key of a witness, one who knows another, and one who knows
// none read a bundle and a pack.
func TestReceiptsAreVerifiedInFiles(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	c, public, ours := newCosigner(t)
	_, otherPublic, other := newCosigner(t)
	bare := memoryRig(t) // a log without anchors
	bare.keys = r.keys
	bare.reopen()
	bare.record("acme", 3)
	bare.seal()
	s := r.newSealer(&integrity.SealerOptions{Anchors: []integrity.Anchor{c}})
	r.record("acme", 3)
	require.NoError(t, s.Close(r.ctx))
	r.rotate() // what it cosigned was signed by another key
	r.record("acme", 3)
	r.seal()
	receipts := map[string]inMemory{
		"bundle": r.bundle(integrity.BundleOptions{}), "of one organization": r.bundle(integrity.BundleOptions{Org: "acme"}),
		"pack": r.evidence(integrity.EvidenceOptions{Org: "acme"}),
	}
	for name, files := range receipts {
		none := bare.bundle(integrity.BundleOptions{})
		if name == "pack" {
			none = bare.evidence(integrity.EvidenceOptions{Org: "acme"})
		}
		fork := maps.Clone(none) // what the witness saw of the log with the same key
		fork["receipts.ndjson"] = files["receipts.ndjson"]
		fork["manifest.json"] = bytes.Replace(fork["manifest.json"], []byte("{"), []byte(`{"receipts": 1, `), 1)
		for _, x := range []struct {
			name    string
			files   inMemory
			witness integrity.Attester
			key     string
			want    integrity.Verdict
		}{
			{"the right key", files, ours, public, integrity.Clean},
			{"another key", files, other, otherPublic, integrity.Tampered},
			{"no key", files, nil, "", integrity.Clean},
			{"no receipt", none, ours, public, integrity.Undecided},
			{"the right key, and the log was rewritten", fork, ours, public, integrity.Tampered},
		} {
			if name == "of one organization" && x.name != "the right key" {
				continue // as in a bundle of all
			}
			o, args := r.auditor(), []string{"--public", r.public}
			if x.witness != nil {
				o.Attesters, o.Attested, args = []integrity.Attester{x.witness}, 1, append(args, "--witness", x.key)
			}
			var findings []integrity.Finding
			var anchors []integrity.Anchored
			if name == "pack" {
				report, err := integrity.VerifyEvidence(t.Context(), x.files.fs(), o)
				require.NoError(t, err)
				findings, anchors = report.Findings, report.Anchors
			} else {
				report, err := integrity.VerifyBundle(t.Context(), x.files.fs(), o)
				require.NoError(t, err)
				findings, anchors = report.Findings, report.Anchors
			}
			verdict := (&integrity.Report{Findings: findings}).Verdict()
			if verdict != x.want {
				t.Errorf("%s, %s: %v", name, x.name, findings)
			}
			if x.files["receipts.ndjson"] != nil && x.name != "the right key, and the log was rewritten" && (len(anchors) != 1 || anchors[0].Name != "witness.example/w" || anchors[0].Receipts != 1 ||
				anchors[0].Attested.IsZero() == (x.name == "the right key") || time.Since(anchors[0].At) > time.Hour) {
				t.Errorf("%s, %s: %+v", name, x.name, anchors)
			}
			code, said := python(t, append(args, x.files.save(t))...)
			if want := map[integrity.Verdict]int{integrity.Clean: clean, integrity.Tampered: tampered, integrity.Undecided: refused}[x.want]; code != want {
				t.Errorf("%s, %s: Python ends with %d: %s", name, x.name, code, said)
			}
			if told := strings.Contains(said, "was not checked"); told != (x.name == "no key") {
				t.Errorf("%s, %s: Python says %s", name, x.name, said)
			}
		}
	}
}
