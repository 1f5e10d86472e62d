package activitylog_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestMintedIDHoldsTheTime(t *testing.T) {
	t.Parallel()
	times := []time.Time{
		time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2249, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
	for us := range 1000 { // every fraction of a millisecond
		times = append(times, noon.Add(time.Duration(us)*time.Microsecond))
	}
	for _, now := range times {
		l := newLog(t, &activitylog.Options{Now: at(now)})
		e := stored(t, l, event())
		if e.ID.Version() != 7 || e.ID.Variant() != uuid.RFC4122 {
			t.Fatalf("id %s is no UUIDv7", e.ID)
		}
		if !e.Time.Equal(now) {
			t.Fatalf("event at %s has time %s", now, e.Time)
		}
	}
}

// A host that repeats a record under the id that it got need not know the time.
func TestRetryWithTheIDAlone(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	store := memory.New()
	for range 200 {
		now := noon.Add(time.Duration(r.Int64N(int64(1000 * time.Hour))))
		first := logOver(t, store, &activitylog.Options{Now: at(now)})
		e := event()
		var err error
		e.ID, err = first.Record(t.Context(), e)
		require.NoError(t, err)
		later := logOver(t, store, &activitylog.Options{Now: at(now.Add(time.Hour))})
		if again, err := later.Record(t.Context(), e); err != nil || again != e.ID {
			t.Fatalf("retry of %s gave %s, %v", e.ID, again, err)
		}
	}
	l := logOver(t, store, nil)
	if n := len(all(t, l)); n != 200 {
		t.Errorf("%d events after 200 retries, want 200", n)
	}
}

func TestOtherContentUnderAnIDIsAConflict(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	e := event()
	var err error
	e.ID, err = l.Record(t.Context(), e)
	require.NoError(t, err)
	e.Action = "project.delete"
	got, err := l.Record(t.Context(), e)
	var conflict *activitylog.ConflictError
	if !errors.As(err, &conflict) || conflict.ID != e.ID || !errors.Is(err, activitylog.ErrConflict) {
		t.Errorf("got %v, want a conflict over %s", err, e.ID)
	}
	if got != e.ID {
		t.Errorf("got id %s, want %s", got, e.ID)
	}
	e.Org = "other" // ids are scoped to their organization
	if _, err := l.Record(t.Context(), e); err != nil {
		t.Errorf("same id in another organization: %v", err)
	}
}

func TestIDsGrow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		now  func() func() time.Time
	}{
		{"while the clock stands still", func() func() time.Time { return at(noon) }},
		{"while the clock goes back a little", func() func() time.Time {
			now := noon
			return func() time.Time { now = now.Add(-time.Microsecond); return now }
		}},
		{"with the real clock", func() func() time.Time { return time.Now }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t, &activitylog.Options{Now: tt.now()})
			batch := make([]activitylog.Event, 3000)
			for i := range batch {
				batch[i] = event()
			}
			ids, err := l.RecordAll(t.Context(), batch)
			require.NoError(t, err)
			if !slices.IsSortedFunc(ids, compareIDs) || len(slices.Compact(ids)) != len(batch) {
				t.Error("ids of one log do not grow")
			}
			events := all(t, l)
			for i := range events {
				if events[i].ID != ids[i] {
					t.Fatal("the order of events is not the order in which they were recorded")
				}
			}
		})
	}
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// When a wrong clock is set right, ids follow it instead of staying in the future.
func TestIDsFollowAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	now := noon.Add(24 * time.Hour)
	l := newLog(t, &activitylog.Options{Now: func() time.Time { return now }})
	stored(t, l, event())
	now = noon
	if e := stored(t, l, event()); !e.Time.Equal(noon) {
		t.Errorf("after the clock was set back an event has time %s, want %s", e.Time, noon)
	}
}

func TestIDsOfConcurrentCallersDiffer(t *testing.T) {
	t.Parallel()
	l := newLog(t, &activitylog.Options{Now: at(noon)})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, err := l.Record(t.Context(), event()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(all(t, l)); n != 800 {
		t.Errorf("%d events, want 800", n)
	}
}

func TestTimeOfGivenID(t *testing.T) {
	t.Parallel()
	v7 := uuid.MustParse("0195f0a0-0000-7000-8000-000000000001")
	inside := time.UnixMilli(0x0195f0a00000).UTC()
	given := noon.Add(-time.Hour)
	tests := []struct {
		name string
		id   uuid.UUID
		time time.Time
		want time.Time
	}{
		{"UUIDv7 without a time takes its own", v7, time.Time{}, inside},
		{"a given time wins", v7, given, given},
		{"UUIDv4 has no time", uuid.MustParse("5b3c6f3e-1111-4111-8111-111111111111"), time.Time{}, noon},
		{"version 7 of another variant has no time", uuid.MustParse("0195f0a0-0000-7000-c000-000000000001"), time.Time{}, noon},
		{"a time in another zone and finer than microseconds", v7, time.Date(2026, 1, 2, 3, 4, 5, 6789, time.FixedZone("", 3600)),
			time.Date(2026, 1, 2, 2, 4, 5, 6000, time.UTC)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := cleaned(t, event(func(e *activitylog.Event) { e.ID, e.Time = tt.id, tt.time }))
			if e.Time != tt.want || e.ID != tt.id {
				t.Errorf("got %s at %s, want %s at %s", e.ID, e.Time, tt.id, tt.want)
			}
		})
	}
}
