package alerts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

// scenario is a story and what must be found in it.
type scenario struct {
	name   string
	tell   func(*story)
	from   time.Time // zero: the beginning
	at     time.Time // zero: day 70
	config alerts.Config
	rule   string
	want   []string // of that rule, as "kind severity subject"
}

func (s *scenario) judge(f *alerts.Figures) []alerts.Finding {
	from, at := s.from, s.at
	if from.IsZero() {
		from = monday
	}
	if at.IsZero() {
		at = on(70, 0, 0)
	}
	s.config.Org = "acme"
	return alerts.Judge(f, from, at, s.config)
}

func (s *scenario) story() *story {
	var st story
	s.tell(&st)
	return &st
}

// scenarios are all of them. Each rule has at least one that passes all its gates, and one more for each gate that fails
// that gate alone: to remove a gate turns one of them red.
func scenarios() []scenario {
	return slices.Concat(loginScenarios(), sprayScenarios(), volumeScenarios(), machineScenarios(), hourScenarios(), costScenarios(), spendScenarios(), dropScenarios(),
		modelScenarios(), errorScenarios(), privilegeScenarios(), massScenarios(), actingScenarios(), guardScenarios())
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.rule+"/"+s.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			list := s.judge(s.story().figures())
			for _, f := range alerts.Episodes(list) {
				if f.Rule == s.rule {
					got = append(got, f.Kind+" "+string(f.Severity)+" "+f.Subject.ID)
				}
			}
			if !slices.Equal(got, s.want) {
				t.Errorf("%q, not %q", got, s.want)
				for _, f := range list {
					t.Logf("%s %s/%s: %s", f.Severity, f.Rule, f.Kind, f.Explanation)
				}
			}
		})
	}
}

// TestOff holds Config.Off and Config.Planned to each rule.
func TestOff(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		if s.want == nil {
			continue
		}
		f := s.story().figures()
		off, planned := s, s
		off.config.Off = []string{s.rule}
		planned.config.Planned = []alerts.Planned{{Rule: s.rule, Window: alerts.Window{From: monday.AddDate(-1, 0, 0), To: on(400, 0, 0)}}}
		for name, s := range map[string]scenario{"off": off, "planned": planned} {
			for _, f := range s.judge(f) {
				if f.Rule == s.rule {
					t.Errorf("%s/%s, %s: %s", s.rule, s.name, name, f.Explanation)
				}
			}
		}
	}
}

// TestLive leaves out what was written after the fact.
func TestLive(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		st := s.story()
		for i := range st.events {
			st.events[i].Backfill = true
		}
		s.config.Live = true
		for _, f := range s.judge(st.figures()) {
			if f.Count > 0 {
				t.Errorf("%s/%s: %s/%s: %s", s.rule, s.name, f.Rule, f.Kind, f.Explanation)
			}
		}
	}
}
