package retention

import (
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

// openAlerts are the alerts that are not over: what became of them is a fold over their events, none of which may go. What
// was planned is protected by itself, since it is no part of what is usual.
type openAlerts struct {
	done  map[[2]string]bool // by organization and fingerprint: how it stands is known
	open  map[[2]string]bool
	ids   []string
	since time.Time // when the oldest of them began
}

func isAlert(e *activitylog.Event) bool { return strings.HasPrefix(e.Action, decision.Alerts+".") }

// addAlert takes the next event of alerts, the newest first.
func (s *state) addAlert(e *activitylog.Event) {
	if e.Backfill || e.Outcome != activitylog.Success {
		return
	}
	if e.Action == decision.AlertPlan {
		s.protect(e)
	}
	if len(e.Targets) > 0 {
		s.alerts.add(e)
	}
}

func (o *openAlerts) add(e *activitylog.Event) {
	what := [2]string{e.Org, e.Targets[0].ID}
	if o.done[what] {
		return
	}
	if o.done == nil {
		o.done, o.open = map[[2]string]bool{}, map[[2]string]bool{}
	}
	switch e.Action {
	case decision.AlertResolve, decision.AlertClose, decision.AlertPlan:
		o.done[what] = true
		return
	case decision.AlertOpen, decision.AlertReopen:
		o.done[what] = true
	}
	if !o.open[what] {
		o.open[what] = true
		o.ids = append(o.ids, what[1])
	}
	if o.since.IsZero() || e.Time.Before(o.since) {
		o.since = e.Time
	}
}

// filter means the events that may not go. One time for all keeps it short: earlier episodes of an alert that is open again
// stay as well, if they began after the oldest of all that are open.
func (o *openAlerts) filter() activitylog.Filter {
	if len(o.ids) == 0 {
		return activitylog.Any()
	}
	return activitylog.All(activitylog.ActionUnder(decision.Alerts), activitylog.TargetIs("alert", o.ids...), activitylog.Since(o.since))
}

// reach tells whether there may be such events before a time.
func (o *openAlerts) reach(t time.Time) bool { return len(o.ids) > 0 && o.since.Before(t) }
