package alerts_test

import "github.com/activitylog/activitylog/alerts"

// dropScenarios are about days on which an organization costs far less.
func dropScenarios() []scenario {
	// usual costs so many cents on each of 70 days, but for one on which it costs as many as that.
	usual := func(name string, want []string, cents func(day int) int64, special int64) scenario {
		return scenario{name: name, rule: alerts.SpendSpikes, want: want, config: strict, tell: func(s *story) {
			for day := range 70 {
				n := cents(day)
				if day == 57 {
					n = special
				}
				s.add(on(day, 10, 0), "ada", message, costing(n-n/2))
				s.add(on(day, 15, 0), "bob", message, costing(n/2))
			}
		}}
	}
	steady := func(cents int64) func(int) int64 { return func(int) int64 { return cents } }
	unsteady := func(day int) int64 { return int64(10_000 + day*7919%5*4000) }
	holiday := usual("a holiday", []string{"drop info acme"}, steady(10_000), 1000)
	only := holiday
	only.name, only.want, only.config.Spend.UpOnly = "a holiday is nobody's business", nil, true
	fifth := usual("a fifth less is within the ratio", nil, steady(10_000), 8200)
	fifth.config.Spend.Score = 2 // of 5 %
	running := usual("a day that is not over", nil, steady(10_000), 10_000)
	running.at = on(57, 12, 0)
	return []scenario{
		holiday, only, fifth, running,
		usual("less than a dollar below", nil, steady(99), 0),
		usual("more than a dollar below", []string{"drop info acme"}, steady(110), 8),
		usual("a cheap one among unsteady days", nil, unsteady, 1000),
	}
}
