package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// BenchmarkJudge judges 1,000 people who work eight hours on five days of the week for 56 days, each with a dozen messages
// a day to three models, some of which fail: the last day of them, as a monitor does, and all days, as a backtest does.
func BenchmarkJudge(b *testing.B) {
	const actors, days = 1000, 56
	r := rand.New(rand.NewPCG(1, 1))
	f := &alerts.Figures{}
	events := 0
	for a := range actors {
		for day := range days {
			if day%7 >= 5 {
				continue
			}
			for range 12 {
				c := alerts.Cell{
					Start: on(day, 9+r.IntN(8), 15*r.IntN(4)), Actor: fmt.Sprint("user", a), ActorType: activitylog.User, Action: "ai.message.send",
					Outcome: activitylog.Success, Provider: "openai", Model: []string{"gpt-4o", "o3", "gpt-5"}[r.IntN(3)], Currency: "USD", Priced: true,
				}
				if r.IntN(50) == 0 {
					c.Outcome = activitylog.Failure
				}
				n := 1 + r.Int64N(3)
				events += int(n)
				f.AddSum(c, alerts.Sum{Count: n, CostMicros: n * (1000 + r.Int64N(100_000)), InputTokens: n * 1000, OutputTokens: n * 300})
			}
		}
	}
	at := on(days, 0, 0)
	for _, x := range []struct {
		name string
		from time.Time
	}{{"last day", at.AddDate(0, 0, -1)}, {"all days", monday}} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(float64(events), "events")
			for b.Loop() {
				alerts.Judge(f, x.from, at, alerts.Config{Org: "acme"})
			}
		})
	}
}
