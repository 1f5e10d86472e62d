package alerteval

import (
	"time"

	"github.com/activitylog/activitylog/alerts"
)

// errorResult is what the rule of error rates makes of a file.
type errorResult struct {
	Attempts  int            `json:"attempts"`
	Failures  int            `json:"failures"`
	Hours     int            `json:"actor_hours"`
	ActorDays int            `json:"active_actor_days"`
	Findings  int            `json:"findings"`
	Per       float64        `json:"findings_per_1000_active_actor_days"`
	Plain     map[string]int `json:"plain_findings"`
	Sentences []string       `json:"sentences"`
}

// errorRates is nil where nothing but sign-ins failed.
func (s *set) errorRates(f *alerts.Figures, c alerts.Config) *errorResult {
	type actorHour struct {
		actor string
		hour  int32
	}
	type counted struct{ n, failed int }
	hours, days := map[actorHour]*counted{}, map[string]bool{}
	res := &errorResult{Plain: map[string]int{"ratio over 20 %": 0, "ratio over 50 %": 0}}
	for i := range s.rows {
		r := &s.rows[i]
		if isSignIn(r) || r.outcome != "success" && r.outcome != "failure" {
			continue
		}
		h := hours[actorHour{r.actor, hourOf(r.time)}]
		if h == nil {
			h = &counted{}
			hours[actorHour{r.actor, hourOf(r.time)}] = h
		}
		h.n++
		res.Attempts++
		days[r.actor+r.time.Format(time.DateOnly)] = true
		if r.outcome == "failure" {
			h.failed++
			res.Failures++
		}
	}
	if res.Failures == 0 {
		return nil
	}
	res.Hours, res.ActorDays = len(hours), len(days)
	for _, h := range hours {
		if 5*h.failed > h.n {
			res.Plain["ratio over 20 %"]++
		}
		if 2*h.failed > h.n {
			res.Plain["ratio over 50 %"]++
		}
	}
	from, to := s.span()
	found := alerts.Episodes(alerts.Judge(f, startOf(from), to.Add(time.Hour), only(c, alerts.ErrorRates)))
	res.Findings, res.Per = len(found), perThousand(len(found), res.ActorDays)
	for i := range min(sentences, len(found)) {
		res.Sentences = append(res.Sentences, found[i].Explanation)
	}
	return res
}
