package activitylog_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

var ana = activitylog.Actor{Type: activitylog.User, ID: "u1", Name: "Ana"}

// event is the least event that a log takes, with the changes that a test wants.
func event(change ...func(*activitylog.Event)) activitylog.Event {
	e := activitylog.Event{Org: "acme", Action: "project.create", Actor: ana}
	for _, c := range change {
		c(&e)
	}
	return e
}

// titled is an event that tests tell from others by its message.
func titled(message string) activitylog.Event {
	return event(func(e *activitylog.Event) { e.Message = message })
}

// at returns a clock that stands still.
func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// hand is a clock that a test moves.
type hand struct{ ns atomic.Int64 }

func newHand(t time.Time) *hand {
	h := &hand{}
	h.set(t)
	return h
}

func (h *hand) set(t time.Time) { h.ns.Store(t.UnixNano()) }

func (h *hand) now() time.Time { return time.Unix(0, h.ns.Load()) }

// newLog returns a log over a fresh memory store that is closed at the end.
func newLog(t testing.TB, opts *activitylog.Options) *activitylog.Log {
	t.Helper()
	return logOver(t, memory.New(), opts)
}

func logOver(t testing.TB, store activitylog.Store, opts *activitylog.Options) *activitylog.Log {
	t.Helper()
	l, err := activitylog.New(store, opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// stored records e and returns what a reader gets of it.
func stored(t testing.TB, l *activitylog.Log, e activitylog.Event) activitylog.Event {
	t.Helper()
	id, err := l.Record(t.Context(), e)
	require.NoError(t, err)
	got, err := l.AllOrgs().Get(t.Context(), id)
	require.NoError(t, err)
	return got
}

// cleaned is e as a log with default options stores it.
func cleaned(t testing.TB, e activitylog.Event) activitylog.Event {
	t.Helper()
	return stored(t, newLog(t, &activitylog.Options{Now: at(noon)}), e)
}

func collect(t testing.TB, events iter.Seq2[activitylog.Event, error]) []activitylog.Event {
	t.Helper()
	var list []activitylog.Event
	for e, err := range events {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

// all returns every event of every organization, oldest first.
func all(t testing.TB, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	return collect(t, l.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}))
}

func messages(events []activitylog.Event) string {
	list := make([]string, len(events))
	for i := range events {
		list[i] = events[i].Message
	}
	return strings.Join(list, " ")
}

// id is a UUIDv7 that sorts by n.
func id(n int) uuid.UUID {
	var u uuid.UUID
	u[5], u[6], u[8] = 1, 0x70, 0x80
	u[14], u[15] = byte(n>>8), byte(n)
	return u
}

// seeded returns random numbers that ACTIVITYLOG_SEED repeats.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// hooked is a memory store whose Append does first what a test wants, and notes what came.
type hooked struct {
	*memory.Store
	hook func(ctx context.Context, events []activitylog.Event) error // an error keeps the events from being stored

	mu      sync.Mutex
	appends [][]activitylog.Event
}

func (h *hooked) Append(ctx context.Context, events []activitylog.Event) error {
	h.mu.Lock()
	h.appends = append(h.appends, events)
	hook := h.hook
	h.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, events); err != nil {
			return err
		}
	}
	return h.Store.Append(context.WithoutCancel(ctx), events) // the hook heeds the context, or does not
}

// does sets what Append does first while others may call it.
func (h *hooked) does(hook func(ctx context.Context, events []activitylog.Event) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hook = hook
}

// calls returns what each Append got.
func (h *hooked) calls() [][]activitylog.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.appends)
}

// sizes tells how many events each Append got.
func (h *hooked) sizes() []int {
	var list []int
	for _, events := range h.calls() {
		list = append(list, len(events))
	}
	return list
}

// plain hides all capabilities of a store.
type plain struct{ activitylog.Store }
