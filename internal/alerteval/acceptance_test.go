package alerteval

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// realSet reads one file of the public data, from the folder in ACTIVITYLOG_DATA.
func realSet(t *testing.T, name string) *set {
	t.Helper()
	dir := os.Getenv("ACTIVITYLOG_DATA")
	if dir == "" {
		t.Skip("set ACTIVITYLOG_DATA to the folder of the real data to run this test")
	}
	s, err := load(filepath.Join(dir, name+".jsonl"))
	require.NoError(t, err)
	return s
}

// met fails for every goal that is not.
func met(t *testing.T, s setResult, least int) {
	t.Helper()
	r := Report{Sets: []setResult{s}}
	goals := r.goals()
	if len(goals) < least {
		t.Errorf("only %d goals: %+v", len(goals), goals)
	}
	for _, g := range goals {
		if !g.Met {
			t.Errorf("%+v", g)
		}
	}
}

func TestRealSignIns(t *testing.T) {
	t.Parallel()
	s := realSet(t, "auth_elastic_sshd")
	cat := activitylog.DefaultCatalog()
	r := s.logins(s.events(cat), cat, alerts.Config{})
	met(t, setResult{Name: s.name, Logins: r}, 5)
	if r.Incidents[0].High.Format("15:04:05Z") != "16:01:36Z" {
		t.Errorf("%+v", r.Incidents)
	}
}

func TestRealClients(t *testing.T) {
	t.Parallel()
	s := realSet(t, "llm_servegen_hourly_m-large")
	r := setResult{Name: s.name, Form: ofCounts}
	for _, rule := range []string{alerts.VolumeSpikes, alerts.CostAnomalies} {
		m := newDaily(s, rule, perShape, func(r *row) float64 { return r.number["count"] })
		x := &dailyResult{}
		x.ActorDays, _ = m.act.actorDays(m.from)
		x.Findings = len(alerts.Episodes(m.judge(m.from, m.act.last, nil)))
		part := shapes[3:5] // 10x and 20x
		if rule == alerts.CostAnomalies {
			part = shapes[2:3] // 5x
		}
		for _, shape := range part {
			one, ok := m.shape(shape)
			require.True(t, ok)
			x.Shapes = append(x.Shapes, one)
		}
		if rule == alerts.VolumeSpikes {
			r.Volume = x
		} else {
			r.Cost = x
		}
	}
	met(t, r, 5)
}

func TestRealSeries(t *testing.T) {
	t.Parallel()
	byHour, daily := seriesDetectors()[0], seriesDetectors()[1]
	for _, tt := range []struct {
		name     string
		detector seriesDetector
		goals    int
	}{{"nab_realAdExchange", byHour, 1}, {"nab_realTweets_a", byHour, 1}, {"nab_nyc_taxi", daily, 2}} {
		s := realSet(t, tt.name)
		d := tt.detector
		d.grid = nil // but for a part of it: all takes too long here
		for i := 0; i < len(tt.detector.grid); i += 8 {
			d.grid = append(d.grid, tt.detector.grid[i])
		}
		met(t, setResult{Name: s.name, Series: []seriesResult{d.run(s.seriesOf(), alerts.Config{})}}, tt.goals)
	}
}

func TestRealHours(t *testing.T) {
	t.Parallel()
	s := realSet(t, "work_git_commits")
	h, ok := s.hours(activitylog.DefaultCatalog(), alerts.Config{}, 60)
	require.True(t, ok)
	met(t, setResult{Name: s.name, Hours: &h}, 3)
}

func TestRealErrors(t *testing.T) {
	t.Parallel()
	s := realSet(t, "web_elastic_apache")
	conf, _ := shortConfig(s.days())
	met(t, setResult{Name: s.name, Errors: s.errorRates(s.events(activitylog.DefaultCatalog()), conf)}, 1)
}
