package alerts_test

import (
	"fmt"

	"github.com/activitylog/activitylog/alerts"
)

const message = "ai.message.send"

// strict names every threshold of volume and cost, so that these stories do not hang on the defaults.
var strict = alerts.Config{
	Volume: alerts.VolumeConfig{Support: 20, Deviations: 3, Ratio: 3, Far: 3, Record: 1.5, Tail: 1e-3, Impact: 0.02, ImpactFrom: 50, History: 28, Learning: 14, Active: 5},
	Cost: alerts.CostConfig{
		Record: 1.5, Ratio: 3, Score: 3, LogSpread: 0.35, Floor: 1_000_000, Impact: 0.02, Events: 10, Breadth: 0.3, History: 28, Learning: 14, Active: 5,
	},
	Spend: alerts.SpendConfig{Score: 5, Ratio: 1.25, Floor: 1_000_000, SlowRatio: 1.3, History: 56, Learning: 14, Seasonal: 28, BudgetFrom: 0.8},
}

func volumeScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.VolumeSpikes, want: want, tell: tell, config: strict, from: on(40, 0, 0)}
	}
	spike := func(s *story, n int) { s.times(n, on(40, 8, 0), "ada", message) }
	others := func(s *story, n, each int) {
		for i := range n {
			s.daily(12, 41, each, fmt.Sprintf("other%d", i), message)
		}
	}
	many := func(name string, want []string, tell func(*story)) scenario {
		s := one(name, want, tell)
		s.config.Volume.Impact = 0.1 // of 209
		return s
	}
	few := one("impact is for organizations of many", []string{"day high ada"}, func(s *story) {
		others(s, 3, 4)
		s.daily(0, 40, 5, "ada", message)
		spike(s, 20)
	})
	few.config.Volume.Impact = 0.9
	near := one("a record that is not yet far above the usual", []string{"day low ada"}, func(s *story) { s.daily(0, 40, 5, "ada", message); spike(s, 30) })
	near.config.Volume.Far = 6
	return []scenario{
		few, near,
		one("spike", []string{"day high ada"}, func(s *story) { s.cycle(0, 40, "ada", 4, 5, 6); spike(s, 60) }),
		one("too little to matter", nil, func(s *story) { s.daily(0, 40, 1, "ada", message); spike(s, 19) }),
		one("just enough to matter", []string{"day high ada"}, func(s *story) { s.daily(0, 40, 1, "ada", message); spike(s, 20) }),
		one("within the scatter", nil, func(s *story) {
			s.daily(0, 39, 1, "ada", message)
			s.times(59, on(39, 10, 0), "ada", message)
			spike(s, 33)
		}),
		one("beyond the scatter", []string{"day low ada"}, func(s *story) {
			s.daily(0, 39, 1, "ada", message)
			s.times(59, on(39, 10, 0), "ada", message)
			spike(s, 40)
		}),
		one("not three times the usual", nil, func(s *story) { s.daily(0, 40, 20, "ada", message); spike(s, 60) }),
		one("a little more than that", []string{"day high ada"}, func(s *story) { s.daily(0, 40, 20, "ada", message); spike(s, 61) }),
		one("above the usual but no record", []string{"day low ada"}, func(s *story) {
			s.daily(0, 39, 5, "ada", message)
			s.times(50, on(39, 10, 0), "ada", message)
			spike(s, 75)
		}),
		one("a record by far", []string{"day high ada"}, func(s *story) {
			s.daily(0, 39, 5, "ada", message)
			s.times(50, on(39, 10, 0), "ada", message)
			spike(s, 100)
		}),
		one("a record that is not improbable", []string{"day medium ada"}, func(s *story) {
			s.cycle(0, 40, "ada", 40, 0, 0, 0, 0)
			spike(s, 121)
		}),
		many("nothing to an organization of many", nil, func(s *story) {
			others(s, 51, 4)
			s.daily(0, 40, 5, "ada", message)
			spike(s, 25)
		}),
		many("something to an organization of many", []string{"day high ada"}, func(s *story) {
			others(s, 51, 4)
			s.daily(0, 40, 5, "ada", message)
			spike(s, 27)
		}),
		one("a fortnight is not yet over", nil, func(s *story) { s.daily(27, 40, 2, "ada", message); spike(s, 60) }),
		one("a fortnight is over", []string{"day high ada"}, func(s *story) { s.daily(26, 40, 2, "ada", message); spike(s, 60) }),
		one("four active days are not enough", nil, func(s *story) {
			for _, day := range []int{10, 20, 30, 35} {
				s.times(2, on(day, 10, 0), "ada", message)
			}
			spike(s, 60)
		}),
		one("a newcomer against the others", []string{"day low ada"}, func(s *story) {
			others(s, 5, 6)
			spike(s, 60)
		}),
		one("what is far back does not count", []string{"day high ada"}, func(s *story) {
			s.daily(5, 7, 80, "ada", message)
			s.daily(11, 40, 5, "ada", message)
			spike(s, 60)
		}),
	}
}

func costScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.CostAnomalies, want: want, tell: tell, config: strict, from: on(40, 0, 0)}
	}
	// usual spends a dollar a day in ten messages.
	usual := func(s *story, actor string, from, to int) { s.daily(from, to, 10, actor, message, costing(10)) }
	day := func(s *story, n int, cents int64) { s.times(n, on(40, 8, 0), "ada", message, costing(cents)) }
	smooth := one("steady days scatter a little all the same", nil, func(s *story) { usual(s, "ada", 0, 40); day(s, 35, 10) })
	smooth.config.Cost.LogSpread = 0.5
	return []scenario{
		smooth,
		one("twice as much as on steady days", nil, func(s *story) {
			s.daily(0, 40, 100, "ada", message, costing(10))
			day(s, 200, 10)
		}),
		one("what is far back does not count", []string{"day medium ada"}, func(s *story) {
			s.daily(5, 7, 100, "ada", message, costing(10))
			usual(s, "ada", 11, 40)
			day(s, 50, 10)
		}),
		one("many more messages", []string{"day medium ada"}, func(s *story) { usual(s, "ada", 0, 40); day(s, 50, 10) }),
		one("far more", []string{"day high ada"}, func(s *story) { usual(s, "ada", 0, 40); day(s, 200, 10) }),
		one("one dear message", []string{"day medium ada"}, func(s *story) { usual(s, "ada", 0, 40); day(s, 1, 500) }),
		one("no record", nil, func(s *story) {
			usual(s, "ada", 0, 38)
			s.daily(38, 40, 50, "ada", message, costing(10))
			day(s, 70, 10)
		}),
		one("within the scatter", nil, func(s *story) {
			for d := range 40 {
				s.times(1+d%2*30, on(d, 10, 0), "ada", message, costing(10))
			}
			day(s, 60, 10)
		}),
		one("less than a dollar above", nil, func(s *story) { s.daily(0, 40, 10, "ada", message, costing(1)); day(s, 109, 1) }),
		one("more than a dollar above", []string{"day high ada"}, func(s *story) {
			s.daily(0, 40, 10, "ada", message, costing(1))
			day(s, 520, 1)
		}),
		one("nothing to the organization", nil, func(s *story) {
			s.daily(0, 41, 10, "whale", message, costing(2500))
			usual(s, "ada", 0, 40)
			day(s, 55, 10)
		}),
		one("ten typical messages are the least", nil, func(s *story) { s.daily(0, 40, 1, "ada", message, costing(200)); day(s, 10, 200) }),
		one("a little more than ten", []string{"day medium ada"}, func(s *story) {
			s.daily(0, 40, 1, "ada", message, costing(200))
			day(s, 11, 200)
		}),
		one("a fortnight is not yet over", nil, func(s *story) { usual(s, "ada", 27, 40); day(s, 50, 10) }),
		one("a fortnight is over", []string{"day medium ada"}, func(s *story) { usual(s, "ada", 26, 40); day(s, 50, 10) }),
		one("a short history needs three times the usual", nil, func(s *story) {
			usual(s, "ada", 24, 40)
			day(s, 29, 10)
		}),
		one("four active days are not enough", nil, func(s *story) {
			for _, d := range []int{10, 20, 30, 35} {
				s.times(10, on(d, 10, 0), "ada", message, costing(10))
			}
			day(s, 50, 10)
		}),
		one("a new price for all", []string{"org_step medium acme"}, func(s *story) {
			for i := range 6 {
				a := fmt.Sprintf("user%d", i)
				usual(s, a, 0, 40)
				s.times(10, on(40, 8, 0), a, message, costing(80))
			}
		}),
		one("two of many", []string{"day medium user0", "day medium user1"}, func(s *story) {
			for i := range 8 {
				a := fmt.Sprintf("user%d", i)
				usual(s, a, 0, 40)
				n := 10
				if i < 2 {
					n = 60
				}
				s.times(n, on(40, 8, 0), a, message, costing(10))
			}
		}),
	}
}

