package monitor

import (
	"context"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
)

// Acknowledge says that somebody looks after an alert: it is told again only if it becomes more severe, or comes back
// after it was over. An alert that there is not, or that is over, is refused with an error that wraps ErrNotFound.
func (m *Monitor) Acknowledge(ctx context.Context, org, fingerprint string, reason string) error {
	return m.decideAlert(ctx, org, fingerprint, decision.AlertAck, note{}, reason)
}

// Snooze keeps an alert from being told until a time. If it goes on after that, it is told again.
func (m *Monitor) Snooze(ctx context.Context, org, fingerprint string, until time.Time, reason string) error {
	if !until.After(m.now()) {
		return fmt.Errorf("monitor: %w: snooze until a time that is to come", activitylog.ErrInvalid)
	}
	return m.decideAlert(ctx, org, fingerprint, decision.AlertSnooze, note{Until: until.UTC()}, reason)
}

// Resolve says that an alert is over. What its window still brings is no news; a later one opens it again.
func (m *Monitor) Resolve(ctx context.Context, org, fingerprint string, reason string) error {
	return m.decideAlert(ctx, org, fingerprint, decision.AlertClose, note{}, reason)
}

// Plan says that what an alert found was announced: its window, from the first to the last time seen, is no trouble, and
// no part of a baseline. A longer window may be given; the zero one means that of the alert.
func (m *Monitor) Plan(ctx context.Context, org, fingerprint string, w alerts.Window, reason string) error {
	a, err := m.find(ctx, org, fingerprint)
	if err != nil {
		return err
	}
	if w == (alerts.Window{}) {
		w = alerts.Window{From: a.Window.From, To: latest(a.LastSeen, a.Window.To)}
	}
	p := alerts.Planned{Rule: a.Rule, Subject: a.Subject, Window: w}
	if err := checkPlanned(p); err != nil {
		return err
	}
	return m.decideAlert(ctx, org, fingerprint, decision.AlertPlan, note{Planned: &p}, reason)
}

// Announce says beforehand that something unusual will happen.
func (m *Monitor) Announce(ctx context.Context, org string, p alerts.Planned, reason string) error {
	if err := checkPlanned(p); err != nil {
		return err
	}
	meta, err := note{Planned: &p}.metadata()
	if err != nil {
		return err
	}
	return m.decide(ctx, reason, activitylog.Event{Org: org, Action: decision.AlertPlan, Metadata: meta})
}

func checkPlanned(p alerts.Planned) error {
	if p.From.IsZero() || !p.From.Before(p.To) {
		return fmt.Errorf("monitor: %w: what is planned needs a window that ends after it begins", activitylog.ErrInvalid)
	}
	return nil
}

// find returns an alert that is not over.
func (m *Monitor) find(ctx context.Context, org, fingerprint string) (*Alert, error) {
	m.forget(org) // somebody else may have decided
	s, err := m.state(ctx, org)
	if err != nil {
		return nil, err
	}
	a := s.alerts[fingerprint]
	if a == nil || a.Status == Resolved {
		return nil, fmt.Errorf("monitor: %w: no open alert %q", activitylog.ErrNotFound, fingerprint)
	}
	return a, nil
}

func (m *Monitor) decideAlert(ctx context.Context, org, fingerprint, action string, n note, reason string) error {
	a, err := m.find(ctx, org, fingerprint)
	if err != nil {
		return err
	}
	meta, err := n.metadata()
	if err != nil {
		return err
	}
	return m.decide(ctx, reason, activitylog.Event{Org: org, Time: a.after(), Action: action, Targets: targetsOf(&a.Brief), Metadata: meta})
}

// after is when the next step can be at the earliest: the order of time is that of the steps, whatever clocks say.
func (a *Alert) after() time.Time {
	if a == nil {
		return time.Time{}
	}
	return a.Changed.Add(time.Microsecond)
}

// targetsOf are the targets of all events of an alert.
func targetsOf(b *alerts.Brief) []activitylog.Target {
	name := b.Rule
	if b.Subject != "" {
		name += " of " + b.Subject
	}
	return []activitylog.Target{{Type: "alert", ID: b.Fingerprint, Name: name}}
}
