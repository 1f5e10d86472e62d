package demo_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/google/uuid"
)

// end is a Tuesday afternoon in Berlin.
var end = time.Date(2026, 6, 16, 14, 32, 0, 0, time.UTC)

func options(seed uint64) demo.Options { return demo.Options{Seed: seed, End: end} }

// sample is the log that most tests look at. It must not be changed.
var sample = sync.OnceValue(func() []activitylog.Event { return slices.Collect(demo.Events(options(1))) })

func TestSameOptionsSameEvents(t *testing.T) {
	t.Parallel()
	i := 0
	for e := range demo.Events(options(1)) {
		if i >= len(sample()) || !bytes.Equal(e.AppendJSON(nil), sample()[i].AppendJSON(nil)) {
			t.Fatalf("event %d differs", i)
		}
		i++
	}
	if i != len(sample()) {
		t.Errorf("%d events, then %d", len(sample()), i)
	}
	first := func(o demo.Options) uuid.UUID {
		for e := range demo.Events(o) {
			return e.ID
		}
		return uuid.Nil
	}
	if first(options(1)) == first(options(2)) {
		t.Error("the seed makes no difference")
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		o        demo.Options
		min, max int
	}{
		{"default", options(1), 45_000, 55_000},
		{"another seed", options(77), 45_000, 55_000},
		{"another end", demo.Options{Seed: 5, End: time.Date(2027, 2, 1, 3, 0, 0, 0, time.UTC)}, 45_000, 55_000},
		{"a month", demo.Options{Seed: 1, End: end, Days: 30}, 14_000, 20_000},
		{"a fifth", demo.Options{Seed: 1, End: end, Size: 0.2}, 9_000, 18_000},
		{"threefold, a month", demo.Options{Seed: 1, End: end, Days: 30, Size: 3}, 42_000, 58_000},
		{"a day", demo.Options{Seed: 1, End: end, Days: 1}, 100, 1_500},
		{"no end", demo.Options{Seed: 1}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := 0
			for range demo.Events(tt.o) {
				n++
			}
			if n < tt.min || n > tt.max {
				t.Errorf("%d events, want %d to %d", n, tt.min, tt.max)
			}
		})
	}
}

func TestOrderAndIdentity(t *testing.T) {
	t.Parallel()
	seen := make(map[uuid.UUID]bool, len(sample()))
	var before activitylog.Event
	for _, e := range sample() {
		if activitylog.KeyOf(&e).Compare(activitylog.KeyOf(&before)) <= 0 {
			t.Fatalf("%s %s comes after %s %s", e.Time, e.ID, before.Time, before.ID)
		}
		if !e.Time.Before(end) {
			t.Errorf("event at %s, not before %s", e.Time, end)
		}
		if seen[e.ID] {
			t.Errorf("id %s twice", e.ID)
		}
		if e.ID.Version() != 7 || int64(binary.BigEndian.Uint64(e.ID[:8])>>16) != e.Time.UnixMilli() {
			t.Errorf("id %s does not hold %s", e.ID, e.Time)
		}
		if e.Time.Location() != time.UTC || e.Time.Nanosecond()%1000 != 0 || e.Backfill {
			t.Errorf("event %s at %v, backfill %v", e.ID, e.Time, e.Backfill)
		}
		seen[e.ID] = true
		before = e
	}
}

// TestNothingBefore lets only the dormant account be older than the log is long.
func TestNothingBefore(t *testing.T) {
	t.Parallel()
	early := 0
	for _, e := range sample() {
		if e.Time.Before(end.AddDate(0, 0, -90)) {
			early++
			if e.Actor.Name != "Viktor Hahn" {
				t.Errorf("%s by %s at %s", e.Action, e.Actor.Name, e.Time)
			}
		}
	}
	if early != 3 {
		t.Errorf("%d early events, want 3", early)
	}
}

func TestStopsWhenToldTo(t *testing.T) {
	t.Parallel()
	n := 0
	for range demo.Events(options(1)) {
		if n++; n == 10 {
			break
		}
	}
	if n != 10 {
		t.Errorf("%d events", n)
	}
}

func BenchmarkEvents(b *testing.B) {
	n := 0
	for b.Loop() {
		for range demo.Events(options(1)) {
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
}
