// Not under the race detector, where so many events take minutes: make test runs this package without it too.

//go:build !race

package main

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/demo"
)

// folding is a store that keeps figures in place of events, and the events of incidents.
type folding struct {
	activitylog.Store
	planted   []demo.Incident
	figures   map[string]*alerts.Figures
	incidents []activitylog.Event
}

func (f *folding) Append(_ context.Context, events []activitylog.Event) error {
	for i := range events {
		e := &events[i]
		if f.figures[e.Org] == nil {
			f.figures[e.Org] = &alerts.Figures{}
		}
		f.figures[e.Org].Add(e)
		if slices.ContainsFunc(f.planted, func(p demo.Incident) bool { return p.Org == e.Org && p.Filter.Match(e) }) {
			f.incidents = append(f.incidents, *e)
		}
	}
	return nil
}

// shares tells whether one of the events of incidents passes a filter.
func (f *folding) shares(filter activitylog.Filter) (bool, error) {
	return slices.ContainsFunc(f.incidents, func(e activitylog.Event) bool { return filter.Match(&e) }), nil
}

// foldDemo sums up the demo by organization without a database.
func foldDemo(t *testing.T, o demo.Options) *folding {
	t.Helper()
	f := &folding{planted: demo.Incidents(o), figures: map[string]*alerts.Figures{}}
	log, err := activitylog.New(f, nil) // completes events as the catalogue says
	require.NoError(t, err)
	var batch []activitylog.Event
	for e := range demo.Events(o) {
		if batch = append(batch, e); len(batch) == batchSize {
			_, err := log.RecordAll(t.Context(), batch)
			require.NoError(t, err)
			batch = batch[:0]
		}
	}
	_, err = log.RecordAll(t.Context(), batch)
	require.NoError(t, err)
	return f
}

// named tells whether a finding names the subject of the incident that it was planted for.
func named(t *told) bool {
	if t.Rule == alerts.NewModels { // by its canonical name
		return strings.HasSuffix(t.Subject.ID, alerts.CanonicalModel("", t.planted.Subject).String())
	}
	return t.Subject.ID == t.planted.Subject
}

// TestDemoAlerts finds every incident that is planted, and nothing of medium or above that does not come from one.
func TestDemoAlerts(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		end, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return end
	}
	tests := []struct {
		name string
		o    demo.Options
	}{
		{"Tuesday in summer", demo.Options{Seed: 1, End: at("2026-06-16T14:32:00Z")}},
		{"night of a Sunday, after a clock change", demo.Options{Seed: 2, End: at("2026-11-08T01:00:00Z")}},
		{"Monday of a new year", demo.Options{Seed: 3, End: at("2027-01-04T07:00:00Z")}},
		{"Monday morning", demo.Options{Seed: 4, End: at("2026-11-23T09:00:00Z")}},
		{"evening of a Saturday", demo.Options{Seed: 5, End: at("2026-09-12T20:00:00Z")}},
		{"after a clock change in spring", demo.Options{Seed: 6, End: at("2027-04-01T12:00:00Z")}},
	}
	if text := os.Getenv("ACTIVITYLOG_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		tests = append(tests, tests[seed%6])
		tests[6].name, tests[6].o.Seed = "seed "+text, seed
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := foldDemo(t, tt.o)
			found := map[string]bool{}
			for _, o := range demo.Orgs() {
				episodes := alerts.Episodes(alerts.Judge(f.figures[o.ID], time.Time{}, tt.o.End, alerts.Config{Org: o.ID, Zone: o.Zone}))
				list, err := beside(episodes, f.planted, f.shares)
				require.NoError(t, err)
				for _, x := range worthShowing(list) {
					switch {
					case x.planted == nil:
						t.Errorf("nothing was planted for this %s of %s: %s", x.Severity, o.ID, x.Explanation)
					case x.finds() && named(&x):
						found[x.planted.What] = true
					}
				}
			}
			for _, p := range f.planted {
				if !found[p.What] {
					t.Errorf("%s is not found: %s", p.Alert, p.What)
				}
			}
		})
	}
}
