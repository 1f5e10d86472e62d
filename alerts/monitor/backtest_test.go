package monitor_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// TestBacktest compares the defaults with a higher threshold, over three weeks with one loud attack and one small one.
func TestBacktest(t *testing.T) {
	t.Parallel()
	s := newScene(t, memory.New(), monitor.Options{})
	s.record(login("leo", "198.51.100.1", noon.AddDate(0, 0, -40)))
	from := noon.AddDate(0, 0, -21)
	s.clock.set(from.AddDate(0, 0, 2))
	s.failFrom(60, "leo", "203.0.113.9")
	s.clock.set(from.AddDate(0, 0, 9))
	s.failFrom(12, "leo", "203.0.113.10")
	s.clock.set(noon)

	defaults, patient := alerts.Config{Org: "acme"}, alerts.Config{Org: "acme"}
	patient.Logins.Burst, patient.Logins.Slow = 30, 30
	tallies, err := monitor.Backtest(t.Context(), s.log.Org("acme"), []alerts.Config{defaults, patient}, from, noon)
	require.NoError(t, err)
	before, after := onlyBursts(tallies[0]), onlyBursts(tallies[1])

	if got := addresses(before); !slices.Equal(got, []string{"203.0.113.10", "203.0.113.9"}) {
		t.Errorf("the defaults find %v", got)
	}
	if got := addresses(after); !slices.Equal(got, []string{"203.0.113.9"}) {
		t.Errorf("the higher threshold finds %v", got)
	}
	var silenced alerts.Tally
	silenced.Findings = before.Without(after)
	if got := addresses(silenced); !slices.Equal(got, []string{"203.0.113.10"}) {
		t.Errorf("silenced are %v", got)
	}
	if added := after.Without(before); len(added) > 0 {
		t.Errorf("added are %d", len(added))
	}
	full := tallies[0]
	if n := full.Weeks[0] + full.Weeks[1] + full.Weeks[2]; len(full.Weeks) != 3 || n != len(full.Findings) || full.PerWeek != float64(n)/3 {
		t.Errorf("weeks %v, %g in each, of %d", full.Weeks, full.PerWeek, len(full.Findings))
	}
	if full.Weeks[0] == 0 || full.Weeks[1] == 0 || full.Weeks[2] != 0 {
		t.Errorf("weeks %v", full.Weeks)
	}
	if len(full.Subjects) == 0 || full.Rules[alerts.LoginFailures] == 0 || full.Severity[activitylog.Medium] == 0 {
		t.Errorf("got %+v", full)
	}
	if n := s.steps(); len(n) > 0 {
		t.Errorf("a backtest recorded %v", n)
	}
	if _, err := monitor.Backtest(t.Context(), s.log.Org("acme"), nil, noon, noon.Add(-time.Hour)); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("a time that ends before it begins: %v", err)
	}
}

func onlyBursts(t alerts.Tally) alerts.Tally {
	t.Findings = slices.DeleteFunc(slices.Clone(t.Findings), func(f alerts.Finding) bool { return f.Kind != "source_burst" })
	return t
}

func addresses(t alerts.Tally) []string {
	var list []string
	for _, f := range t.Findings {
		list = append(list, f.Subject.ID)
	}
	slices.Sort(list)
	return list
}
