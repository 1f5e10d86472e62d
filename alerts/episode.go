package alerts

import (
	"slices"
	"time"
)

// Quiet is how long nothing must be found before the trouble of a rule counts as over: a day for what comes in bursts,
// a week for what is held against a baseline.
func Quiet(rule string) time.Duration {
	switch rule {
	case VolumeSpikes, CostAnomalies, SpendSpikes, OffHours:
		return 7 * 24 * time.Hour
	}
	return 24 * time.Hour
}

// Episodes brings together the findings of one trouble: those with one fingerprint and less than Quiet between the end
// of one and the beginning of the next. The first stands for all, unless a later one is more severe: then that one does,
// with the window of its own. Findings must be in the order of Judge, and so are episodes.
func Episodes(findings []Finding) []Finding {
	open := map[string]int{} // fingerprint to index in list
	var list []Finding
	for _, f := range findings {
		i, ok := open[f.Fingerprint]
		if !ok || f.Window.From.Sub(list[i].LastSeen) >= Quiet(f.Rule) {
			f.Occurrences, f.LastSeen = 1, f.Window.To
			open[f.Fingerprint] = len(list)
			list = append(list, f)
			continue
		}
		e := &list[i]
		n, last := e.Occurrences+1, e.LastSeen
		if f.Window.To.After(last) {
			last = f.Window.To
		}
		if rank(f.Severity) > rank(e.Severity) {
			*e = f
		}
		e.Occurrences, e.LastSeen = n, last
	}
	slices.SortStableFunc(list, compareFindings)
	return list
}
