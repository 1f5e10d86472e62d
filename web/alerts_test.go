package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// watched is a log in which somebody guesses passwords, with its pages.
func watched(t *testing.T, grants ...access.Grant) (r *rig, alert string) {
	t.Helper()
	first := newRigOver(t, memory.New(), nil, grants...)
	m := first.newMonitor()
	signIn := func(ago time.Duration, o activitylog.Outcome) {
		first.record("acme", "", "leo", ago, func(e *activitylog.Event) {
			e.Action, e.Outcome, e.AI = "auth.login", o, nil
			e.Client.IP = netip.MustParseAddr("203.0.113.9")
		})
	}
	signIn(9*24*time.Hour, activitylog.Success)
	for i := range 12 {
		signIn(time.Duration(i)*time.Second, activitylog.Failure)
	}
	require.NoError(t, m.Poll(t.Context()))
	first.serve(&web.Options{Monitor: m})
	list, err := m.Alerts(t.Context(), "acme")
	require.NoError(t, err)
	require.NotEmpty(t, list)
	return first, list[0].Fingerprint
}

// An alert stands on the log, is explained on its page, and leads to its events, exactly as many as it counts.
func TestAlertLeadsToItsEvents(t *testing.T) {
	t.Parallel()
	r, id := watched(t, org(access.AllRights))
	home := r.get("/").ok(t)
	require.Contains(t, home.text(), "Needs a look")
	require.Contains(t, home.body, "alerts/"+id)
	list := r.get("/orgs/acme/alerts/").ok(t)
	page := r.get("/orgs/acme/alerts/" + id).ok(t)
	require.Contains(t, page.text(), "Leo of acme", "people have their names")
	require.Contains(t, page.text(), "203.0.113.9")
	require.Contains(t, page.text(), "A signal, not a verdict")
	count, err := strconv.Atoi(regexp.MustCompile(`View (\d+) events`).FindStringSubmatch(list.text())[1])
	require.NoError(t, err)
	link := regexp.MustCompile(`href="([^"]*alert=` + id + `[^"]*)"`).FindStringSubmatch(page.body)
	require.NotNil(t, link)
	base, err := url.Parse(page.target)
	require.NoError(t, err)
	to, err := base.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
	require.NoError(t, err)
	events := r.get(to.RequestURI()).ok(t)
	require.Len(t, events.ids(), count)
	require.Contains(t, events.text(), "Repeated sign-in failures", "a chip says which alert it is")
	require.Equal(t, count+1, strings.Count(r.get("/orgs/acme/export?"+to.RawQuery).ok(t).body, "\r\n"))
	require.Empty(t, r.failed)
}

func TestDecisionsAboutAlerts(t *testing.T) {
	t.Parallel()
	r, id := watched(t, org(access.AllRights))
	page := "/orgs/acme/alerts/" + id
	post := func(form string, head ...string) answer {
		return request(t, r.pages, "POST", page, form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, head...)...)
	}
	require.Equal(t, http.StatusForbidden, post("do=ack&reason=x", "Sec-Fetch-Site", "cross-site").code, "a form on another site")
	require.Equal(t, http.StatusForbidden, post("do=ack&reason=x", "Origin", "https://evil.example").code)
	require.Equal(t, http.StatusBadRequest, post("do=ack").code, "without a reason")
	require.Equal(t, http.StatusBadRequest, post("do=nothing&reason=x").code)
	done := post("do=ack&reason=he+forgot+it", "Sec-Fetch-Site", "same-origin")
	require.Equal(t, http.StatusSeeOther, done.code)
	text := r.get(page).ok(t).text()
	require.Contains(t, text, "Acknowledged")
	require.Contains(t, text, "he forgot it")
	require.NotContains(t, r.get("/").ok(t).text(), "Needs a look")
	require.Equal(t, http.StatusSeeOther, post("do=snooze&hours=24&reason=later").code)
	require.Contains(t, r.get(page).ok(t).text(), "Until 13 Mar 2026 09:30")
	require.Equal(t, http.StatusSeeOther, post("do=plan&reason=a+test").code)
	require.Contains(t, r.get(page).ok(t).text(), "Planned")
	views := r.views("acme")
	var by []string
	for _, e := range views {
		if e.Reason != "" && strings.HasPrefix(e.Action, "audit.alert") {
			by = append(by, e.Actor.ID+": "+e.Reason)
		}
	}
	require.Equal(t, []string{"ana: he forgot it", "ana: later", "ana: a test"}, by)
}

