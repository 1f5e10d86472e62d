package alerts

import (
	"strings"
	"testing"
	"time"
)

func TestAPanicOfARuleReachesWhoJudges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	v := newView(&Figures{}, now.Add(-time.Hour), now, Config{}.Defaults())
	defer func() {
		if p, ok := recover().(string); !ok || !strings.Contains(p, "rule second: gone wrong") || !strings.Contains(p, "TestAPanic") {
			t.Errorf("recovered %q", p)
		}
	}()
	v.judgeAll([]rule{
		{"first", func(*view) []Finding { return nil }},
		{"second", func(*view) []Finding { panic("gone wrong") }},
	})
	t.Error("no panic")
}
