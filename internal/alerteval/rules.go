package alerteval

import (
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// ruleResult counts what one rule finds in a file of events as it is.
type ruleResult struct {
	Rule     string         `json:"rule"`
	Findings int            `json:"findings"`
	Medium   int            `json:"findings_medium_and_above"`
	Per      float64        `json:"medium_per_1000_active_actor_days"`
	Kinds    map[string]int `json:"kinds"`
}

// allRules judges a file of events with all rules. Those that find nothing are left out.
func (s *set) allRules(f *alerts.Figures, c alerts.Config) (list []ruleResult) {
	days := map[string]bool{}
	for i := range s.rows {
		days[s.rows[i].actor+s.rows[i].time.Format(time.DateOnly)] = true
	}
	byRule := map[string]*ruleResult{}
	from, to := s.span()
	for _, x := range alerts.Episodes(alerts.Judge(f, startOf(from), to.Add(time.Second), c)) {
		r := byRule[x.Rule]
		if r == nil {
			r = &ruleResult{Rule: x.Rule, Kinds: map[string]int{}}
			byRule[x.Rule] = r
		}
		r.Findings++
		r.Kinds[x.Kind]++
		if atLeast(x.Severity, activitylog.Medium) {
			r.Medium++
		}
	}
	for _, name := range alerts.Rules() {
		if r := byRule[name]; r != nil {
			r.Per = perThousand(r.Medium, len(days))
			list = append(list, *r)
		}
	}
	return list
}
