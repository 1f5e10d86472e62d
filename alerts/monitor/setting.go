package monitor

import (
	"context"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// settingName is the target of the audit.config.change events that hold a Config, under settingKey of their metadata.
const settingName, settingKey = "alerts", "value"

// SetConfig records how an organization is judged from now on. It replaces the whole Config, but for what was announced
// by Plan and Announce. Org, Zone and Live are the monitor's and are not kept.
func (m *Monitor) SetConfig(ctx context.Context, org string, c alerts.Config, by Decision) error {
	v, err := plainValue(c)
	if err != nil {
		return err
	}
	return m.decide(ctx, by, activitylog.Event{
		Org: org, Action: actionSetting, Metadata: map[string]any{settingKey: v},
		Targets: []activitylog.Target{{Type: "setting", ID: settingName, Name: settingName}},
	})
}

// Config returns how an organization is judged now.
func (m *Monitor) Config(ctx context.Context, org string) (alerts.Config, error) {
	s, err := m.state(ctx, org)
	if err != nil {
		return alerts.Config{}, err
	}
	return s.config, nil
}

// readSetting reads a Config. Imported events set nothing, and neither do those that were cut or cannot be read whole:
// the setting before them stays.
func readSetting(e *activitylog.Event) (c alerts.Config, ok bool) {
	if e.Backfill || e.Outcome != activitylog.Success || len(e.Truncated) > 0 || e.Metadata[settingKey] == nil {
		return c, false
	}
	return c, readValue(e.Metadata[settingKey], &c) == nil
}

// base is the Config of an organization without a setting.
func (m *Monitor) base(org string) alerts.Config {
	var c alerts.Config
	if m.opts.Config != nil {
		c = m.opts.Config(org)
	}
	c.Org, c.Live = org, true
	if m.opts.Zone != nil {
		c.Zone = m.opts.Zone(org)
	}
	return c
}

// Decision is what a person decides: who, and why. Both must be given.
type Decision struct {
	Actor  activitylog.Actor
	Reason string
}

// decide records a decision of a person, behind all that it may rest on, and makes sure that none of it was cut.
func (m *Monitor) decide(ctx context.Context, by Decision, e activitylog.Event) error {
	if by.Reason == "" || by.Actor.ID == "" {
		return fmt.Errorf("monitor: %w: a decision needs the id of its actor and a reason", activitylog.ErrInvalid)
	}
	e.Actor, e.Reason = by.Actor, by.Reason
	e.Time = latest(m.now(), e.Time)
	id, err := m.log.Record(ctx, e)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	m.forget(e.Org)
	stored, err := m.log.Org(e.Org).Get(ctx, id)
	if err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	if _, ok := readNote(&stored); !ok {
		return fmt.Errorf("monitor: %w: the decision is larger than the log's limits and was cut; it decides nothing", activitylog.ErrInvalid)
	}
	return nil
}
