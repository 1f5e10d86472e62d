package activitylog_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// numbers is an Options.Number that notes what it gave.
type numbers struct {
	mu     sync.Mutex
	next   byte
	failed int
}

func (n *numbers) number(events []activitylog.Event) func(error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range events {
		n.next++
		events[i].Leaf = []byte{n.next}
	}
	return func(err error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if err != nil {
			n.failed++
		}
	}
}

func TestNumberGetsWhatIsStoredOnceOrNever(t *testing.T) {
	t.Parallel()
	var n numbers
	store := memory.New()
	l := logOver(t, store, &activitylog.Options{Number: n.number})
	record := func(e activitylog.Event) byte {
		id, err := l.Record(t.Context(), e)
		require.NoError(t, err)
		got, err := l.Org(e.Org).Get(t.Context(), id)
		require.NoError(t, err)
		if len(got.Leaf) == 0 {
			return 0
		}
		return got.Leaf[0]
	}
	if a, b := record(event()), record(event()); a != 1 || b != 2 {
		t.Errorf("got %d and %d", a, b)
	}
	given := event()
	given.ID = uuid.New()
	if got := record(given); got != 0 {
		t.Errorf("an event that may be a retry got number %d", got)
	}
	op, err := l.Begin(t.Context(), event())
	require.NoError(t, err)
	id, err := op.End(t.Context(), nil)
	require.NoError(t, err)
	end, err := l.Org(given.Org).Get(t.Context(), id)
	require.NoError(t, err)
	if n.next != 3 || end.Leaf != nil {
		t.Errorf("number %d after begin and end, leaf of the end %x", n.next, end.Leaf)
	}
}

// refusing is a store that refuses all.
type refusing struct{ activitylog.Store }

func (refusing) Append(context.Context, []activitylog.Event) error { return errors.New("no") }

func TestNumberIsToldOfFailure(t *testing.T) {
	t.Parallel()
	var n numbers
	l := logOver(t, refusing{memory.New()}, &activitylog.Options{Number: n.number})
	_, err := l.Record(t.Context(), event())
	require.Error(t, err)
	if n.next != 1 || n.failed != 1 {
		t.Errorf("got %d numbers, %d failed", n.next, n.failed)
	}
}
