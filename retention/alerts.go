package retention

import (
	"strings"

	"github.com/activitylog/activitylog"
)

const alertPrefix = "audit.alert."

// alertKey names an alert.
type alertKey struct{ org, id string }

// openAlert is what defines the state of an alert that is not over: the newest event of each kind, since its state is a
// fold over them that begins with the one that opened it.
type openAlert struct {
	newest map[string]activitylog.Event
	last   string // the action that says whether it is over
}

// alertOf is the id of the alert that an event is about, if it is about one.
func alertOf(e *activitylog.Event) string {
	if !strings.HasPrefix(e.Action, alertPrefix) {
		return ""
	}
	for _, t := range e.Targets {
		if t.Type == "alert" {
			return t.ID
		}
	}
	return ""
}

// see takes the events of alerts, newest first.
func see(alerts map[alertKey]*openAlert, id string, e *activitylog.Event) {
	key := alertKey{e.Org, id}
	a := alerts[key]
	if a == nil {
		a = &openAlert{newest: map[string]activitylog.Event{}}
		alerts[key] = a
	}
	if a.last == "" && e.Action != alertPrefix+"update" {
		a.last = e.Action
	}
	if _, seen := a.newest[e.Action]; !seen {
		a.newest[e.Action] = *e
	}
}

func (a *openAlert) over() bool {
	return a.last == alertPrefix+"close" || a.last == alertPrefix+"resolve"
}
