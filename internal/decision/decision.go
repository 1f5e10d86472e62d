// Package decision marks contexts under which the log's own packages record decisions: settings, holds, reviews, saved
// views, what becomes of alerts, what goes from the log, and what sealers and verifications saw. Their events are believed when state is folded
// from the log, so that nobody else may record them: see Log.Record.
package decision

import (
	"context"
	"strings"
)

type key struct{}

// With returns a context under which decisions may be recorded. Only the package that owns a decision calls it, with
// what it has checked.
func With(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// In tells whether ctx came from With.
func In(ctx context.Context) bool { return ctx.Value(key{}) != nil }

// The actions of decisions.
const (
	Setting  = "audit.config.change" // target {setting, NAME}, the value in the metadata
	SetHold  = "audit.hold.set"      // target {hold, ID}
	LiftHold = "audit.hold.lift"     // target {hold, ID}
	Review   = "audit.review"        // target {review, SUBJECT}

	SaveView   = "audit.filter.save" // target {view, ID}, then {views, whose they are}
	RemoveView = "audit.filter.remove"
)

// The actions under which it is recorded what goes from the log: verifications believe them.
const (
	Purge = "audit.purge" // rows, by rules of retention: what is planned, and what went
	Erase = "audit.erase" // parts of events, which the metadata name
	Prune = "audit.prune" // sealed evidence of rows that are gone
)

// The actions of alerts, each with the target {alert, FINGERPRINT} but for plans that are no answer to an alert.
const (
	Alerts       = "audit.alert" // all of them
	AlertOpen    = "audit.alert.open"
	AlertReopen  = "audit.alert.reopen"
	AlertUpdate  = "audit.alert.update"
	AlertResolve = "audit.alert.resolve"
	AlertAck     = "audit.alert.ack"
	AlertSnooze  = "audit.alert.snooze"
	AlertPlan    = "audit.alert.plan"
	AlertClose   = "audit.alert.close"
)

// trees are the actions that are reserved, with all below them.
var trees = [...]string{"audit.config", "audit.hold", "audit.review", "audit.filter", Alerts, "audit.verify", "audit.anchor", "audit.seal", Purge, Erase, Prune}

// Reserved tells whether events of an action are decisions.
func Reserved(action string) bool {
	for _, t := range trees {
		if rest, ok := strings.CutPrefix(action, t); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}
