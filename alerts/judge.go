package alerts

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// rule is a detector: it returns what it finds, in any order, and changes nothing.
type rule struct {
	name  string
	judge func(*view) []Finding
}

var rules = []rule{
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
// rests on the time before it alone, so that judging a long time at once gives what judging it day by day gave. The rules
// are judged on all processors; f must not change meanwhile.
func Judge(f *Figures, from, at time.Time, c Config) []Finding {
	c = c.Defaults()
	v := newView(f, from, at, c)
	var list []Finding
	for _, findings := range v.judgeAll(rules) {
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

// judgeAll are the findings of each rule. The rules judge at the same time, since none needs another. A panic of one is
// passed on to the caller, who may recover it.
func (v *view) judgeAll(rules []rule) [][]Finding {
	found := make([][]Finding, len(rules))
	panics := make([]string, len(rules))
	var judging sync.WaitGroup
	for i, r := range rules {
		if slices.Contains(v.c.Off, r.name) {
			continue
		}
		judging.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					panics[i] = fmt.Sprintf("alerts: rule %s: %v\n%s", r.name, p, debug.Stack())
				}
			}()
			found[i] = r.judge(v)
		})
	}
	judging.Wait()
	for _, p := range panics {
		if p != "" {
			panic(p)
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
