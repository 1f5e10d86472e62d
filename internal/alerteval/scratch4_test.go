package alerteval

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

func TestHours(t *testing.T) {
	s, _ := load(os.Getenv("ACTIVITYLOG_DATA") + "/work_git_commits.jsonl")
	start := time.Now()
	cat := activitylog.DefaultCatalog()
	for _, hist := range []int{90, 180, 365} {
		for _, prior := range []float64{5, 10, 20, 40} {
			for _, tail := range []float64{.03, .04, .05} {
				var c alerts.Config
				c.OffHours.Events, c.OffHours.Tail, c.OffHours.Prior, c.OffHours.History = 3, tail, prior, hist
				r, _ := s.hours(cat, c, 300)
				fmt.Println(hist, prior, tail, r.ActorDays, r.Judged, r.Found, r.Part, "shift", r.Shifted, r.Recall, "dst", r.Changes, r.Others, time.Since(start))
			}
		}
	}
}
