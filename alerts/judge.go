package alerts

import (
	"slices"
	"sync"
	"time"
)

// rules are the detectors by name. Each adds what it finds to the view's findings, in any order.
var rules = []struct {
	name  string
	judge func(*view) []Finding
}{
	{LoginFailures, judgeLogins},
	{VolumeSpikes, judgeVolume},
	{OffHours, judgeHours},
	{CostAnomalies, judgeCost},
	{SpendSpikes, judgeSpend},
	{NewModels, judgeModels},
	{ErrorRates, judgeErrors},
	{PrivilegeEscalation, judgePrivilege},
	{MassDeletion, judgeDeletion},
	{MassExport, judgeExport},
	{Impersonation, judgeImpersonation},
	{DormantRevival, judgeDormant},
	{GuardrailRemoved, judgeGuardrails},
	{LogGap, judgeGaps},
}

// Rules are the names of all rules.
func Rules() []string {
	var list []string
	for _, r := range rules {
		list = append(list, r.name)
	}
	return append(list, SeveralSignals)
}

// Judge returns every finding whose window began at from or later and before at, judged by what had happened before at
// and by nothing else: no clock, no store, no chance. Findings are sorted by window. What is judged in one day or hour
// rests on the time before it alone, so that judging a long time at once gives what judging it day by day gave.
func Judge(f *Figures, from, at time.Time, c Config) []Finding {
	c = c.Defaults()
	v := newView(f, from, at, c)
	var list []Finding
	for _, findings := range v.judgeAll() {
		for _, found := range findings {
			if v.keeps(&found) {
				list = append(list, found)
			}
		}
	}
	if !slices.Contains(c.Off, SeveralSignals) {
		for _, found := range judgeSeveral(v, list) {
			if v.keeps(&found) {
				list = append(list, found)
			}
		}
	}
	slices.SortStableFunc(list, compareFindings)
	return list
}

// judgeAll are the findings of each rule. They judge at the same time, since none needs another.
func (v *view) judgeAll() [][]Finding {
	found := make([][]Finding, len(rules))
	panics := make([]any, len(rules))
	var judging sync.WaitGroup
	for i, r := range rules {
		if slices.Contains(v.c.Off, r.name) {
			continue
		}
		judging.Go(func() {
			defer func() { panics[i] = recover() }()
			found[i] = r.judge(v)
		})
	}
	judging.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p) // where the caller can recover it
		}
	}
	return found
}

// keeps completes a finding and tells whether it is one: not announced, and not about history alone.
func (v *view) keeps(f *Finding) bool {
	f.Version, f.Org = 1, v.c.Org
	f.Fingerprint = fingerprint(f.Rule, f.Kind, f.Org, f.Subject)
	f.Occurrences, f.LastSeen = 1, f.Window.To
	if f.Raised.IsZero() {
		f.Raised = f.Window.To
	}
	if f.Raised.After(v.at) {
		f.Raised = v.at
	}
	f.Window.From, f.Window.To, f.Raised = f.Window.From.UTC(), f.Window.To.UTC(), f.Raised.UTC()
	if v.c.Live && 2*f.backfilled > f.Count {
		return false
	}
	return v.began(f.Window) && !v.c.planned(f.Rule, f.Subject.ID, f.Window)
}
