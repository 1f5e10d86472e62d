package retention

import (
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
)

// openAlerts are the alerts by organization and fingerprint. What became of one is a fold over its events, of which none
// may go before it is over.
type openAlerts map[[2]string]*openAlert

type openAlert struct {
	whole  bool // whether the beginning was found
	events []activitylog.Event
}

func isAlert(e *activitylog.Event) bool { return strings.HasPrefix(e.Action, decision.Alerts+".") }

// addAlert takes the next event of alerts, the newest first. What was planned stays for good, since it is no part of what
// is usual.
func (s *state) addAlert(alerts openAlerts, e *activitylog.Event) {
	if e.Backfill || e.Outcome != activitylog.Success {
		return
	}
	if e.Action == decision.AlertPlan {
		s.protected = append(s.protected, *e)
	}
	if len(e.Targets) > 0 {
		alerts.add(e)
	}
}

func (o openAlerts) add(e *activitylog.Event) {
	key := [2]string{e.Org, e.Targets[0].ID}
	a := o[key]
	if a == nil {
		a = &openAlert{}
		o[key] = a
	}
	if a.whole {
		return
	}
	switch e.Action {
	case decision.AlertResolve, decision.AlertClose, decision.AlertPlan:
		a.whole = true // what is older is over
		return
	case decision.AlertOpen, decision.AlertReopen:
		a.whole = true
	}
	a.events = append(a.events, *e)
}
