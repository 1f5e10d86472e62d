package alerts_test

import (
	"fmt"

	"github.com/activitylog/activitylog/alerts"
)

// machineScenarios are about actors around the clock, whose hours are judged besides their days; and one about a baseline
// that reaches back farther than a day.
func machineScenarios() []scenario {
	hourly := func(n int) func(int) int { return func(int) int { return n } }
	restless := func(hour int) int { // 11.2 in the mean, and they scatter by 14.4
		if hour%5 == 0 {
			return 40
		}
		return 4
	}
	since := func(first int) func(int) int {
		return func(hour int) int {
			if hour < first*24 {
				return 0
			}
			return 3
		}
	}
	nightly := func(hour int) int {
		if hour%24 != 3 {
			return 0
		}
		return 3
	}
	var list []scenario
	for _, x := range []struct {
		name    string
		usual   func(hour int) int
		before  int // messages in one hour of each of the two days before
		n       int // in one hour of the last day
		found   string
		dearest string // the same for cost
	}{
		{"as usual", hourly(3), 0, 0, "", ""},
		{"far above all hours", hourly(3), 0, 60, "hour high bot", "hour medium bot"},
		{"new for ten days", since(30), 0, 60, "", ""},
		{"for a fortnight", since(26), 0, 60, "hour high bot", "hour medium bot"},
		{"at work for an hour a day", nightly, 0, 60, "day high bot", "day high bot"},
		{"too little in an hour to matter", hourly(1), 0, 19, "", "hour medium bot"},
		{"three times an hour", hourly(8), 0, 24, "", ""},
		{"more than three times an hour", hourly(8), 0, 25, "hour high bot", "hour medium bot"},
		{"as on the days before", hourly(3), 60, 66, "", ""},
		{"more than on the days before", hourly(3), 60, 75, "hour high bot", "hour medium bot"},
		{"within the scatter", restless, 0, 50, "", ""},
		{"beyond the scatter", restless, 0, 60, "hour medium bot", "hour medium bot"},
	} {
		tell := func(s *story) {
			for h := 20 * 24; h < 41*24; h++ {
				n := x.usual(h)
				switch {
				case h == 40*24+3 && x.n > 0:
					n = x.n
				case (h == 38*24+5 || h == 39*24+5) && x.before > 0:
					n = x.before
				}
				for range n {
					s.add(on(0, h, 10), "bot", message, by("service"), costing(50))
				}
			}
		}
		want := func(found string) []string {
			if found == "" {
				return nil
			}
			return []string{found}
		}
		s := scenario{name: fmt.Sprint("a machine, ", x.name), rule: alerts.VolumeSpikes, want: want(x.found), tell: tell, config: strict, from: on(40, 0, 0)}
		list = append(list, s)
		s.rule, s.want = alerts.CostAnomalies, want(x.dearest)
		s.config.Cost.Events = 1 // not what this is about
		list = append(list, s)
	}
	for _, rule := range []string{alerts.VolumeSpikes, alerts.CostAnomalies} {
		person := scenario{name: "a person's busy hour is no machine's", rule: rule, config: strict, from: on(40, 0, 0), tell: func(s *story) {
			for day := range 41 {
				for hour := 9; hour < 17; hour++ {
					n := 3
					if day == 40 && hour == 10 {
						n = 30
					}
					s.times(n, on(day, hour, 0), "ada", message, costing(50))
				}
			}
		}}
		small := scenario{name: "a machine's hour that is nothing to the organization", rule: rule, config: strict, from: on(40, 0, 0), tell: func(s *story) {
			for h := 20 * 24; h < 41*24; h++ {
				n := 3
				if h == 40*24+3 {
					n = 60
				}
				s.times(n, on(0, h, 0), "bot", message, by("service"), costing(50))
			}
		}}
		person.config.Cost.Events = 1
		small.config.Cost.Events, small.config.Cost.Impact, small.config.Volume.Impact = 1, 0.9, 0.9
		list = append(list, person, small)
	}
	used := scenario{name: "three weeks ago it failed as often", rule: alerts.ErrorRates, from: on(40, 0, 0), tell: func(s *story) {
		for day := range 38 {
			s.times(8, on(day, 10, 0), "ada", "tool.call", failed)
			s.times(12, on(day, 10, 8), "ada", "tool.call")
		}
		s.times(10, on(40, 10, 0), "ada", "tool.call", failed)
		s.times(4, on(40, 10, 10), "ada", "tool.call")
	}}
	return append(list, used)
}
