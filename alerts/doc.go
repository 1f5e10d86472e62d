// Package alerts finds what an admin should look at: failing sign-ins, spikes, odd hours, cost, new models, errors, and
// what security people ask for besides. It is two pure stages, without clock, store or chance: Figures are a fold over the
// events of one organization, and Judge turns figures, a time and a Config into findings.
//
//	var f alerts.Figures
//	for e, err := range log.Org("acme").Events(ctx, activitylog.Query{}) {
//		…
//		f.Add(&e)
//	}
//	for _, found := range alerts.Judge(&f, from, time.Now(), alerts.Config{Org: "acme"}) {
//		fmt.Println(found.Severity, found.Explanation)
//	}
//
// A finding is a hint, never a verdict: its filter leads to its events, exactly as many as it counts.
package alerts
