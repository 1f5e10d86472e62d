package activitylog_test

import (
	"errors"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func TestSpace(t *testing.T) {
	t.Parallel()
	store := memory.New()
	log, err := activitylog.New(store, nil)
	require.NoError(t, err)
	space, err := log.Space("mine")
	require.NoError(t, err)
	require.NoError(t, space.Update(t.Context(), func(tx activitylog.SpaceTx) error { return tx.Put([]byte("k"), []byte("v")) }))
	require.NoError(t, store.Space("mine").View(t.Context(), func(tx activitylog.SpaceTx) error {
		if v, _, err := tx.Get([]byte("k")); string(v) != "v" || err != nil {
			t.Errorf("the store's space holds %q, %v", v, err)
		}
		return nil
	}))
	if _, err := log.Space(""); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("no name: %v", err)
	}
	bare, err := activitylog.New(struct{ activitylog.Store }{store}, nil)
	require.NoError(t, err)
	if _, err := bare.Space("mine"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a store without spaces: %v", err)
	}
}
