// Package retention decides how long events stay: rules with a minimum and a maximum age, legal holds, a dry run that says
// what would go, and a purge that takes small steps beside running writers.
//
//	keeper, err := retention.New(log, store, nil)
//	…
//	err = keeper.SetRules(ctx, "", []retention.Rule{
//		{Name: "usage", Filter: activitylog.RetentionIs("usage"), Max: 90},
//		{Name: "rest", Filter: activitylog.Not(activitylog.RetentionIs("usage")), Max: 400},
//	}, "as agreed with the works council")
//	plan, err := keeper.Plan(ctx, "")         // the dry run
//	report, err := keeper.Purge(ctx, "", nil) // what it said
//
// # When an event goes
//
// Age counts from Event.Recorded in whole days of 24 hours, so that neither a wrong clock of a host nor an import of old
// events makes anything go early. An event goes when a rule with a maximum means it and every rule that means it lets it
// go: the longest of all minima and maxima counts. What no rule with a maximum means stays. Rules of the platform and
// those of the organization count together, so that an organization can only keep longer than the platform; a platform
// that wants to leave the choice to its organizations sets minima only. Presets gives rules for legal minima.
//
// A hold keeps what its filter means, from when SetHold returned until LiftHold was called. The newest decision about
// each thing (a setting, hold, review or saved view) defines the state of the log and always stays, and so do the
// events of an alert that is not over.
//
// All this together is one activitylog.Filter, which the dry run counts and the purge deletes by.
//
// # Decisions
//
// Rules and holds are audit.config.change and audit.hold events; their state is read from the log. The actor of the
// context is who decided; whether they may, the host checks with access.Grant.Allow. A purge records an audit.purge event
// with counts in each organization before it deletes there, and a second one when it ends. Interrupted at any point,
// the next purge goes on.
package retention
