package retention_test

import (
	"fmt"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

// TestManyOrganizations has more organizations with rules and holds of their own than one filter names.
func TestManyOrganizations(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			const orgs = 70
			r.rules("", retention.Rule{Name: "platform", Filter: activitylog.CategoryIs("auth"), Min: 5, Max: 20})
			var want []string
			due := map[string]int64{}
			for i := range orgs {
				org := fmt.Sprint("org", i)
				r.record(event(org, "auth.login", org+" sign-in"), event(org, "auth.logout", org+" sign-out"), event(org, "project.create", org+" project"))
				want = append(want, org+" project")
				switch i % 4 {
				case 0: // stays longer
					r.rules(org, retention.Rule{Name: "own", Filter: activitylog.ActionIs("auth.login"), Min: 50})
					want, due[org] = append(want, org+" sign-in"), 1
				case 1: // held
					_, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: org, Filter: activitylog.ActionIs("auth.logout")})
					require.NoError(t, err)
					want, due[org] = append(want, org+" sign-out"), 1
				case 2: // more goes
					r.rules(org, retention.Rule{Name: "own", Filter: activitylog.CategoryIs("project"), Max: 10})
					want, due[org] = want[:len(want)-1], 3
				case 3:
					due[org] = 2
				}
			}
			r.clock.set(start.Add(30 * day))
			plan, err := r.keeper.Plan(r.ctx, "")
			require.NoError(t, err)
			planned := map[string]int64{}
			for _, part := range plan.Parts {
				planned[part.Org] += part.Events
			}
			require.Equal(t, due, planned)
			if held := int64((orgs + 2) / 4); plan.Held != held {
				t.Errorf("%d are held, want %d", plan.Held, held)
			}
			if report := r.purge(""); report.Deleted != plan.Events {
				t.Errorf("%d of %d went", report.Deleted, plan.Events)
			}
			require.ElementsMatch(t, want, r.left())
			for _, i := range []int{0, 1, 2, 3} {
				begun := r.audits(fmt.Sprint("org", i), "audit.purge")
				require.Equal(t, fmt.Sprint(due[fmt.Sprint("org", i)]), fmt.Sprint(begun[1].Metadata["deleted"]))
			}
		})
	}
}
