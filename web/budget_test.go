package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// A page of 50 rows with everything around them stays small on its way, also where no two rows are alike.
func TestPageBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	for i := range 400 {
		r.record("acme", fmt.Sprint("project-", i%12), fmt.Sprint("u", i%40), time.Duration(i)*37*time.Minute, func(e *activitylog.Event) {
			e.Action = []string{"ai.message.send", "auth.login", "member.invite", "project.update", "data.view"}[i%5]
			e.Actor.Name = "Person " + uuid.NewString()[:13]
			e.Targets[0].Name = "Thing " + uuid.NewString()[:13]
		})
	}
	packed := r.get("/", "Accept-Encoding", "gzip").ok(t)
	require.Equal(t, "gzip", packed.head.Get("Content-Encoding"))
	require.Less(t, len(packed.body), 20<<10)
}
