package integrity

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// forger has all keys of a log and writes what no sealer would.
type forger struct {
	t      *testing.T
	store  *memory.Store
	sealer *Sealer
}

func newSigner(t *testing.T) (note.Signer, note.Verifier, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log.example/test")
	require.NoError(t, err)
	signer, err := note.NewSigner(private)
	require.NoError(t, err)
	verifier, err := note.NewVerifier(public)
	require.NoError(t, err)
	return signer, verifier, public
}

func newForger(t *testing.T) *forger {
	t.Helper()
	signer, verifier, _ := newSigner(t)
	keys := Keys{WriterKeys: NewWriterKeys(), Signer: signer, Verifiers: []note.Verifier{verifier}}
	f := &forger{t: t, store: memory.New()}
	w := NewWriter(keys.WriterKeys)
	log, err := activitylog.New(f.store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
	require.NoError(t, err)
	t.Cleanup(func() { log.Close(context.Background()) })
	f.sealer, err = NewSealer(log, f.store, &keys, nil)
	require.NoError(t, err)
	_, err = log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "a.b", Actor: activitylog.Actor{ID: "u"}})
	require.NoError(t, err)
	_, err = f.sealer.Seal(t.Context())
	require.NoError(t, err)
	return f
}

func (f *forger) update(do func(tx activitylog.SpaceTx) error) {
	f.t.Helper()
	require.NoError(f.t, f.store.Space(spaceName).Update(f.t.Context(), do))
}

// entry appends an entry to the root log and signs it.
func (f *forger) entry(signer note.Signer, prefix string, record any) {
	f.t.Helper()
	f.update(func(tx activitylog.SpaceTx) error {
		var root tree
		if _, err := f.sealer.keys.getRow(tx, numberKey('s', 0), &root); err != nil {
			return err
		}
		b, err := appendRecord(nil, prefix, record)
		if err != nil {
			return err
		}
		return f.sealer.extendAs(tx, signer, 0, &root, &orgBatch{entries: [][]byte{b}}, root.Sealed)
	})
}