func TestAlertsAreNotForEverybody(t *testing.T) {
	t.Parallel()
	r, id := watched(t)
	for _, tt := range []struct {
		name  string
		grant access.Grant
		page  string
		see   int
		post  int
	}{
		{"reader", org(access.View | access.ViewSensitive), "/orgs/acme/alerts/", 200, 403},
		{"without addresses", org(access.View | access.AckAlerts), "/orgs/acme/alerts/", 404, 404},
		{"project", access.Project(ana, "acme", "p1", access.AllRights), "/orgs/acme/projects/p1/alerts/", 404, 404},
		{"other organization", access.Org(ana, "beta", access.AllRights), "/orgs/acme/alerts/", 404, 404},
		{"platform", access.Platform(ana, access.AllRights), "/orgs/acme/alerts/", 200, 303},
	} {
		r.grants = []access.Grant{tt.grant}
		require.Equal(t, tt.see, r.get(tt.page).code, tt.name)
		require.Equal(t, tt.see, r.get(tt.page+id).code, tt.name)
		require.Equal(t, tt.post, request(t, r.pages, "POST", tt.page+id, "do=ack&reason=x", "Content-Type", "application/x-www-form-urlencoded").code, tt.name)
	}
	r.grants = []access.Grant{access.Org(ana, "beta", access.AllRights)}
	require.Equal(t, http.StatusNotFound, r.get("/orgs/beta/?alert="+id).code)
	require.Equal(t, http.StatusNotFound, r.get("/orgs/beta/export?alert="+id).code)
	r.grants = []access.Grant{org(access.View)}
	require.NotContains(t, r.get("/").ok(t).text(), "Needs a look")
	require.Equal(t, http.StatusNotFound, r.get("/?alert="+id).code)
}

// What people decide in the pages belongs to the log that they look at, not to the project of the host's request, and says
// on whose behalf they did.
func TestDecisionsBelongToTheLog(t *testing.T) {
	t.Parallel()
	boss := activitylog.Delegation{Actor: activitylog.Actor{Type: activitylog.User, ID: "boss"}, Relation: activitylog.DelegatedBy}
	r, id := watched(t, org(access.AllRights).OnBehalfOf(boss))
	r.serve(&web.Options{Monitor: r.newMonitor(), Book: r.newBook()})
	host := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		ctx := activitylog.WithOrg(q.Context(), "acme", "p1")
		r.pages.ServeHTTP(w, q.WithContext(activitylog.WithActor(ctx, activitylog.Actor{ID: "session"})))
	})
	post := func(target, form string) {
		t.Helper()
		require.Equal(t, http.StatusSeeOther, request(t, host, http.MethodPost, target, form, "Content-Type", "application/x-www-form-urlencoded").code)
	}
	post("/orgs/acme/alerts/"+id, "do=ack&reason=mine")
	post("/orgs/acme/governance/", "subject=log&note=well")
	post("/orgs/acme/views", "name=All&query=range%3Dall")
	post("/orgs/acme/projects/p2/views", "name=All&query=range%3Dall")
	projects := map[string][]string{}
	for e, err := range r.log.Org("acme").Events(t.Context(), activitylog.Query{Filter: activitylog.ActionUnder("audit.alert.ack", "audit.review", "audit.filter.save")}) {
		require.NoError(t, err)
		projects[e.Action] = append(projects[e.Action], e.Project)
		require.Equal(t, "ana", e.Actor.ID, e.Action)
		require.Equal(t, []activitylog.Delegation{boss}, e.OnBehalfOf, e.Action)
	}
	require.Equal(t, map[string][]string{"audit.alert.ack": {""}, "audit.review": {""}, "audit.filter.save": {"p2", ""}}, projects)
}