func spendScenarios() []scenario {
	one := func(name string, want []string, tell func(*story)) scenario {
		return scenario{name: name, rule: alerts.SpendSpikes, want: want, tell: tell, config: strict}
	}
	// Cost in dollars by the day of the week; a little up and down from day to day.
	week := []int{100, 110, 105, 108, 95, 20, 10}
	spend := func(s *story, from, to int, factor func(day int) float64) {
		for day := from; day < to; day++ {
			dollars := float64(week[day%7]+day%3) * factor(day)
			s.add(on(day, 10, 0), "ada", message, costing(int64(50*dollars)))
			s.add(on(day, 15, 0), "bob", message, costing(int64(50*dollars)))
		}
	}
	flat := func(int) float64 { return 1 }
	but := func(special int, factor float64) func(int) float64 {
		return func(day int) float64 {
			if day == special {
				return factor
			}
			return 1
		}
	}
	budget := one("a budget that will not last", []string{"budget medium acme"}, func(s *story) {
		for day := range 30 {
			s.add(on(day, 10, 0), "ada", message, costing(1000))
		}
	})
	budget.config.Spend.Budget = 200_000_000
	enough := budget
	enough.name, enough.want, enough.config.Spend.Budget = "a budget that lasts", nil, 400_000_000
	cheap := one("less than a dollar above", nil, func(s *story) {
		for day := range 60 {
			cents := int64(10)
			if day == 57 {
				cents = 109
			}
			s.add(on(day, 10, 0), "ada", message, costing(cents))
		}
	})
	dearer := cheap
	dearer.name, dearer.want = "more than a dollar above", []string{"day medium acme"}
	dearer.tell = func(s *story) {
		for day := range 60 {
			cents := int64(10)
			if day == 57 {
				cents = 111
			}
			s.add(on(day, 10, 0), "ada", message, costing(cents))
		}
	}
	fifth := one("a fifth more is within the ratio", nil, func(s *story) {
		for day := range 70 {
			cents := int64(10_000)
			if day == 57 {
				cents = 12_400
			}
			s.add(on(day, 10, 0), "ada", message, costing(cents))
		}
	})
	fifth.config.Spend.Score = 2 // of 5 %
	long := one("wild days of long ago", []string{"day high acme"}, func(s *story) {
		spend(s, 0, 70, func(day int) float64 {
			switch {
			case day < 5:
				return 100
			case day == 65:
				return 3.5
			}
			return 1
		})
	})
	long.from = on(63, 0, 0)
	return []scenario{
		budget, enough, cheap, dearer,
		one("spike of a weekday", []string{"day high acme"}, func(s *story) { spend(s, 0, 70, but(57, 3.5)) }),
		one("a Sunday like a Monday", []string{"day medium acme"}, func(s *story) { spend(s, 0, 70, but(62, 10)) }),
		one("a week as any", nil, func(s *story) { spend(s, 0, 70, flat) }),
		fifth,
		one("too early to tell weekdays apart", nil, func(s *story) { spend(s, 0, 70, but(20, 10)) }),
		long,
		one("unsteady days", nil, func(s *story) {
			for day := range 70 {
				cents := int64(10_000 + day*7919%5*4000)
				if day == 57 {
					cents = 40_000
				}
				s.add(on(day, 10, 0), "ada", message, costing(cents))
			}
		}),
		one("the first days", nil, func(s *story) { spend(s, 0, 20, but(10, 5)) }),
		one("a ramp", []string{"ramp medium acme"}, func(s *story) {
			spend(s, 0, 70, func(day int) float64 { return 1 + max(0, float64(day-50))*0.05 })
		}),
	}
}
