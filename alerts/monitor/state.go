package monitor

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
)

// Reader is where alerts are read: an activitylog.Reader, or one that checks and records access.
type Reader interface {
	Events(ctx context.Context, q activitylog.Query) iter.Seq2[activitylog.Event, error]
}

// Alerts reads the alerts of an organization, the last changed first, as they stood before a time; the zero time means
// now. All it needs is the log.
func Alerts(ctx context.Context, reader Reader, before time.Time) ([]Alert, error) {
	s, err := readState(ctx, reader, alerts.Config{}, before)
	if err != nil {
		return nil, err
	}
	return s.list(), nil
}

// ConfigOf reads how an organization is judged: what was set in its log last before a time, or else base, and all that
// was announced there as planned; the zero time means now.
func ConfigOf(ctx context.Context, reader Reader, base alerts.Config, before time.Time) (alerts.Config, error) {
	s, err := readState(ctx, reader, base, before)
	return s.config, err
}

// state is what an organization's log says about its alerts.
type state struct {
	book
	config alerts.Config // with what was planned
}

var stateFilter = activitylog.Any(
	activitylog.ActionUnder(decision.Alerts),
	activitylog.All(activitylog.ActionIs(decision.Setting), activitylog.TargetIs("setting", settingName)),
)

func readState(ctx context.Context, reader Reader, base alerts.Config, before time.Time) (state, error) {
	f := stateFilter
	if !before.IsZero() {
		f = f.And(activitylog.Before(before))
	}
	s := state{book: book{alerts: map[string]*Alert{}}, config: base}
	for e, err := range reader.Events(ctx, activitylog.Query{Filter: f, Order: activitylog.Oldest}) {
		if err != nil {
			return s, fmt.Errorf("monitor: read alerts: %w", err)
		}
		if e.Action == decision.Setting {
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
