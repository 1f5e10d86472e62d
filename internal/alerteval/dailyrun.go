package alerteval

import (
	"github.com/activitylog/activitylog/alerts"
)

// dailyResult is what a rule that judges actors by their days makes of a file.
type dailyResult struct {
	Actors    int                `json:"actors"`
	Days      int                `json:"days_judged"`
	ActorDays int                `json:"actor_days"`
	Active    int                `json:"active_actor_days"`
	Findings  int                `json:"findings"` // troubles of medium severity and above
	Per       float64            `json:"findings_per_1000_actor_days"`
	PerActive float64            `json:"findings_per_1000_active_actor_days"`
	PlainPer  map[string]float64 `json:"plain_findings_per_1000_actor_days"`
	Shapes    []shapeResult      `json:"shapes"`
	Sentences []string           `json:"sentences"` // of the first findings
}

// sentences is how many findings are told in words.
const sentences = 10

// newDaily measures one rule on what each row of a file amounts to.
func newDaily(s *set, rule string, many int, amount func(*row) float64) *daily {
	m := &daily{set: s, rule: rule, act: newActivity(s, amount), many: many}
	m.conf, _ = shortConfig(s.days())
	m.conf.Org = s.name
	m.from = m.act.first + int32(m.conf.Defaults().Volume.Learning)
	return m
}

// run is nil where no actor is known long enough to be judged.
func (m *daily) run() *dailyResult {
	if len(m.places()) == 0 {
		return nil
	}
	r := &dailyResult{Actors: len(m.act.actors), Days: int(m.act.last - m.from + 1), PlainPer: map[string]float64{}}
	r.ActorDays, r.Active = m.act.actorDays(m.from)
	found := alerts.Episodes(m.judge(m.from, m.act.last, nil))
	r.Findings = len(found)
	r.Per, r.PerActive = perThousand(r.Findings, r.ActorDays), perThousand(r.Findings, r.Active)
	for i := range min(sentences, len(found)) {
		r.Sentences = append(r.Sentences, found[i].Explanation)
	}
	for name, rule := range plainRules {
		r.PlainPer[name] = perThousand(m.act.plainFindings(rule, m.from), r.ActorDays)
	}
	for _, s := range shapes {
		if x, ok := m.shape(s); ok {
			r.Shapes = append(r.Shapes, x)
		}
	}
	return r
}

func perThousand(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return rounded(1000 * float64(n) / float64(of))
}
