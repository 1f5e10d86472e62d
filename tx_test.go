package activitylog_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// hostTx stands for a transaction of the host.
type hostTx struct{ activitylog.Tx }

// transactional is a store that keeps what it gets in transactions for the host to commit.
type transactional struct {
	*memory.Store
	got map[activitylog.Tx][]activitylog.Event
	err error
}

func (s *transactional) AppendTx(ctx context.Context, tx activitylog.Tx, events []activitylog.Event) error {
	if err := errors.Join(s.err, ctx.Err()); err != nil {
		return err
	}
	s.got[tx] = append(s.got[tx], events...)
	return nil
}

func TestRecordTx(t *testing.T) {
	t.Parallel()
	store := &transactional{Store: memory.New(), got: map[activitylog.Tx][]activitylog.Event{}}
	l := logOver(t, store, &activitylog.Options{Stamp: func(events []activitylog.Event) error {
		events[0].Leaf = []byte("leaf")
		return nil
	}})
	tx := &hostTx{}
	id, err := l.RecordTx(activitylog.WithActor(t.Context(), ana), tx, activitylog.Event{Org: "acme", Action: "org.update"})
	require.NoError(t, err)
	got := store.got[tx]
	if len(got) != 1 || got[0].ID != id || got[0].Message != "Ana changed the organization something" || string(got[0].Leaf) != "leaf" || got[0].Recorded.IsZero() {
		t.Errorf("the store got %+v", got)
	}
	if n := len(all(t, l)); n != 0 {
		t.Errorf("%d events before the host committed", n)
	}

	if id, err := l.RecordTx(t.Context(), tx, activitylog.Event{}); !errors.Is(err, activitylog.ErrInvalid) || id != (activitylog.Event{}).ID {
		t.Errorf("invalid event: %s, %v", id, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.RecordTx(ctx, tx, event()); !errors.Is(err, context.Canceled) {
		t.Errorf("the host's context has ended: %v", err)
	}
	store.err = sql.ErrTxDone
	if _, err := l.RecordTx(t.Context(), tx, event()); !errors.Is(err, sql.ErrTxDone) || !strings.HasPrefix(err.Error(), "activitylog: record in transaction: ") {
		t.Errorf("transaction that is over: %v", err)
	}
	require.NoError(t, l.Close(t.Context()))
	if _, err := l.RecordTx(t.Context(), tx, event()); !errors.Is(err, activitylog.ErrClosed) {
		t.Errorf("closed log: %v", err)
	}
	if n := len(store.got[tx]); n != 1 {
		t.Errorf("the store got %d events, want 1", n)
	}
}

func TestRecordTxNeedsACapability(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	if _, err := l.RecordTx(t.Context(), &hostTx{}, event()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, want an error that wraps errors.ErrUnsupported", err)
	}
}
