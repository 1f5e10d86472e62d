package alerteval

import (
	"math"
	"slices"
)

// plainRules are those that people write by hand, on the sums of an actor's days: the four weeks before are their
// baseline, and they ask for nothing else.
var plainRules = map[string]func(days map[int32]float64, day int32) bool{
	"3x mean": func(days map[int32]float64, day int32) bool {
		all, _ := past(days, day, 28)
		return len(all) >= 7 && days[day] > 3*mean(all)
	},
	"mean + 3 sd": func(days map[int32]float64, day int32) bool {
		all, _ := past(days, day, 28)
		return len(all) >= 7 && days[day] > mean(all)+3*deviation(all)
	},
}

// plainFindings counts what a plain rule gives on the data as they are, each actor at most once a week.
func (a *activity) plainFindings(rule func(map[int32]float64, int32) bool, from int32) (n int) {
	for _, id := range a.actors {
		days, quiet := a.days[id], int32(math.MinInt32)
		var order []int32
		for d := range days {
			order = append(order, d)
		}
		slices.Sort(order)
		for _, d := range order {
			if d < from || !rule(days, d) {
				continue
			}
			if d >= quiet {
				n++
			}
			quiet = d + 7
		}
	}
	return n
}

// rounded keeps four digits behind the point, so that a result reads the same on every machine.
func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }
