package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/stretchr/testify/require"
)

// However often somebody changes the views that all share, those that others keep for themselves stay.
func TestShelvesAreBoundedEachByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View))
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=mine&query=range%3D7d").code)
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=ours&query=range%3D7d&shared=1").code)
	var step activitylog.Event
	for _, e := range r.views("acme") {
		if e.Action == "audit.filter.save" {
			step = e
		}
	}
	for range 3 {
		steps := make([]activitylog.Event, 400)
		for i := range steps {
			steps[i] = activitylog.Event{Org: "acme", Action: step.Action, Actor: as("leo", 0).Actor(), Targets: step.Targets, Metadata: step.Metadata, Time: start}
		}
		_, err := r.log.RecordAll(decision.With(t.Context()), steps)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]string{"mine": "?range=7d", "ours": "?range=7d"}, r.get("/orgs/acme/").ok(t).saved())
}

// A shelf is full also for those who do not see all that is on it.
func TestHiddenViewsCount(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View|access.ViewSensitive))
	for i := range 50 {
		require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", fmt.Sprintf("name=v%d&shared=1&query=q%%3Dip:192.0.2.%d", i, i)).code)
	}
	r.grants = []access.Grant{as("leo", access.View)}
	require.Empty(t, r.get("/orgs/acme/").ok(t).saved())
	full := r.post("/orgs/acme/views", "name=mine&query=&shared=1")
	require.Equal(t, http.StatusBadRequest, full.code)
	require.Contains(t, full.text(), "There are 50 views already")
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=mine&query=").code, "another shelf")
}

// What is kept is the address in its encoded form, which may be longer than what was typed: it must fit too, or the view
// would be there and never seen.
func TestLongViewsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View))
	long := url.Values{"name": {"long"}, "query": {"cols=event," + strings.Repeat("é", 400)}}
	refused := r.post("/orgs/acme/views", long.Encode())
	require.Equal(t, http.StatusBadRequest, refused.code)
	require.Contains(t, refused.text(), "too long to be saved")
	fits := url.Values{"name": {"fits"}, "query": {"range=7d&x=" + strings.Repeat("%C3%A9", 400)}}
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", fits.Encode()).code, "without what is no part of it")
	require.Equal(t, map[string]string{"fits": "?range=7d"}, r.get("/orgs/acme/").ok(t).saved())
}

// A user and an agent of the same id are two: neither sees or removes what the other one keeps.
func TestShelvesOfTypes(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View))
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=of+the+user&query=").code)
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=shared&query=&shared=1").code)
	remove := regexp.MustCompile(`name="remove" value="([^"]*)"`)
	ids := remove.FindAllStringSubmatch(r.get("/orgs/acme/").ok(t).body, -1)
	require.Len(t, ids, 2)
	r.grants = []access.Grant{access.Org(activitylog.Actor{Type: activitylog.Agent, ID: "ana", Name: "Ana"}, "acme", access.View)}
	page := r.get("/orgs/acme/").ok(t)
	require.Equal(t, map[string]string{"shared": "?"}, page.saved())
	require.Empty(t, remove.FindAllString(page.body, -1))
	for _, id := range ids {
		require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, r.post("/orgs/acme/views", "remove="+id[1]).code)
	}
}

// To manage retention is a right over a whole organization: with a grant for a project it removes nothing of others.
func TestRightsBeyondReadingNeedAnOrganization(t *testing.T) {
	t.Parallel()
	project := func(id string, rights access.Right) access.Grant {
		return access.Project(as(id, 0).Actor(), "acme", "p", rights)
	}
	r := newRig(t, project("ana", access.View))
	const page = "/orgs/acme/projects/p/"
	require.Equal(t, http.StatusSeeOther, r.post(page+"views", "name=shared&query=&shared=1").code)
	id := regexp.MustCompile(`name="remove" value="([^"]*)"`).FindStringSubmatch(r.get(page).ok(t).body)[1]
	r.grants = []access.Grant{project("leo", access.AllRights)}
	require.Equal(t, http.StatusForbidden, r.post(page+"views", "remove="+id).code)
	require.Len(t, r.get(page).ok(t).saved(), 1)
	r.grants = []access.Grant{project("leo", access.Export)}
	require.Equal(t, http.StatusForbidden, r.post(page+"views", "name=x&query=").code, "who may not look keeps nothing")
}
