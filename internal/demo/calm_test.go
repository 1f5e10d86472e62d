package demo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog/internal/demo"
)

// TestCalm holds the log to what it is for: by the gates of the design each of the seven alerts sees its incident, and
// hardly anything else.
func TestCalm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    demo.Options
	}{
		{"summer", options(1)},
		{"night of a Sunday, after a clock change", demo.Options{Seed: 2, End: time.Date(2026, 11, 8, 1, 0, 0, 0, time.UTC)}},
		{"Monday of a new year", demo.Options{Seed: 3, End: time.Date(2027, 1, 4, 7, 0, 0, 0, time.UTC)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			events := slices.Collect(demo.Events(tt.o))
			d := daysOf(events, tt.o.End)
			found := map[string][]hit{
				"volume_spike": d.volume(), "cost_anomaly": d.costly(), "org_spend_spike": append(d.spent(), d.crept()...),
				"off_hours": nights(events, d), "error_rate": errorHours(events, d), "login_failures": signIns(events, d), "new_model": firsts(events, d),
			}
			// Money strays by itself, the other figures do not.
			noise := map[string]int{"cost_anomaly": 8, "org_spend_spike": 8, "volume_spike": 1}
			for alert, hits := range found {
				expected := 0
				for _, i := range demo.Incidents(tt.o) {
					if i.Alert != alert {
						continue
					}
					expected++
					from, to := d.day(i.Org, i.From), d.day(i.Org, i.To)
					if !slices.ContainsFunc(hits, func(h hit) bool {
						return h.org == i.Org && (h.subject == i.Subject || h.subject == "") && from <= h.day && h.day <= to+1
					}) {
						t.Errorf("%s does not see %q; it sees %v", alert, i.What, hits)
					}
				}
				if len(hits) > expected+noise[alert] {
					t.Errorf("%s sees %d things where %d are: %s", alert, len(hits), expected, fmt.Sprint(hits))
				}
			}
		})
	}
}
