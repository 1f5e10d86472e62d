package monitor

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/settings"
)

// settingName is the name of the setting that holds a Config.
const settingName = "alerts"

// SetConfig records how an organization is judged from now on, by the actor of ctx. It replaces the whole Config, but for
// what was announced by Plan and Announce. Org, Zone and Live are the monitor's and are not kept.
func (m *Monitor) SetConfig(ctx context.Context, org string, c alerts.Config, reason string) error {
	if reason == "" {
		return errNoReason
	}
	var old alerts.Config
	before, err := settings.Get(ctx, m.log, org, settingName, &old)
	if err != nil {
		return fmt.Errorf("monitor: read config: %w", err)
	}
	changes, err := changesOf(old, c)
	if err != nil {
		return fmt.Errorf("monitor: set config: %w", err)
	}
	if err := settings.Set(ctx, m.log, m.now(), before, org, settingName, c, changes, reason); err != nil {
		return fmt.Errorf("monitor: set config: %w", err)
	}
	m.forget(org)
	return nil
}

// changesOf are the fields in which two configs differ, by their paths in JSON. What is missing has its default.
func changesOf(before, after alerts.Config) ([]activitylog.Change, error) {
	old, err := plainValue(before)
	if err != nil {
		return nil, err
	}
	now, err := plainValue(after)
	if err != nil {
		return nil, err
	}
	fields := map[string]*activitylog.Change{}
	eachField("", old, func(path string, v any) { fields[path] = &activitylog.Change{Path: path, Old: v} })
	eachField("", now, func(path string, v any) {
		if fields[path] == nil {
			fields[path] = &activitylog.Change{Path: path}
		}
		fields[path].New = v
	})
	var list []activitylog.Change
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		if c := fields[path]; !reflect.DeepEqual(c.Old, c.New) {
			list = append(list, *c)
		}
	}
	return list, nil
}

func eachField(path string, v any, do func(path string, v any)) {
	object, ok := v.(map[string]any)
	if !ok {
		do(path, v)
		return
	}
	for name, v := range object {
		eachField(strings.TrimPrefix(path+"."+name, "."), v, do)
	}
}

// Config returns how an organization is judged now.
func (m *Monitor) Config(ctx context.Context, org string) (alerts.Config, error) {
	s, err := m.state(ctx, org)
	if err != nil {
		return alerts.Config{}, err
	}
	return s.config, nil
}

// readSetting reads a Config. One that cannot be read whole sets nothing: the setting before it stays.
func readSetting(e *activitylog.Event) (c alerts.Config, ok bool) {
	return c, settings.Decides(e) && settings.Decode(e, &c) == nil
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

var errNoReason = fmt.Errorf("monitor: %w: a decision needs a reason", activitylog.ErrInvalid)

// decide records a decision of the actor of ctx, behind all that it may rest on.
func (m *Monitor) decide(ctx context.Context, reason string, e activitylog.Event) error {
	if reason == "" {
		return errNoReason
	}
	e.Reason, e.Time = reason, latest(m.now(), e.Time)
	if err := settings.Record(ctx, m.log, m.now(), activitylog.Event{}, e); err != nil {
		return fmt.Errorf("monitor: %w", err)
	}
	m.forget(e.Org)
	return nil
}
