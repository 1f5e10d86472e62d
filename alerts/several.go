package alerts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// judgeSeveral finds actors whom different rules tell of within a day. One weak sign is noise, several are a story.
func judgeSeveral(v *view, found []Finding) []Finding {
	byActor := map[string][]Finding{}
	for _, f := range found {
		if f.Subject.Type == "user" && f.Subject.ID != "" && rank(f.Severity) >= rank(activitylog.Low) && f.Count > 0 {
			byActor[f.Subject.ID] = append(byActor[f.Subject.ID], f)
		}
	}
	var list []Finding
	for _, actor := range slices.Sorted(maps.Keys(byActor)) {
		signs := byActor[actor]
		slices.SortStableFunc(signs, compareFindings)
		for lo := 0; lo < len(signs); {
			hi, rules := lo, map[string]bool{}
			for ; hi < len(signs) && signs[hi].Window.From.Sub(signs[lo].Window.From) < 24*time.Hour; hi++ {
				rules[signs[hi].Rule] = true
			}
			if len(rules) < 2 {
				lo++
				continue
			}
			if f := v.severalOf(actor, signs[lo:hi], slices.Sorted(maps.Keys(rules))); f.Count > 0 {
				list = append(list, f)
			}
			lo = hi
		}
	}
	return list
}

func (v *view) severalOf(actor string, signs []Finding, rules []string) Finding {
	w := Window{timeOf(quarterOf(signs[0].Window.From)), signs[0].Window.To}
	f := Finding{
		Rule: SeveralSignals, Kind: "actor", Severity: activitylog.Low, Subject: Subject{"user", actor}, Observed: float64(len(rules)), Bound: 1, Unit: "rules",
		Baseline: Baseline{Method: "none is expected", Mature: true}, Reasons: rules,
	}
	for _, s := range signs {
		if s.Window.To.After(w.To) {
			w.To = s.Window.To
		}
		if rank(s.Severity) >= rank(activitylog.Medium) {
			f.Severity = activitylog.High
		}
		f.Score = max(f.Score, s.Score)
		if s.Raised.After(f.Raised) {
			f.Raised = s.Raised
		}
		f.Contributors = append(f.Contributors, Share{Type: "finding", ID: s.Rule + "/" + s.Kind, Amount: float64(s.Count)})
	}
	w.To = timeOf(quarterOf(w.To.Add(Quarter - 1)))
	f.Window = w
	f.Filter = activitylog.All(activitylog.ActedBy(actor), activitylog.Since(w.From), activitylog.Before(w.To), notAudit)
	i, ok := slices.BinarySearchFunc(v.actors, actor, func(a *actorView, id string) int { return strings.Compare(a.id, id) })
	if !ok {
		return f
	}
	var sum Sum
	for _, c := range v.actors[i].cells {
		if q := v.cells[c].key.quarter; quarterOf(w.From) <= q && q < quarterOf(w.To) {
			sum.add(&v.cells[c].sum)
		}
	}
	f.events(&sum)
	f.affect(actor)
	f.Explanation = fmt.Sprintf("%d rules tell of %s within a day: %s; one alone is often nothing, together they are rare.", len(rules), actor, strings.Join(rules, ", "))
	return f
}
