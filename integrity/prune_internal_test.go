// Not under the race detector, where so many events take minutes: make test runs this package without it too.

//go:build !race

package integrity

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// TestProofsAboveTheMinimumIndex prunes three quarters of a tree and proves what is left.
func TestProofsAboveTheMinimumIndex(t *testing.T) {
	t.Parallel()
	events, gone, inclusions, consistencies := 8000, 6100, 200, 100
	if os.Getenv("ACTIVITYLOG_SOAK") == "1" {
		events, gone, inclusions = 200_000, 150_000, 2000
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))

	signer, verifier, _ := newSigner(t)
	keys := Keys{WriterKeys: NewWriterKeys(), Signer: signer, Verifiers: []note.Verifier{verifier}}
	store := memory.New()
	w := NewWriter(keys.WriterKeys)
	log, err := activitylog.New(store, &activitylog.Options{Stamp: w.Stamp, Number: w.Number})
	require.NoError(t, err)
	t.Cleanup(func() { log.Close(context.Background()) })
	sealer, err := NewSealer(log, store, &keys, &SealerOptions{Batch: 777})
	require.NoError(t, err)
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "u"})
	for range events / 1000 {
		batch := make([]activitylog.Event, 1000)
		for i := range batch {
			batch[i] = activitylog.Event{Org: "acme", Action: "a.b"}
		}
		_, err := log.RecordAll(ctx, batch)
		require.NoError(t, err)
	}
	_, err = sealer.Seal(ctx)
	require.NoError(t, err)
	count := func(kind byte) (n int) {
		require.NoError(t, store.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
			for range tx.Range(numberKey(kind, 1), numberKey(kind, 2)) {
				n++
			}
			return nil
		}))
		return n
	}
	tilesBefore, leavesBefore := count('t'), count('l')

	minimum, err := sealer.Prune(ctx, "acme")
	require.NoError(t, err)
	require.Zero(t, minimum, "nothing is gone yet")
	op, err := log.Begin(decision.With(ctx), activitylog.Event{Org: "acme", Action: decision.Purge, Metadata: map[string]any{"planned": gone}})
	require.NoError(t, err)
	n, err := store.Prune(ctx, activitylog.StoreQuery{Org: "acme", Order: activitylog.Oldest}, gone)
	require.NoError(t, err)
	require.Equal(t, gone, n)
	op.Event.Metadata["deleted"] = n
	_, err = op.End(decision.With(ctx), nil)
	require.NoError(t, err)
	minimum, err = sealer.Prune(ctx, "acme")
	require.NoError(t, err)
	require.EqualValues(t, gone>>8<<8, minimum)

	require.Less(t, count('t'), tilesBefore/2)
	require.Less(t, count('l'), leavesBefore*3/10)
	report, err := Verify(ctx, store, &VerifyOptions{Verifiers: keys.Verifiers, Keys: &keys.WriterKeys})
	require.NoError(t, err)
	require.Empty(t, report.Findings)
	require.Equal(t, minimum, report.Pruned)
	require.EqualValues(t, gone, report.Purged)

	var left []activitylog.Event
	for e, err := range log.Org("acme").Events(ctx, activitylog.Query{}) {
		require.NoError(t, err)
		left = append(left, e)
	}
	for range inclusions {
		e := &left[rng.IntN(len(left))]
		file, err := Prove(ctx, store, keys.Verifiers, e)
		if err == nil {
			_, err = CheckProof(file, keys.Verifiers, e)
		}
		require.NoError(t, err)
	}
	require.NoError(t, store.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
		signed, _, err := tx.Get(numberKey('c', 1))
		require.NoError(t, err)
		at, _, err := openCheckpoint(signed, streamOrigin(verifier.Name(), keys.stream("acme")), keys.Verifiers)
		require.NoError(t, err)
		hashes := tlog.TileHashReader(at, &tiles{tx, 1})
		for range consistencies {
			size := minimum + 1 + rng.Int64N(at.N-minimum)
			old, err := tlog.TreeHash(size, hashes)
			require.NoError(t, err)
			proof, err := tlog.ProveTree(at.N, size, hashes)
			require.NoError(t, err)
			require.NoError(t, tlog.CheckTree(proof, at.N, at.Hash, size, old))
		}
		return nil
	}))
}
