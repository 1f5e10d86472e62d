package alerts_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// start is the first day of these logs, a Monday.
var start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// spent are the figures of one message a day at that cost.
func spent(days int, micros func(day int) float64) *alerts.Figures {
	f := new(alerts.Figures)
	for day := range days {
		x := micros(day)
		if math.IsNaN(x) {
			continue
		}
		cost := int64(x)
		f.Add(&activitylog.Event{
			ID: uuid.UUID{byte(day), 1}, Time: start.AddDate(0, 0, day), Action: "ai.message.send", Category: "ai", Outcome: activitylog.Success,
			Actor: activitylog.Actor{Type: activitylog.User, ID: "ana"}, AI: &activitylog.AIUsage{CostMicros: &cost, Currency: "USD"},
		})
	}
	return f
}

// TestRampIsTold raises the cost of an organization a little every day: no day stands out, the week does. Doubling over
// night does, and its second day; the week that follows is told as one.
func TestRampIsTold(t *testing.T) {
	t.Parallel()
	const flat, all = 42, 56
	ramp := func(daily float64) func(int) float64 {
		return func(day int) float64 { return 20e6 * math.Pow(daily, float64(max(0, day-flat+1))) }
	}
	for _, tt := range []struct {
		name  string
		cost  func(day int) float64
		days  int
		ramps bool
	}{
		{"3 % a day", ramp(1.03), 0, true},
		{"5 % a day", ramp(1.05), 0, true},
		{"8 % a day", ramp(1.08), 0, true},
		{"nothing", ramp(1), 0, false},
		{"a sixth more", func(day int) float64 { return 20e6 * (1 + min(1, float64(day/flat))/6) }, 0, false},
		{"too young a log", func(day int) float64 { // whose days before the 25th cost nothing and are none
			if day < flat-17 {
				return math.NaN()
			}
			return ramp(1.05)(day + 30)
		}, 0, false},
		{"a step", func(day int) float64 { return 20e6 * float64(1+min(1, day/flat)) }, 2, true},
	} {
		found := alerts.Judge(spent(all, tt.cost), time.Time{}, start.AddDate(0, 0, all), alerts.Config{Org: "acme"})
		days, ramps := 0, 0
		for _, x := range found {
			switch {
			case x.Rule == alerts.SpendSpikes && x.Kind == "day":
				days++
			case x.Rule == alerts.SpendSpikes && x.Kind == "ramp":
				ramps++
				if x.Window.To.Before(start.AddDate(0, 0, flat+4)) {
					t.Errorf("%s: a ramp as early as %s", tt.name, x.Window.From)
				}
			}
		}
		if days != tt.days || ramps > 0 != tt.ramps {
			t.Errorf("%s: %d days and %d ramps", tt.name, days, ramps)
		}
	}
}

// TestRampIsNoSecondDearWeek has two weeks that cost half more, two weeks apart: the second is as dear as the first and no ramp.
func TestRampIsNoSecondDearWeek(t *testing.T) {
	t.Parallel()
	f := spent(84, func(day int) float64 {
		if week := day / 7; week == 7 || week == 9 {
			return 30e6
		}
		return 20e6
	})
	ramps := 0
	for _, x := range alerts.Judge(f, time.Time{}, start.AddDate(0, 0, 84), alerts.Config{Org: "acme"}) {
		if x.Rule == alerts.SpendSpikes && x.Kind == "ramp" {
			ramps++
			if !x.Window.From.Before(start.AddDate(0, 0, 60)) {
				t.Error(x.Explanation)
			}
		}
	}
	if ramps == 0 {
		t.Error("not even the first is told")
	}
}

// TestSpendDoesNotDependOnFrom judges parts of a restless log, which must find what judging all of it finds there.
func TestSpendDoesNotDependOnFrom(t *testing.T) {
	t.Parallel()
	const days = 200
	r := rand.New(rand.NewPCG(1, 1))
	f := spent(days, func(day int) float64 {
		x := 20e6 * math.Exp(r.NormFloat64()/4)
		if day%7 >= 5 {
			x /= 4
		}
		if day%17 == 0 {
			x *= 4
		}
		return x
	})
	at := start.AddDate(0, 0, days)
	spikes := func(from time.Time) (list []string) {
		for _, x := range alerts.Judge(f, from, at, alerts.Config{Org: "acme"}) {
			if x.Rule == alerts.SpendSpikes && x.Kind == "day" && !x.Window.From.Before(at.AddDate(0, 0, -60)) {
				list = append(list, fmt.Sprint(x.Bound, x.Score, " ", x.Explanation))
			}
		}
		return list
	}
	want := spikes(time.Time{})
	if len(want) == 0 {
		t.Error("nothing is found at all")
	}
	for back := 60; back <= 100; back++ {
		if got := spikes(at.AddDate(0, 0, -back)); !slices.Equal(got, want) {
			t.Errorf("from %d days before the end:\n%s\nfrom the beginning:\n%s", back, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestSpendOverClockChanges spends the same in every hour of half a year, in which days of 23 and of 25 hours lie: no day
// is dearer or cheaper than it should be, nor is any in a log that costs the same every day.
func TestSpendOverClockChanges(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for name, hours := range map[string]int{"every hour": 1, "every day": 24} {
		f := new(alerts.Figures)
		from, at := time.Date(2026, 1, 5, 5, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC)
		for h := from; h.Before(at); h = h.Add(time.Duration(hours) * time.Hour) {
			f.AddSum(alerts.Cell{Start: h, Actor: "ana", ActorType: activitylog.User, Action: "ai.message.send", Priced: true, Currency: "USD"}, alerts.Sum{Count: 1, CostMicros: 5e6 * int64(hours)})
		}
		for _, x := range alerts.Judge(f, from, at, alerts.Config{Org: "acme", Zone: zone}) {
			if x.Rule == alerts.SpendSpikes || x.Rule == alerts.CostAnomalies {
				t.Errorf("%s: %s", name, x.Explanation)
			}
		}
	}
}