func TestVerifyReadsTheRootLogStrictly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		forge func(f *forger, signer note.Signer)
		want  string
	}{
		{"time goes back", func(f *forger, s note.Signer) {
			f.entry(s, beatPrefix, &beatRecord{Version: 1, At: 1, Key: s.KeyHash()})
		}, "is older than the one before"},
		{"something else", func(f *forger, s note.Signer) { f.entry(s, "activitylog/other/v1\n", 1) }, "no record of the root log"},
		{"a seal that leaves one out", func(f *forger, s note.Signer) {
			f.entry(s, sealPrefix, &sealRecord{Version: 1, Stream: f.sealer.keys.stream("acme"), Size: 9, Previous: 5, At: 1 << 60, Key: s.KeyHash()})
		}, "does not tell the seals of the tree one after the other"},
		{"a prune of what is not there", func(f *forger, s note.Signer) {
			f.entry(s, prunePrefix, &pruneRecord{Version: 1, Stream: f.sealer.keys.stream("acme"), Min: 256, At: 1 << 60, Key: s.KeyHash(), Writers: []prunedWriter{}})
		}, "prunes what it cannot"},
		{"a prune of part of a tile", func(f *forger, s note.Signer) {
			f.entry(s, prunePrefix, &pruneRecord{Version: 1, Stream: f.sealer.keys.stream("acme"), Min: 1, At: 1 << 60, Key: s.KeyHash(), Writers: []prunedWriter{}})
		}, "prunes what it cannot"},
		{"a prune that begins elsewhere", func(f *forger, s note.Signer) {
			events := make([]activitylog.Event, 600)
			for i := range events {
				events[i] = activitylog.Event{Org: "acme", Action: "a.b", Actor: activitylog.Actor{ID: "u"}}
			}
			_, err := f.sealer.log.RecordAll(f.t.Context(), events)
			require.NoError(f.t, err)
			_, err = f.sealer.Seal(f.t.Context())
			require.NoError(f.t, err)
			f.entry(s, prunePrefix, &pruneRecord{Version: 1, Stream: f.sealer.keys.stream("acme"), From: 256, Min: 512, At: 1 << 60, Key: s.KeyHash(), Writers: []prunedWriter{}})
		}, "prunes what it cannot"},
		{"a prune of nobody", func(f *forger, s note.Signer) {
			f.entry(s, prunePrefix, &pruneRecord{Version: 1, Min: 256, At: 1 << 60, Key: s.KeyHash(), Writers: []prunedWriter{}})
		}, "tells of a tree that is gone"},
		{"a seal that raises the minimum", func(f *forger, s note.Signer) {
			f.entry(s, sealPrefix, &sealRecord{Version: 1, Stream: f.sealer.keys.stream("acme"), Size: 9, Previous: 1, At: 1 << 60, Key: s.KeyHash(), Min: 1})
		}, "does not tell the seals of the tree one after the other"},
		{"a key that nobody handed over to", func(f *forger, s note.Signer) {
			_, _, public := newSigner(f.t)
			stranger, _, _ := newSigner(f.t)
			signed, err := note.Sign(&note.Note{Text: handover(public, 2)}, stranger)
			require.NoError(f.t, err)
			f.entry(s, keyPrefix, &keyRecord{Version: 1, At: 1 << 60, Key: s.KeyHash(), Next: public, Note: signed})
		}, "without the signature of the one before"},
		{"a statement of another rotation", func(f *forger, s note.Signer) {
			_, _, public := newSigner(f.t)
			signed, err := note.Sign(&note.Note{Text: handover(public, 77)}, s)
			require.NoError(f.t, err)
			f.entry(s, keyPrefix, &keyRecord{Version: 1, At: 1 << 60, Key: s.KeyHash(), Next: public, Note: signed})
		}, "without the signature of the one before"},
		{"a former key signs", func(f *forger, s note.Signer) {
			next, _, public := newSigner(f.t)
			ctx := activitylog.WithActor(f.t.Context(), activitylog.Actor{ID: "u"})
			require.NoError(f.t, f.sealer.Rotate(ctx, next, public))
			f.entry(s, beatPrefix, &beatRecord{Version: 1, At: 1 << 60, Key: next.KeyHash()})
		}, "signed with a key that holds no longer"},
		{"another time beside it", func(f *forger, _ note.Signer) {
			f.update(func(tx activitylog.SpaceTx) error {
				var root tree
				if _, err := f.sealer.keys.getRow(tx, numberKey('s', 0), &root); err != nil {
					return err
				}
				root.Sealed++
				return f.sealer.keys.putRow(tx, numberKey('s', 0), &root)
			})
		}, "tells another time than its newest entry"},
		{"another minimum beside it", func(f *forger, _ note.Signer) {
			f.update(func(tx activitylog.SpaceTx) error {
				var t tree
				if _, err := f.sealer.keys.getRow(tx, numberKey('s', 1), &t); err != nil {
					return err
				}
				t.Min = 256
				return f.sealer.keys.putRow(tx, numberKey('s', 1), &t)
			})
		}, "the state of the tree is not the one that was signed"},
		{"entries that are gone", func(f *forger, _ note.Signer) {
			f.update(func(tx activitylog.SpaceTx) error { return tx.Delete(segmentKey(0, 0)) })
		}, "root log: entries from 0 on are missing"},
		{"an entry of nothing", func(f *forger, s note.Signer) {
			var t tree
			f.update(func(tx activitylog.SpaceTx) error {
				if _, err := f.sealer.keys.getRow(tx, numberKey('s', 1), &t); err != nil {
					return err
				}
				return f.sealer.extendAs(tx, s, 1, &t, &orgBatch{entries: [][]byte{[]byte("x")}, places: make([]byte, placeSize)}, t.Sealed)
			})
			f.entry(s, sealPrefix, &sealRecord{Version: 1, Stream: t.Stream, Size: 2, Hash: tlog.Hash(t.Hash), Previous: 1, At: t.Sealed, Key: s.KeyHash()})
		}, "a sealed entry is none of this tree"},
		{"a tree of which the root log tells nothing", func(f *forger, _ note.Signer) {
			f.update(func(tx activitylog.SpaceTx) error {
				number := uint32(2)
				if err := f.sealer.keys.putRow(tx, orgKey("globex"), &number); err != nil {
					return err
				}
				t := tree{Stream: f.sealer.keys.stream("globex"), Org: "globex", Hash: []byte{}, Purging: []purging{}}
				return f.sealer.keys.putRow(tx, numberKey('s', 2), &t)
			})
		}, "the root log tells nothing of the tree"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newForger(t)
			o := &VerifyOptions{Verifiers: f.sealer.keys.Verifiers, Keys: &f.sealer.keys.WriterKeys}
			report, err := Verify(t.Context(), f.store, o)
			require.NoError(t, err)
			require.Empty(t, report.Findings)
			tt.forge(f, f.sealer.keys.Signer)
			report, err = Verify(t.Context(), f.store, o)
			require.NoError(t, err)
			var said []string
			for _, x := range report.Findings {
				if said = append(said, x.What); strings.Contains(x.What, tt.want) {
					return
				}
			}
			t.Errorf("got %q, want %q", said, tt.want)
		})
	}
}
