package alerteval

import (
	"fmt"
	"os"
	"testing"

	"github.com/activitylog/activitylog/alerts"
)

func TestTaxi(t *testing.T) {
	s, _ := load(os.Getenv("ACTIVITYLOG_DATA") + "/nab_nyc_taxi.jsonl")
	list := s.seriesOf()
	c, _ := valueConfig(s.days())
	from, to := list[0].span()
	c.Spend.Score = 2
	for _, f := range alerts.Judge(list[0].figures(), from, to, only(c, alerts.SpendSpikes)) {
		fmt.Println(f.Kind, f.Window.From, f.Score, f.Observed/f.Expected)
	}
}
