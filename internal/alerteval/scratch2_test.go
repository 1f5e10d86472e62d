package alerteval

import (
	"fmt"
	"os"
	"testing"
)

func TestSeries(t *testing.T) {
	for _, n := range []string{"nab_realAdExchange", "nab_realTweets_a"} {
		s, err := load(os.Getenv("ACTIVITYLOG_DATA") + "/" + n + ".jsonl")
		if err != nil {
			t.Fatal(err)
		}
		list := s.seriesOf()
		c, _ := valueConfig(s.days())
		for _, d := range seriesDetectors()[:1] {
			r := d.run(list, c)
			fmt.Printf("%s %s %+v\n   %+v\n", n, d.Name, r.Frozen, r.Tuned)
		}
		d := seriesDetectors()[0]
		for _, ratio := range []float64{3} {
			for _, x := range []float64{0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.5, 1.75, 2, 2.5} {
				c.Cost.HourRatio = ratio
				d.tune(&c, x)
				h, _ := d.judge(list, c)
				fmt.Printf("%g:%.2f/%d/%d ", x, h.F1, h.Right, h.Findings)
			}
			fmt.Println(n, ratio)
		}
	}
}
