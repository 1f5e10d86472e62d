package alerteval

import (
	"math"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// powerResult is how often the rule of error rates finds an hour of so many attempts: exactly, by judging each possible
// number of failures and weighing it with its binomial chance.
type powerResult struct {
	Attempts int     `json:"attempts"`
	Usual    float64 `json:"usual_part"`
	Part     float64 `json:"true_part"`
	Chance   float64 `json:"chance_of_a_finding"`
	Plain    float64 `json:"chance_with_ratio_over_20"`
}

// powers are the cases that the report shows.
func powers() (list []powerResult) {
	for _, n := range []int{3, 10, 20, 50, 100} {
		found := foundFailures(n)
		for _, p := range []float64{0.02, 0.10, 0.30} {
			r := powerResult{Attempts: n, Usual: 0.02, Part: p}
			for k := range n + 1 {
				chance := binomial(k, n, p)
				if found[k] {
					r.Chance += chance
				}
				if 5*k > n {
					r.Plain += chance
				}
			}
			list = append(list, r)
		}
	}
	return list
}

// foundFailures tells for each number of failures among n attempts within a quarter of an hour whether there is a finding,
// after four weeks of a hundred attempts a day of which 2 % failed.
func foundFailures(n int) []bool {
	start := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	at := start.AddDate(0, 0, 28)
	found := make([]bool, n+1)
	for k := range n + 1 {
		f := &alerts.Figures{}
		put := func(t time.Time, n, failed int) {
			for outcome, count := range map[activitylog.Outcome]int{activitylog.Success: n - failed, activitylog.Failure: failed} {
				f.AddSum(alerts.Cell{Start: t, Actor: "service", ActorType: activitylog.Service, Action: "tool.call", Outcome: outcome}, alerts.Sum{Count: int64(count)})
			}
		}
		for d := range 28 {
			put(start.AddDate(0, 0, d), 100, 2)
		}
		put(at, n, k)
		found[k] = slices.ContainsFunc(alerts.Judge(f, at.Add(-time.Hour), at.Add(2*time.Hour), only(alerts.Config{}, alerts.ErrorRates)), func(alerts.Finding) bool { return true })
	}
	return found
}

// binomial is the chance of k failures among n.
func binomial(k, n int, p float64) float64 {
	lg := func(x int) float64 {
		v, _ := math.Lgamma(float64(x + 1))
		return v
	}
	return math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}
