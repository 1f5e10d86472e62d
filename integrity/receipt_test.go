// Not under the race detector, as the other attacks: make test runs this package without it too.

//go:build !race

package integrity_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/stretchr/testify/require"
)

// notary signs what it sees with a key of its own, and the time.
type notary struct{ key string }

func (n notary) Name() string { return "notary" }

func (n notary) mac(checkpoint, at []byte) []byte {
	h := hmac.New(sha256.New, []byte(n.key))
	h.Write(append(at, checkpoint...))
	return h.Sum(nil)
}

func (n notary) Anchor(_ context.Context, c *integrity.Checkpoint) ([]byte, error) {
	at := binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()))
	return append(at, n.mac(c.Note, at)...), nil
}

func (n notary) Attest(checkpoint, receipt []byte) (time.Time, error) {
	if len(receipt) < 8 || !hmac.Equal(receipt[8:], n.mac(checkpoint, receipt[:8:8])) {
		return time.Time{}, errors.New("signed by somebody else")
	}
	return time.Unix(int64(binary.BigEndian.Uint64(receipt)), 0), nil
}

// anchored seals and anchors with a notary.
func (r *rig) anchored() {
	r.t.Helper()
	r.seal()
	s := r.newSealer(&integrity.SealerOptions{Anchors: []integrity.Anchor{notary{"n"}}})
	require.NoError(r.t, s.Close(r.ctx))
}

func (a *attacker) receipt() []byte {
	a.t.Helper()
	return a.bytes(`SELECT key FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key >= ? AND key < ? ORDER BY key DESC LIMIT 1`, []byte("b"), []byte("c"))
}

var anchorAttacks = []attack{
	{"edit a receipt", func(a *attacker) { a.put(a.receipt(), flip(a.row(a.receipt()), 3)) }, "a receipt of an anchor cannot be believed"},
	{"edit what is known of an anchor", func(a *attacker) { a.put([]byte("anotary"), flip(a.row([]byte("anotary")), 3)) }, "what is known of an anchor cannot be believed"},
	{"remove what is known of an anchor", func(a *attacker) { a.drop([]byte("anotary")) }, "a receipt of an anchor cannot be believed"},
	{"remove the receipts", func(a *attacker) { a.drop(a.receipt()) }, `1 receipts of anchor "notary" are gone`},
	{"remove all of an anchor", func(a *attacker) { a.drop(a.receipt()); a.drop([]byte("anotary")) }, "0 anchors attest the log, and 1 are required"},
	{"replay what was known of an anchor", func(a *attacker) {
		old := a.row([]byte("anotary"))
		a.r.record("acme", 1)
		a.r.anchored()
		a.put([]byte("anotary"), old)
	}, "is of a later checkpoint than it is known to have"},
	{"give a receipt of another log", func(a *attacker) {
		other := sqliteRig(a.t)
		other.keys.WriterKeys, other.keys.Signer, other.keys.Verifiers = a.r.keys.WriterKeys, a.r.keys.Signer, a.r.keys.Verifiers
		other.reopen()
		other.record("acme", 3)
		other.anchored()
		from := newAttacker(a.t, other)
		a.put(a.receipt(), from.row(from.receipt()))
	}, "the log was rewritten"},
	{"give a receipt of a log of one's own", func(a *attacker) {
		other := sqliteRig(a.t)
		other.keys.WriterKeys = a.r.keys.WriterKeys
		other.reopen()
		other.record("acme", 3)
		other.anchored()
		from := newAttacker(a.t, other)
		a.put(a.receipt(), from.row(from.receipt()))
	}, `a receipt of anchor "notary" does not fit the log: the signature of checkpoint`},
	{"receipts of a stranger", func(a *attacker) {
		s := a.r.newSealer(&integrity.SealerOptions{Anchors: []integrity.Anchor{notary{"m"}}})
		a.r.record("acme", 1)
		a.r.seal()
		require.NoError(a.t, s.Close(a.r.ctx))
	}, `the newest receipt of anchor "notary" proves nothing: signed by somebody else`},
	{"set back the root log alone", func(a *attacker) {
		old := map[string][]byte{}
		for _, kind := range "chls" {
			for _, key := range a.keys(byte(kind)) {
				old[string(key)] = a.row(key)
			}
		}
		a.r.record("acme", 1)
		a.r.anchored()
		a.exec(`DELETE FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key >= ?`, []byte("c"))
		for key, value := range old {
			a.exec(`INSERT INTO activitylog_spaces (space, key, value) VALUES ('activitylog/seal', ?, ?)`, []byte(key), value)
		}
	}, "the database was set back in part"},
}

// keys are those of the rows of the seals of a kind.
func (a *attacker) keys(kind byte) [][]byte {
	a.t.Helper()
	return a.bytesList(`SELECT key FROM activitylog_spaces WHERE space = 'activitylog/seal' AND key >= ? AND key < ?`, []byte{kind}, []byte{kind + 1})
}

func TestAttacksOnAnchors(t *testing.T) {
	t.Parallel()
	for _, db := range rigs[1:] {
		for _, x := range anchorAttacks {
			t.Run(db.name+"/"+x.name, func(t *testing.T) {
				t.Parallel()
				r := db.open(t)
				r.record("acme", 3)
				r.anchored()
				o := r.options()
				verify := func() *integrity.Report {
					o.Attesters, o.Attested = []integrity.Attester{notary{"n"}}, 1
					return r.verifyBy(o)
				}
				if clean := verify(); len(clean.Findings) > 0 || len(clean.Anchors) != 1 || clean.Anchors[0].Attested.IsZero() || clean.Anchors[0].Receipts != 1 {
					t.Fatalf("before: %+v", clean)
				}
				o.Known = [][]byte{[]byte(verify().Root)}
				x.against(t, r, verify)
			})
		}
	}
}

// TestOldAttestationsDoNotCount holds the newest receipt to MaxSilence.
func TestOldAttestationsDoNotCount(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", 1)
	r.anchored()
	o := r.options()
	o.Attesters, o.Attested, o.MaxSilence = []integrity.Attester{notary{"n"}}, 1, time.Hour
	for after, want := range map[time.Duration]integrity.Verdict{0: integrity.Clean, 2 * time.Hour: integrity.Undecided} {
		o.Now = func() time.Time { return time.Now().Add(after) }
		if report := r.verifyBy(o); report.Verdict() != want {
			t.Errorf("after %v: %v", after, report.Findings)
		}
	}
}

// named is an anchor with a name that it should not have.
type named struct{ notary }

func (named) Name() string { return "a\nb" }

func TestAnchorsNeedNames(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	for _, list := range [][]integrity.Anchor{{named{}}, {notary{}, notary{}}} {
		_, err := integrity.NewSealer(r.log, r.store, &r.keys, &integrity.SealerOptions{Anchors: list})
		require.ErrorIs(t, err, activitylog.ErrInvalid)
	}
}
