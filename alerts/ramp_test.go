package alerts_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// TestRampIsTold raises the cost of an organization by 5 % a day: no day stands out, the week does.
func TestRampIsTold(t *testing.T) {
	t.Parallel()
	var f alerts.Figures
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	const flat, all = 42, 56
	micros := 20_000_000.0
	for day := range all {
		if day >= flat {
			micros *= 1.05
		}
		cost := int64(micros)
		f.Add(&activitylog.Event{
			ID: uuid.UUID{byte(day), 1}, Time: start.AddDate(0, 0, day), Action: "ai.message.send", Category: "ai", Outcome: activitylog.Success,
			Actor: activitylog.Actor{Type: activitylog.User, ID: "ana"}, AI: &activitylog.AIUsage{CostMicros: &cost, Currency: "USD"},
		})
	}
	found := alerts.Judge(&f, time.Time{}, start.AddDate(0, 0, all), alerts.Config{Org: "acme"})
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
