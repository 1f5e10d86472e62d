package alerteval

import (
	"fmt"
	"os"
	"testing"

	"github.com/activitylog/activitylog/alerts"
)

func TestScratch(t *testing.T) {
	s, err := load(os.Getenv("ACTIVITYLOG_DATA") + "/llm_servegen_hourly_m-large.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{alerts.VolumeSpikes, alerts.CostAnomalies} {
		m := &daily{set: s, rule: rule, act: newActivity(s, func(r *row) float64 { return r.number["count"] })}
		m.conf.Volume.Learning, m.conf.Cost.Learning = 7, 7
		m.from = m.act.first + 7
		raw := m.judge(m.from, m.act.last, nil)
		ep := alerts.Episodes(raw)
		n := m.act.actorDays(m.from)
		k := map[string]int{}
		for _, f := range ep {
			k[f.Kind]++
			fmt.Println("   ", f.Explanation)
		}
		fmt.Println(rule, k, len(raw), len(ep), n, 1000*float64(len(ep))/float64(n), "all days", 1000*float64(len(ep))/float64(m.act.actorDays(0)), len(m.places()))
		for _, sh := range shapes[:5] {
			if os.Getenv("QUICK") != "" && sh.name != "10x" && sh.name != "20x" && sh.name != "5x" {
				continue
			}
			r, _ := m.shape(sh)
			fmt.Printf("%+v\n", r)
		}
	}
}
