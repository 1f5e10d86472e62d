package alerts

import (
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
)

// silences finds the times in which a log that is never still has nothing at all, by the hours of the week.
func (v *view) silences() []Finding {
	byHour := map[int32]int64{}
	var hours []int32
	for _, ref := range v.cells {
		h := floorHour(ref.key.quarter)
		if byHour[h] == 0 {
			hours = append(hours, h)
		}
		byHour[h] += ref.sum.Count
	}
	if len(hours) == 0 {
		return nil
	}
	slices.Sort(hours)
	first := hours[0]
	for _, sums := range v.f.past {
		first = min(first, floorHour(sums[0].quarter))
	}
	from := max(floorHour(quarterOf(v.from)), first+int32(v.c.Silence.History)*24)
	end := floorHour(quarterOf(v.at))
	var list []Finding
	for i, h := range hours {
		next := end
		if i+1 < len(hours) {
			next = min(end, hours[i+1])
		}
		if start := h + 1; next > start && start >= from {
			if f, ok := v.silence(byHour, start, next); ok {
				list = append(list, f)
			}
		}
	}
	return list
}

// silenceDays is how far into a silence its expectation is summed: longer ones are no more certain.
const silenceDays = 7

// silence holds the hours from start up to end, which have nothing, against the weakest of the same hours of the weeks
// before: a holiday in one of them shows that it can be still.
func (v *view) silence(byHour map[int32]int64, start, end int32) (Finding, bool) {
	c := v.c.Silence
	expected, raised := 0.0, int32(0)
	for h := start; h < min(end, start+silenceDays*24); h++ {
		least := int64(-1)
		for week := int32(1); week <= int32(c.History/7); week++ {
			if n := byHour[h-week*7*24]; least < 0 || n < least {
				least = n
			}
		}
		expected += float64(max(least, 0))
		if raised == 0 && expected >= c.Expected {
			raised = h + 1
		}
	}
	if raised == 0 {
		return Finding{}, false
	}
	w := Window{timeOf(start * 4), timeOf(end * 4)}
	f := Finding{
		Rule: LogGap, Kind: "silence", Severity: activitylog.High, Score: 100, Subject: Subject{"org", v.c.Org}, Window: w, Raised: timeOf(raised * 4),
		Expected: expected, Bound: 0, Unit: "events", Filter: activitylog.All(activitylog.Since(w.From), activitylog.Before(w.To), notAudit),
		Baseline: Baseline{Method: "the weakest of the same hours in the weeks before", Size: c.History, From: w.From.AddDate(0, 0, -c.History), To: w.From, Mature: true},
	}
	f.Explanation = fmt.Sprintf("Nothing was recorded from %s to %s UTC, where even the weakest of the weeks before had %s.", clockOf(w.From), clockOf(w.To), plural(int(expected), "event", "events"))
	return f, true
}
