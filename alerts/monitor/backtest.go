package monitor

import (
	"context"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// Backtest reads the events of one organization before to, once, and says for each Config what it would have raised of
// what began at from or later. It writes nothing and needs no roll-ups; alerts.Backtest does the same with figures that
// are there already.
func Backtest(ctx context.Context, reader activitylog.Reader, configs []alerts.Config, from, to time.Time) ([]alerts.Tally, error) {
	if !from.Before(to) {
		return nil, fmt.Errorf("monitor: %w: a backtest needs a time that ends after it begins", activitylog.ErrInvalid)
	}
	var f alerts.Figures
	for e, err := range reader.Events(ctx, activitylog.Query{Filter: activitylog.Before(to), Order: activitylog.Oldest}) {
		if err != nil {
			return nil, fmt.Errorf("monitor: backtest: %w", err)
		}
		f.Add(&e)
	}
	tallies := make([]alerts.Tally, len(configs))
	for i, c := range configs {
		tallies[i] = alerts.Backtest(&f, from, to, c)
	}
	return tallies, nil
}
