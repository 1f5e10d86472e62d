package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// foreign is what no page of another tenant may hold.
func foreign(org string) []string {
	return []string{"of " + org, "@" + org + ".example", "old-" + org, "new-" + org, "agent-" + org, "ses-" + org, "meta-" + org, "c-" + org}
}

// Whatever the address names, a page holds nothing of what the grant does not cover, and answers as if it did not exist.
func TestNothingForeignByAnyAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		grant   access.Grant
		home    string
		foreign []string
	}{
		{"organization", org(access.AllRights), "/orgs/acme/", foreign("beta")},
		{"project", access.Project(ana, "acme", "p1", access.AllRights), "/orgs/acme/projects/p1/", append(foreign("beta"), "Hidden of acme")},
		{"own activity", access.Own(ana, "acme", access.AllRights), "/mine/acme/", append(foreign("beta"), "Hidden of acme")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tt.grant)
			mine := r.record("acme", "p1", "ana", time.Hour)
			hidden := r.record("acme", "p2", "hidden", time.Hour)
			theirs := r.record("beta", "p1", "leo", time.Hour)
			for range 52 { // so that there are cursors
				r.record("beta", "p1", "leo", 2*time.Hour)
			}
			r.grants = []access.Grant{access.Platform(ana, access.AllRights)}
			cursor := mustQuery(t, r.get("/orgs/beta/?range=all").ok(t).link(t, "older")).Get("cursor")
			all := mustQuery(t, r.get("/platform/?range=all").ok(t).link(t, "older")).Get("cursor")
			r.grants = []access.Grant{tt.grant}

			require.Contains(t, r.get(tt.home+"?range=all").ok(t).body, mine.ID.String())
			var targets []string
			for _, path := range []string{"/", tt.home, "/orgs/acme/", "/orgs/beta/", "/orgs/acme/projects/p1/", "/orgs/acme/projects/p2/", "/orgs/beta/projects/p1/", "/platform/", "/mine/acme/", "/mine/beta/", "/orgs/nowhere/"} {
				for _, query := range []string{
					"", "org=beta", "project=p2", "project=p1&org=beta", "q=org:beta", "q=" + url.QueryEscape("org:beta or org:acme"), "q=" + url.QueryEscape("-org:acme"),
					"actor=leo", "actor=hidden", "event=" + theirs.ID.String(), "event=" + hidden.ID.String(), "cursor=" + cursor, "cursor=" + all,
					"q=id:" + theirs.ID.String(), "alert=x", "reads=1", "from=2026-01-01T00:00:00Z", "q=" + url.QueryEscape("project:p2 or project:p1 or -project:p1"),
				} {
					targets = append(targets, path+"?range=all&"+query, path+"export?format=csv&range=all&"+query, path+"export?format=ndjson&range=all&"+query)
				}
				targets = append(targets, path+"recent/?range=all", path+"recent/?range=all&cursor="+cursor, path+"recent/?range=all&org=beta&project=p2", path+"usage/", path+"alerts/", path+"governance/")
				for _, call := range []string{"events?range=all", "events?range=all&org=beta&project=p2", "events?range=all&cursor=" + cursor, "events?q=org:beta", "events/" + theirs.ID.String(), "events/" + hidden.ID.String(), "facets?range=all", "alerts", "meta", "histogram?range=all", "count?range=all"} {
					targets = append(targets, path+"api/v1/"+call)
				}
				targets = append(targets, path+"events/"+theirs.ID.String(), path+"events/"+hidden.ID.String())
			}
			for _, target := range targets {
				regions := []string{"", "figures"}
				if strings.Contains(target, "event=") {
					regions = append(regions, "panel")
				}
				if strings.Contains(target, "/export?") || strings.Contains(target, "/api/v1/") {
					regions = regions[:1]
				}
				for _, region := range regions {
					a := r.get(target, "Activity-Region", region)
					for _, word := range tt.foreign {
						if strings.Contains(a.body, word) {
							t.Errorf("%s (%s) shows %q", target, region, word)
						}
					}
				}
			}
			// What is not covered is answered like what never was.
			for _, pair := range [][2]string{
				{tt.home + "events/" + theirs.ID.String(), tt.home + "events/01900000-0000-7000-8000-000000000000"},
				{"/orgs/beta/", "/orgs/nowhere/"},
				{"/orgs/beta/projects/p1/", "/orgs/nowhere/projects/p1/"},
				{"/orgs/beta/events/" + theirs.ID.String(), "/orgs/beta/events/01900000-0000-7000-8000-000000000000"},
			} {
				a, b := r.get(pair[0]), r.get(pair[1])
				require.Equal(t, http.StatusNotFound, a.code, pair[0])
				require.Equal(t, a.code, b.code)
				require.Equal(t, a.body, b.body)
			}
			require.Empty(t, r.failed)
		})
	}
}

func mustQuery(t *testing.T, link string) url.Values {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err)
	return u.Query()
}

