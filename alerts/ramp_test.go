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
		cost := int64(micros(day))
		f.Add(&activitylog.Event{
			ID: uuid.UUID{byte(day), 1}, Time: start.AddDate(0, 0, day), Action: "ai.message.send", Category: "ai", Outcome: activitylog.Success,
			Actor: activitylog.Actor{Type: activitylog.User, ID: "ana"}, AI: &activitylog.AIUsage{CostMicros: &cost, Currency: "USD"},
		})
	}
	return f
}

// TestRampIsTold raises the cost of an organization by 5 % a day: no day stands out, the week does.
func TestRampIsTold(t *testing.T) {
	t.Parallel()
	const flat, all = 42, 56
	micros := 20_000_000.0
	f := spent(all, func(day int) float64 {
		if day >= flat {
			micros *= 1.05
		}
		return micros
	})
	found := alerts.Judge(f, time.Time{}, start.AddDate(0, 0, all), alerts.Config{Org: "acme"})
	var ramps []alerts.Finding
	for _, x := range found {
		if x.Rule == alerts.SpendSpikes && x.Kind == "ramp" {
			ramps = append(ramps, x)
		}
	}
	if len(ramps) != 1 || ramps[0].Window.To.Before(start.AddDate(0, 0, flat+7)) {
		t.Errorf("got %d ramps in %+v", len(ramps), found)
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
