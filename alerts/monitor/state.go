package monitor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Alerts reads the alerts of an organization, the last changed first. All it needs is the log.
func Alerts(ctx context.Context, reader activitylog.Reader) ([]Alert, error) {
	s, err := readState(ctx, reader, alerts.Config{})
	if err != nil {
		return nil, err
	}
	return s.list(), nil
}

// ConfigOf reads how an organization is judged: what was last set in its log, or else base, and all that was announced
// there as planned.
func ConfigOf(ctx context.Context, reader activitylog.Reader, base alerts.Config) (alerts.Config, error) {
	s, err := readState(ctx, reader, base)
	return s.config, err
}

// state is what an organization's log says about its alerts.
type state struct {
	book
	config alerts.Config // with what was planned
}

var stateFilter = activitylog.Any(
	activitylog.ActionUnder(alertActions),
	activitylog.All(activitylog.ActionIs(actionSetting), activitylog.TargetIs("setting", settingName)),
)

func readState(ctx context.Context, reader activitylog.Reader, base alerts.Config) (state, error) {
	s := state{book: book{alerts: map[string]*Alert{}}, config: base}
	for e, err := range reader.Events(ctx, activitylog.Query{Filter: stateFilter, Order: activitylog.Oldest}) {
		if err != nil {
			return s, fmt.Errorf("monitor: read alerts: %w", err)
		}
		if e.Action == actionSetting {
			if c, ok := readSetting(&e); ok {
				c.Zone, c.Org, c.Live = base.Zone, base.Org, base.Live
				s.config = c
			}
			continue
		}
		s.apply(&e)
	}
	s.config.Planned = slices.Concat(s.config.Planned, s.planned)
	return s, nil
}

func (s *state) list() []Alert {
	list := make([]Alert, 0, len(s.alerts))
	for _, a := range s.alerts {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b Alert) int {
		return cmp.Or(b.Changed.Compare(a.Changed), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	return list
}