func TestRights(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e := r.record("acme", "p1", "leo", time.Hour)
	event := "/orgs/acme/events/" + e.ID.String()
	code := func(target string) int { return r.get(target).code }

	require.Equal(t, http.StatusForbidden, code("/"), "no grant")
	r.grants = []access.Grant{org(access.Export)}
	require.Equal(t, http.StatusForbidden, code("/"), "no right to view")
	require.Equal(t, http.StatusForbidden, code(event))
	r.grants = []access.Grant{org(access.View)}
	page := r.get("/").ok(t)
	require.NotContains(t, page.body, "export?")
	require.Equal(t, http.StatusForbidden, code("/export?format=csv"))
	last := r.views("acme")
	require.Equal(t, "audit.export", last[len(last)-1].Action)
	require.Equal(t, activitylog.Denied, last[len(last)-1].Outcome)

	// What is hidden says so and cannot be found out by asking.
	for _, target := range []string{"/", event, "/?event=" + e.ID.String()} {
		body := r.get(target).ok(t).body
		require.Contains(t, body, "Hidden for your role", target)
		for _, word := range []string{"leo@acme.example", "192.0.2.7", "agent-acme", "ses-acme", "old-acme", "new-acme", "meta-acme"} {
			require.NotContains(t, body, word, target)
		}
	}
	for _, q := range []string{"ip:192.0.2.7", "session:ses-acme", "meta.ticket:meta-acme", "-ip:192.0.2.7", "a or session:x"} {
		require.Equal(t, http.StatusForbidden, code("/?q="+url.QueryEscape(q)), q)
	}
	require.Empty(t, r.get("/?q=meta").ok(t).ids(), "free text finds what is shown alone")
	require.Contains(t, r.get("/?q=leo").ok(t).text(), "There is no chart for searches by text in your role")

	r.grants = []access.Grant{org(access.View | access.ViewSensitive | access.Export)}
	body := r.get(event).ok(t).body
	require.Contains(t, body, "192.0.2.7")
	require.Contains(t, r.get("/").ok(t).body, "export?format=csv")
	require.Len(t, r.get("/?q=meta.ticket:meta-acme").ok(t).ids(), 1)
}

// A page with all that stands on it is one view; an export is two records, one before its first byte.
func TestEachReadingIsRecordedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	for i := range 70 {
		r.record("acme", "p1", fmt.Sprint("u", i%9), time.Duration(i)*time.Minute)
	}
	page := r.get("/?range=7d").ok(t)
	r.get("/?range=7d", "Activity-Region", "list").ok(t)
	r.get("/?range=7d", "Activity-Region", "figures").ok(t)
	r.get(page.link(t, "older")).ok(t)
	views := r.views("acme")
	require.Len(t, views, 1)
	require.Equal(t, "audit.view", views[0].Action)
	require.Equal(t, "ana", views[0].Actor.ID)
	require.Contains(t, views[0].Metadata["filter"], "2026-03-05")

	r.get("/?range=7d&event=" + page.ids()[0]).ok(t)
	views = r.views("acme")
	require.Len(t, views, 2)
	require.Equal(t, page.ids()[0], views[1].Targets[0].ID)

	r.get("/export?range=7d").ok(t)
	views = r.views("acme")
	require.Len(t, views, 4)
	require.Equal(t, "audit.export", views[3].Action)
	require.NotEmpty(t, views[3].Metadata["sha256"])
	// A platform admin who looks at one organization leaves that in its own log.
	r.grants = []access.Grant{access.Platform(activitylog.Actor{ID: "root"}, access.AllRights)}
	r.get("/orgs/acme/").ok(t)
	views = r.views("acme")
	require.Len(t, views, 5)
	require.True(t, slices.ContainsFunc(views, func(e activitylog.Event) bool { return e.Actor.ID == "root" && e.Action == "audit.view" }))
}

func TestAuthorizerDecides(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	failing := func(err error) answer {
		granted := r.authorize
		defer func() { r.authorize = granted }()
		r.authorize = func(*http.Request) ([]access.Grant, error) { return nil, err }
		return r.get("/orgs/acme/?q=x")
	}
	require.Equal(t, http.StatusUnauthorized, failing(fmt.Errorf("cookie: %w", web.ErrSignedOut)).code)
	require.Equal(t, http.StatusForbidden, failing(access.ErrDenied).code)
	require.Empty(t, r.failed)
	a := failing(errors.New("the session store says secret words"))
	require.Equal(t, http.StatusInternalServerError, a.code)
	require.NotContains(t, a.body, "secret words")
	require.Len(t, r.failed, 1)
	number := strings.Fields(strings.SplitAfter(a.text(), "Number of this failure: ")[1])[0]
	require.Contains(t, r.failed[0].Error(), number, "the reader's number leads to the host's record")
	// Several grants: a page to choose from, and each log under its own address.
	r.grants = []access.Grant{org(access.View), access.Org(ana, "beta", access.View), access.Project(ana, "gamma", "p", access.View)}
	text := r.get("/").ok(t)
	require.Contains(t, text.body, `href="./orgs/beta/"`)
	require.Contains(t, text.body, `href="./orgs/gamma/projects/p/recent/"`)
	require.Equal(t, http.StatusNotFound, r.get("/orgs/gamma/").code)
	require.Equal(t, http.StatusOK, r.get("/orgs/beta/").code)
	require.Equal(t, http.StatusNotFound, r.get("/platform/").code)
	// Other methods change nothing.
	for _, method := range []string{"PUT", "DELETE", "PATCH", "POST"} {
		require.Equal(t, http.StatusMethodNotAllowed, request(t, r.pages, method, "/orgs/acme/", "").code, method)
	}
}

// A name that somebody met in their own activity is nothing that another one learns from theirs.
func TestNamesOfOwnActivityStayThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Own(activitylog.Actor{ID: "mia"}, "acme", access.AllRights))
	r.record("acme", "", "mia", time.Hour)
	require.Contains(t, r.get("/mine/acme/?range=all").ok(t).body, "Mia of acme")
	require.Contains(t, r.get("/mine/acme/?range=all&actor=mia").ok(t).body, "Mia of acme")
	for _, actor := range []activitylog.Actor{{ID: "leo"}, {Type: activitylog.Service, ID: "mia"}} {
		r.grants = []access.Grant{access.Own(actor, "acme", access.AllRights)}
		require.NotContains(t, r.get("/mine/acme/?range=all&actor=mia").ok(t).body, "Mia of acme")
	}
}
