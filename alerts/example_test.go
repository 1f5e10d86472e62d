package alerts_test

import (
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/google/uuid"
)

func Example() {
	var figures alerts.Figures
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	attempt := func(outcome activitylog.Outcome) {
		at = at.Add(time.Minute)
		figures.Add(&activitylog.Event{
			ID: uuid.New(), Time: at, Org: "acme", Action: "auth.login", Outcome: outcome, Actor: activitylog.Actor{Type: activitylog.User, ID: "ada"},
		})
	}
	for range 6 {
		attempt(activitylog.Failure)
	}
	attempt(activitylog.Success)
	for _, f := range alerts.Judge(&figures, at.Add(-time.Hour), at.Add(time.Hour), alerts.Config{Org: "acme"}) {
		fmt.Println(f.Severity, f.Rule, f.Explanation)
	}
	// Output:
	// high login_failures ada signed in at 09:07:00 on 2 March 2026 UTC after 6 failed sign-ins of ada within 6 minutes, from an address that is not known; 4 is the most that this organization lets pass before a success.
}
