package monitor

import (
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// Status is where an alert stands.
type Status string

// The statuses of an alert.
const (
	Open         Status = "open"
	Acknowledged Status = "acknowledged" // somebody looks after it: told again only if it becomes more severe
	Snoozed      Status = "snoozed"      // nothing is told until a time
	Planned      Status = "planned"      // it was announced: no trouble, and no part of a baseline
	Resolved     Status = "resolved"     // it is over
)

// Alert is what became of one trouble: a fold over the audit.alert events of its fingerprint.
type Alert struct {
	alerts.Brief           // of the finding that opened or last raised it
	Org          string    `json:"org"`
	Status       Status    `json:"status"`
	Episode      int       `json:"episode"` // 1, and one more each time that it came back
	Opened       time.Time `json:"opened"`  // this episode
	Changed      time.Time `json:"changed"`
	LastSeen     time.Time `json:"last_seen"`        // the end of the last window that is on record
	By           string    `json:"by,omitempty"`     // who acknowledged, snoozed, planned or closed it last
	Reason       string    `json:"reason,omitempty"` // and why
	Until        time.Time `json:"until,omitzero"`   // of Snoozed
	chain        uuid.UUID // the last event of the monitors, from which the id of the next follows
}

// book is the fold over what an organization's log says of its alerts.
type book struct {
	alerts  map[string]*Alert // by fingerprint
	planned []alerts.Planned
}

// apply adds the next event, in the order of time. Imported events, failed ones and those that cannot be read are
// history and decide nothing.
func (b *book) apply(e *activitylog.Event) {
	if e.Backfill || e.Outcome != activitylog.Success {
		return
	}
	n, ok := readNote(e)
	if !ok {
		return
	}
	if e.Action == decision.AlertPlan && n.Planned != nil {
		b.planned = append(b.planned, *n.Planned)
	}
	id := alertTarget(e)
	if id == "" {
		return
	}
	a := b.alerts[id]
	if a == nil {
		if e.Action != decision.AlertOpen && e.Action != decision.AlertReopen || n.Finding == nil {
			return // of an episode whose beginning was purged, since it is over
		}
		a = &Alert{Org: e.Org}
		b.alerts[id] = a
	}
	a.apply(e, &n)
}

func (a *Alert) apply(e *activitylog.Event, n *note) {
	a.Changed = e.Time
	switch e.Action {
	case decision.AlertOpen, decision.AlertReopen:
		if n.Finding == nil {
			return
		}
		if a.Status == "" || a.Status == Resolved || a.Status == Planned { // else two monitors opened it at once
			*a = Alert{Brief: *n.Finding, Org: e.Org, Status: Open, Episode: a.Episode + 1, Opened: e.Time, Changed: e.Time}
		}
		a.chain, a.LastSeen = e.ID, latest(a.LastSeen, n.Finding.Window.To)
	case decision.AlertUpdate:
		if n.Finding == nil {
			return
		}
		a.chain, a.LastSeen = e.ID, latest(a.LastSeen, n.Finding.Window.To)
		if rank(n.Finding.Severity) >= rank(a.Severity) {
			a.Brief = *n.Finding
		}
		if n.Notice && a.Status != Planned && a.Status != Resolved {
			a.Status = Open // it was told of again
		}
	case decision.AlertResolve:
		a.chain, a.Status = e.ID, Resolved
	case decision.AlertClose:
		a.decided(e, Resolved)
	case decision.AlertAck:
		a.decided(e, Acknowledged)
	case decision.AlertSnooze:
		a.decided(e, Snoozed)
		a.Until = n.Until
	case decision.AlertPlan:
		a.decided(e, Planned)
	}
}

func (a *Alert) decided(e *activitylog.Event, s Status) {
	a.Status, a.By, a.Reason = s, e.Actor.ID, e.Reason
	a.Until = time.Time{}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func alertTarget(e *activitylog.Event) string {
	for _, t := range e.Targets {
		if t.Type == "alert" {
			return t.ID
		}
	}
	return ""
}

var severities = map[activitylog.Severity]int{activitylog.Info: 0, activitylog.Low: 1, activitylog.Medium: 2, activitylog.High: 3, activitylog.Critical: 4}

func rank(s activitylog.Severity) int { return severities[s] }
