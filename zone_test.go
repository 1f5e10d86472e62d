package activitylog_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones of these tests, wherever they run

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// zones have days that begin in every way there is: on quarters of an hour, skipped, twice, and not at all.
var zones = []string{
	"UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "America/Havana",
	"Asia/Beirut", "Africa/Cairo", "Pacific/Apia", "Pacific/Chatham", "America/St_Johns", "Africa/Casablanca",
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

// aggregator yields what a test wants.
type aggregator struct {
	*memory.Store
	buckets []activitylog.Bucket
}

func (a aggregator) Aggregate(context.Context, string, activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	return func(yield func(activitylog.Bucket, error) bool) {
		for _, b := range a.buckets {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// quarters is a log over one event for each quarter of an hour.
func quarters(t *testing.T, from, to time.Time) *activitylog.Log {
	t.Helper()
	var store aggregator
	store.Store = memory.New()
	for at := from; at.Before(to); at = at.Add(15 * time.Minute) {
		store.buckets = append(store.buckets, activitylog.Bucket{Start: at, Count: 1, MinTime: at, MaxTime: at})
	}
	return logOver(t, store, nil)
}

// changes are the moments in a year at which the clock of a zone is set, or some moment if it never is.
func changes(year int, z *time.Location) []time.Time {
	var list []time.Time
	for t := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); ; {
		if _, t = t.In(z).ZoneBounds(); t.IsZero() || t.Year() > year {
			break
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		list = append(list, time.Date(year, 3, 4, 12, 0, 0, 0, time.UTC))
	}
	return list
}

// A day begins with the first moment that has its date, and parts of days count from there.
func TestSteps(t *testing.T) {
	t.Parallel()
	for _, name := range zones {
		for _, year := range []int{2011, 2024, 2026} { // Apia skipped a day in 2011
			t.Run(fmt.Sprint(name, " ", year), func(t *testing.T) {
				t.Parallel()
				z := zone(t, name)
				for _, change := range changes(year, z) {
					stepsAround(t, change, z)
				}
			})
		}
	}
}

func stepsAround(t *testing.T, change time.Time, z *time.Location) {
	t.Helper()
	date := func(t time.Time) string { return t.In(z).Format(time.DateOnly) }
	from := change.UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	l := quarters(t, from, from.AddDate(0, 0, 5))
	days := aggregate(t, l.AllOrgs(), activitylog.Aggregation{Step: 24 * time.Hour, Zone: z})
	begin := map[string]time.Time{}
	var count int64
	for i, b := range days {
		count += b.Count
		begin[date(b.Start)] = b.Start
		if date(b.Start.Add(-1)) == date(b.Start) || date(b.MinTime) != date(b.Start) || date(b.MaxTime) != date(b.Start) {
			t.Errorf("a day begins at %s with events from %s to %s", b.Start, b.MinTime.In(z), b.MaxTime.In(z))
		}
		if i > 0 && i < len(days)-1 && time.Duration(b.Count)*15*time.Minute != days[i+1].Start.Sub(b.Start) {
			t.Errorf("%s has %d quarters", b.Start, b.Count)
		}
	}
	if count != 5*96 {
		t.Errorf("%d quarters in all days, want %d", count, 5*96)
	}
	for _, step := range []time.Duration{15 * time.Minute, time.Hour, 3 * time.Hour, 12 * time.Hour} {
		for _, b := range aggregate(t, l.AllOrgs(), activitylog.Aggregation{Step: step, Zone: z}) {
			since := b.Start.Sub(begin[date(b.MinTime)])
			if date(b.Start) != date(b.MinTime) || date(b.MaxTime) != date(b.MinTime) || since%step != 0 ||
				b.MinTime.Before(b.Start) || b.MaxTime.Sub(b.Start) >= step {
				t.Fatalf("step %v begins at %s with events from %s to %s", step, b.Start, b.MinTime.In(z), b.MaxTime.In(z))
			}
		}
	}
}

func TestDaysOfClockChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		zone, day string
		start     string // in UTC
		hours     int64
	}{
		{"America/New_York", "2026-03-07", "2026-03-07T05:00:00Z", 24},
		{"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23},
		{"America/New_York", "2026-03-09", "2026-03-09T04:00:00Z", 24},
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25},
		{"America/New_York", "2026-11-02", "2026-11-02T05:00:00Z", 24},
		{"Asia/Kolkata", "2026-03-08", "2026-03-07T18:30:00Z", 24},
		{"Asia/Kathmandu", "2026-03-08", "2026-03-07T18:15:00Z", 24},
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", 23}, // from 23:59:59 to 01:00
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25},   // has its first hour twice
	}
	for _, tt := range tests {
		t.Run(tt.zone+" "+tt.day, func(t *testing.T) {
			t.Parallel()
			day, err := time.Parse(time.DateOnly, tt.day)
			require.NoError(t, err)
			l := quarters(t, day.AddDate(0, 0, -2), day.AddDate(0, 0, 3))
			find := func(step time.Duration) (list []activitylog.Bucket) {
				for _, b := range aggregate(t, l.AllOrgs(), activitylog.Aggregation{Step: step, Zone: zone(t, tt.zone)}) {
					if b.Start.Format(time.DateOnly) == tt.day {
						list = append(list, b)
					}
				}
				return list
			}
			days := find(24 * time.Hour)
			if len(days) != 1 || days[0].Start.UTC().Format(time.RFC3339) != tt.start || days[0].Count != 4*tt.hours {
				t.Errorf("days %+v, want one from %s of %d hours", days, tt.start, tt.hours)
			}
			if hours := find(time.Hour); int64(len(hours)) != tt.hours {
				t.Errorf("%d hours, want %d", len(hours), tt.hours)
			}
		})
	}
}

func TestStepsBefore1970(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	for _, at := range []string{"1969-12-31T23:45:00Z", "1969-12-31T23:59:59.999999Z", "1969-12-31T23:44:59Z", "1700-01-01T00:00:00Z"} {
		recordAll(t, l, event(func(e *activitylog.Event) { require.NoError(t, e.Time.UnmarshalText([]byte(at))) }))
	}
	var got []string
	for _, b := range aggregate(t, l.AllOrgs(), activitylog.Aggregation{Step: 15 * time.Minute}) {
		got = append(got, fmt.Sprint(b.Start.Format("2006-01-02T15:04"), " ", b.Count))
	}
	if want := []string{"1700-01-01T00:00 1", "1969-12-31T23:30 1", "1969-12-31T23:45 2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestZoneOfTheOrganization(t *testing.T) {
	t.Parallel()
	kolkata := zone(t, "Asia/Kolkata")
	l := newLog(t, &activitylog.Options{Zone: func(org string) *time.Location {
		if org == "acme" {
			return kolkata
		}
		return nil
	}})
	for _, org := range []string{"acme", "other"} {
		recordAll(t, l, event(func(e *activitylog.Event) { e.Org, e.Time = org, time.Date(2026, 3, 4, 20, 0, 0, 0, time.UTC) }))
	}
	start := func(r activitylog.Reader, z *time.Location) string {
		return aggregate(t, r, activitylog.Aggregation{Step: 24 * time.Hour, Zone: z})[0].Start.Format(time.RFC3339)
	}
	for _, tt := range []struct {
		name, got, want string
	}{
		{"its own", start(l.Org("acme"), nil), "2026-03-05T00:00:00+05:30"},
		{"none", start(l.Org("other"), nil), "2026-03-04T00:00:00Z"},
		{"all organizations", start(l.AllOrgs(), nil), "2026-03-04T00:00:00Z"},
		{"given", start(l.Org("acme"), time.UTC), "2026-03-04T00:00:00Z"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}
