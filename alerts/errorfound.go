package alerts

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/activitylog/activitylog"
)

func (v *view) errorFound(x failing) Finding {
	subject := Subject{cmp.Or(x.by, "kind"), x.subject()}
	ratio := float64(x.k) / float64(x.n)
	f := Finding{
		Rule: ErrorRates, Kind: x.kind, Severity: activitylog.Medium, Score: surprise(x.tail), Subject: subject, Window: x.hour, Raised: x.hour.To,
		Observed: ratio, Expected: x.usual, Bound: max(v.c.Errors.Ratio*x.usual, v.c.Errors.Part), Unit: "part of attempts that failed",
		Baseline: Baseline{Method: "part of attempts of the same kind that failed, with a prior of 1 in 20", Size: int(x.baseN), From: x.hour.From.AddDate(0, 0, -v.c.Errors.History), To: x.hour.From, Mature: x.baseN >= 100},
		Filter:   activitylog.All(x.filter(), activitylog.OutcomeIs(activitylog.Failure), activitylog.Since(x.hour.From), activitylog.Before(x.hour.To), notAudit, v.notLogins(x.kind)),
	}
	if x.k == x.n {
		f.Reasons = append(f.Reasons, "all_failing")
	}
	if x.by != "user" && (x.k == x.n || ratio >= 0.5) && x.k >= 20 {
		f.Severity = activitylog.High
	}
	f.events(&x.failures)
	v.errorShares(&f, x)
	who := map[string]string{"": "all of them", "model": "the model " + x.id, "provider": "the provider " + x.id, "user": x.id, "integration": "the integration " + x.id}[x.by]
	f.Explanation = fmt.Sprintf("%s of %s %s of %s failed in the hour up to %s UTC, which is %s; %s is usual.",
		thousands(x.k), thousands(x.n), x.kind+" operations", who, x.hour.To.Format("15:04 on 2 January 2006"), percent(ratio), percent(x.usual))
	return f
}

// notLogins leaves out the sign-ins of a kind, which have a rule of their own.
func (v *view) notLogins(kind string) activitylog.Filter {
	var names []string
	for _, a := range v.f.names.list {
		if kindOf(a) == kind && isLogin(a) {
			names = append(names, a)
		}
	}
	if names == nil {
		return activitylog.Filter{}
	}
	slices.Sort(names)
	return activitylog.Not(activitylog.ActionIs(names...))
}

// errorShares says whose the failures of an hour were.
func (v *view) errorShares(f *Finding, x failing) {
	users, models := map[string]float64{}, map[string]float64{}
	for _, c := range v.within(quarterOf(x.hour.From), quarterOf(x.hour.To)) {
		if c.key.outcome != v.failure || kindOf(v.f.names.text(c.key.action)) != x.kind || !x.holds(v, c.key) {
			continue
		}
		if c.key.actor != 0 {
			users[v.f.names.text(c.key.actor)] += float64(c.sum.Count)
		}
		if c.key.model != 0 {
			models[v.f.names.text(c.key.model)] += float64(c.sum.Count)
		}
	}
	var list []string
	for id := range users {
		list = append(list, id)
	}
	f.affect(list...)
	f.contribute("model", models)
	f.contribute("user", users)
}
