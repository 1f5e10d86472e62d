package alerts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/demo"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// TestUrgent judges the demo by marks and first times alone: the urgent rules find what they find with all figures.
func TestUrgent(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	log, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	for batch := range slices.Chunk(slices.Collect(demo.Events(demo.Options{End: end, Size: 0.4})), 1000) {
		_, err := log.RecordAll(t.Context(), batch)
		require.NoError(t, err)
	}
	total := 0
	for _, org := range demo.Orgs() {
		var all alerts.Figures
		for e, err := range log.Org(org.ID).Events(t.Context(), activitylog.Query{}) {
			require.NoError(t, err)
			var one alerts.Figures
			urgent := one.Add(&e)
			marked := false
			for p := range one.Parts() {
				marked = marked || p.Family == alerts.Marked
			}
			if marked != urgent {
				t.Fatalf("%s: urgent is %v", e.Action, urgent)
			}
			all.Add(&e)
		}
		var some alerts.Figures
		for p, block := range all.Parts() {
			if p.Family == alerts.Marked || p.Family == alerts.Known {
				require.NoError(t, some.AddBlock(block))
			}
		}
		c := alerts.Config{Org: org.ID, Zone: org.Zone}
		got := urgentOnes(alerts.Judge(&some, time.Time{}, end, c.Urgent()))
		want := urgentOnes(alerts.Judge(&all, time.Time{}, end, c))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d findings, want %d:\n%q\n%q", org.ID, len(got), len(want), got, want)
		}
		total += len(got)
	}
	require.Positive(t, total)
}

func urgentOnes(findings []alerts.Finding) []string {
	off := alerts.Config{}.Urgent().Off
	var list []string
	for _, f := range findings {
		if !slices.Contains(off, f.Rule) && f.Kind != "silence" {
			list = append(list, f.Fingerprint+" "+string(f.Severity)+" "+f.Explanation)
		}
	}
	return list
}

// TestReach covers what any rule looks back to.
func TestReach(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	var long alerts.Config
	long.Spend.History = 500
	for _, tt := range []struct {
		name   string
		config alerts.Config
		least  time.Duration
	}{{"defaults", alerts.Config{}, 365 * day}, {"a long history", long, 500 * day}} {
		if got := tt.config.Reach(); got < tt.least || got > tt.least+60*day {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
