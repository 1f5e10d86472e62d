package demo_test

import (
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
)

// fewest are how many events each incident has at least.
var fewest = map[string]int{
	"login_failures": 40, "volume_spike": 200, "off_hours": 20, "cost_anomaly": 6, "org_spend_spike": 200, "new_model": 20,
	"error_rate": 40, "privilege_escalation": 2, "mass_deletion": 40, "mass_export": 40, "dormant_revival": 5,
}

func TestIncidentsAreInTheLog(t *testing.T) {
	t.Parallel()
	found := map[string]int{}
	for _, i := range demo.Incidents(options(1)) {
		found[i.Alert]++
		n := 0
		for _, e := range sample() {
			if e.Org == i.Org && i.Filter.Match(&e) {
				n++
				if e.Time.Before(i.From) || !e.Time.Before(i.To) {
					t.Errorf("%s: event at %s, outside %s to %s", i.Alert, e.Time, i.From, i.To)
				}
			}
		}
		if n < fewest[i.Alert] {
			t.Errorf("%s: %q has %d events, want %d", i.Alert, i.What, n, fewest[i.Alert])
		}
		if i.Subject == "" || i.What == "" || !i.From.Before(i.To) {
			t.Errorf("incomplete: %+v", i)
		}
	}
	for alert := range fewest {
		if found[alert] == 0 {
			t.Errorf("nothing for %s", alert)
		}
	}
	if found["login_failures"] != 2 || found["org_spend_spike"] != 2 {
		t.Errorf("got %v, want two kinds of login failures and of spend", found)
	}
}

// TestIncidentsAreRecent holds them to the last 14 days, whatever day the log ends on.
func TestIncidentsAreRecent(t *testing.T) {
	t.Parallel()
	for day := range 21 {
		e := end.AddDate(0, 0, day).Add(time.Duration(day) * 67 * time.Minute)
		list := demo.Incidents(demo.Options{Seed: 9, End: e})
		if len(list) != 13 {
			t.Errorf("%d incidents before %s", len(list), e)
		}
		for _, i := range list {
			if i.From.Before(e.AddDate(0, 0, -14)) || i.To.After(e) {
				t.Errorf("%s from %s to %s in a log that ends at %s", i.Alert, i.From, i.To, e)
			}
		}
	}
	if list := demo.Incidents(demo.Options{Seed: 1, End: end, Days: 3}); len(list) == 0 || len(list) == 13 {
		t.Errorf("%d incidents in three days", len(list))
	}
	if list := demo.Incidents(demo.Options{}); list != nil {
		t.Errorf("incidents without an end: %v", list)
	}
}

// TestBreakIn follows the story of the guessed password: failures, one success, and a lockout by an admin.
func TestBreakIn(t *testing.T) {
	t.Parallel()
	for _, i := range demo.Incidents(options(1)) {
		if i.Alert != "login_failures" || i.Org != "northwind" {
			continue
		}
		var failed, success int
		var revoked bool
		var session string
		for _, e := range sample() {
			switch {
			case i.Filter.Match(&e) && e.Action == "auth.login" && e.Outcome == activitylog.Failure:
				failed++
				if success > 0 {
					t.Error("a failure after the success")
				}
			case i.Filter.Match(&e) && e.Action == "auth.login":
				success++
				session = e.Request.SessionID
			case e.Action == "auth.session.revoke" && session != "" && e.Targets[0].ID == session:
				revoked = true
			}
		}
		if failed != 46 || success != 1 || !revoked {
			t.Errorf("%d failures, %d successes, revoked: %v", failed, success, revoked)
		}
	}
}

// TestAffectedUsers counts the accounts of the password spray.
func TestAffectedUsers(t *testing.T) {
	t.Parallel()
	for _, i := range demo.Incidents(options(1)) {
		if i.Alert != "login_failures" || i.Org != "harborline" {
			continue
		}
		known, unknown := map[string]int{}, map[string]int{}
		for _, e := range sample() {
			if i.Filter.Match(&e) {
				if e.Actor.Type == activitylog.Anonymous {
					unknown[e.Actor.Email]++
				} else {
					known[e.Actor.ID]++
				}
			}
		}
		if len(known) != 19 || len(unknown) != 4 {
			t.Errorf("%d accounts and %d that do not exist", len(known), len(unknown))
		}
	}
}
