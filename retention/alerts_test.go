package retention_test

import (
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// TestOpenAlertsStay holds that an alert that is not over keeps what its state is a fold over, and one that is over nothing.
func TestOpenAlertsStay(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.rules("", retention.Rule{Name: "all", Max: 1})
			for _, step := range []string{
				"a open", "b open", "c open", "d open", "a update", "a update", "b ack", "a resolve", "c snooze", "b close", "d resolve",
				"a reopen", "a update", "b update", "c update", "d reopen", "d snooze", "d close",
			} {
				id, verb, _ := strings.Cut(step, " ")
				e := event("acme", "audit.alert."+verb, step)
				e.Targets = []activitylog.Target{{Type: "alert", ID: id}}
				r.clock.set(r.clock.Now().Add(time.Minute))
				r.record(e)
			}
			r.clock.set(r.clock.Now().Add(10 * day))
			r.purge("")
			var left []string
			for _, e := range r.audits("acme", "audit.alert.open", "audit.alert.reopen", "audit.alert.update", "audit.alert.resolve", "audit.alert.ack", "audit.alert.snooze", "audit.alert.close") {
				left = append(left, e.Reason)
			}
			require.Equal(t, []string{"a open", "c open", "a resolve", "c snooze", "a reopen", "a update", "c update"}, left)
		})
	}
}
