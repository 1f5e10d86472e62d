package monitor

import (
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
)

// decide says what a finding does to the alert of its fingerprint, nil if there is none: the action to record, empty for
// none, and whether people are told, given the least severity of which they are.
func decide(a *Alert, f *alerts.Finding, now time.Time, least activitylog.Severity) (action string, notice bool) {
	loud := rank(f.Severity) >= rank(least)
	if a == nil {
		return decision.AlertOpen, loud
	}
	longer := f.Window.To.After(a.LastSeen)
	switch a.Status {
	case Resolved, Planned:
		closed := a.Status == Resolved && a.By != "" // by a person: what still goes on is no news
		if !longer || closed && f.Window.From.Before(a.Changed) {
			return "", false
		}
		return decision.AlertReopen, loud
	}
	quiet := a.Status == Snoozed && now.Before(a.Until)
	ours := f.Window.To.After(a.Window.From) // else it belongs to an episode before
	switch {
	case ours && rank(f.Severity) > rank(a.Severity):
		return decision.AlertUpdate, loud && !quiet
	case a.Status == Snoozed && !quiet && f.Window.To.After(a.Until):
		return decision.AlertUpdate, loud
	case longer && (!f.Window.From.Before(a.LastSeen) || f.Window.To.Sub(a.LastSeen) >= alerts.Quiet(f.Rule)/4):
		return decision.AlertUpdate, false // so that the log tells how long it went on, and not each event of it
	}
	return "", false
}

// over tells whether an alert is over, when the end of its last window was seen at that time.
func over(a *Alert, seen, now time.Time) bool {
	switch a.Status {
	case Resolved, Planned:
		return false
	case Snoozed:
		if now.Before(a.Until) {
			return false
		}
	}
	return now.Sub(latest(a.LastSeen, seen)) >= alerts.Quiet(a.Rule)
}
