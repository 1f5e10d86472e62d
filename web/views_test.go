package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// saved are the views that a page offers: their names with the addresses they lead to.
func (a answer) saved() map[string]string {
	list := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)<div class="vw"><a href="([^"]*)"[^>]*><bdi>(.*?)</bdi>`).FindAllStringSubmatch(a.body, -1) {
		list[html.UnescapeString(m[2])] = html.UnescapeString(m[1])
	}
	return list
}

func (r *rig) post(target, form string, head ...string) answer {
	r.t.Helper()
	return request(r.t, r.pages, http.MethodPost, target, form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, head...)...)
}

func as(id string, rights access.Right) access.Grant {
	return access.Org(activitylog.Actor{Type: activitylog.User, ID: id, Name: strings.ToUpper(id[:1]) + id[1:]}, "acme", rights)
}

// A view is kept under a name, is everybody's if it was shared and only mine if not, and goes when it is removed.
func TestSavedViews(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View))
	r.record("acme", "", "leo", time.Hour)
	save := func(name, query string, more ...string) int {
		form := url.Values{"name": {name}, "query": {query}}
		for i := 0; i+1 < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return r.post("/orgs/acme/views", form.Encode()).code
	}
	require.Equal(t, http.StatusSeeOther, save("Mine & <b>", "range=7d&category=ai&q=a+b&cursor=x.y&event=z&cols=event,cost"))
	require.Equal(t, http.StatusSeeOther, save("Failures", "quick=errors", "shared", "1"))
	page := r.get("/orgs/acme/").ok(t)
	require.Equal(t, map[string]string{"Mine & <b>": "?category=ai&cols=event%2Ccost&q=a+b&range=7d", "Failures": "?quick=errors"}, page.saved(), "without what is of the moment")
	require.Contains(t, r.get("/orgs/acme/?quick=errors").ok(t).body, `href="?quick=errors" aria-current="page"`)
	require.Contains(t, r.get("/orgs/acme/?reads=1&category=audit").ok(t).text(), "Ana saved the view Failures", "the log tells who saved it")

	require.Equal(t, http.StatusSeeOther, save("Mine & <b>", "range=90d"), "the same name again takes its place")
	require.Equal(t, "?range=90d", r.get("/orgs/acme/").ok(t).saved()["Mine & <b>"])
	remove := regexp.MustCompile(`name="remove" value="([^"]*)"`)
	ids := remove.FindAllStringSubmatch(r.get("/orgs/acme/").ok(t).body, -1)
	require.Len(t, ids, 2)

	r.grants = []access.Grant{as("leo", access.View)}
	page = r.get("/orgs/acme/").ok(t)
	require.Equal(t, map[string]string{"Failures": "?quick=errors"}, page.saved())
	require.Empty(t, remove.FindAllString(page.body, -1), "what another saved is not mine to remove")
	for _, id := range ids {
		require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, r.post("/orgs/acme/views", "remove="+id[1]).code)
	}
	r.grants = []access.Grant{as("mia", access.View|access.ManageRetention)}
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "remove="+remove.FindStringSubmatch(r.get("/orgs/acme/").ok(t).body)[1]).code)
	require.Empty(t, r.get("/orgs/acme/").ok(t).saved())
	r.grants = []access.Grant{as("ana", access.View)}
	require.Len(t, r.get("/orgs/acme/").ok(t).saved(), 1)

	for _, other := range []access.Grant{access.Project(ana, "acme", "p", access.View), access.Own(ana, "acme", access.View), access.Org(ana, "beta", access.View), access.Platform(ana, access.View)} {
		r.grants = []access.Grant{other}
		kind, org, _ := other.Scope()
		page := map[string]string{"project": "/orgs/acme/projects/p/", "own": "/mine/acme/", "org": "/orgs/" + org + "/", "platform": "/platform/"}[kind]
		require.Empty(t, r.get(page).ok(t).saved(), "views belong to one log")
		require.Equal(t, http.StatusSeeOther, r.post(page+"views", "name=here&query=range%3Dall&shared=1").code)
		require.Equal(t, map[string]string{"here": "?range=all"}, r.get(page).ok(t).saved())
	}
	r.grants = []access.Grant{as("ana", access.View)}
	require.Len(t, r.get("/orgs/acme/").ok(t).saved(), 1)
	require.Empty(t, r.failed)
}

func TestSavedViewsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	for _, form := range []string{
		"name=&query=", "name=" + strings.Repeat("x", 81) + "&query=", "name=x&query=cols%3D" + strings.Repeat("%C3%A9", 480), "name=x&query=from%3Dnonsense", "name=x&query=%25zz",
	} {
		require.Equal(t, http.StatusBadRequest, r.post("/orgs/acme/views", form).code, form[:min(len(form), 40)])
	}
	require.Equal(t, http.StatusForbidden, r.post("/orgs/acme/views", "name=x&query=", "Sec-Fetch-Site", "cross-site").code)
	require.Equal(t, http.StatusNotFound, r.post("/orgs/acme/views", "remove=nothing").code)
	for i := range 50 {
		require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", fmt.Sprintf("name=view+%d&query=", i)).code)
	}
	require.Equal(t, http.StatusBadRequest, r.post("/orgs/acme/views", "name=one+more&query=").code)
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=view+7&query=range%3D7d").code, "an old one may still change")
	require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name=shared&query=&shared=1").code)
	require.Len(t, r.get("/orgs/acme/").ok(t).saved(), 51)
	_, err := r.log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "audit.filter.save", Actor: ana})
	require.ErrorIs(t, err, activitylog.ErrInvalid, "nobody else records views")
}

// A shared view that asks for an address is not offered to somebody from whom addresses are hidden.
func TestSharedViewsTellNothingHidden(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View|access.ViewSensitive))
	for _, q := range []string{"ip%3A192.0.2.7", "%28meta.ticket%3Ax+or+actor%3Aleo%29", "actor%3Aleo"} {
		require.Equal(t, http.StatusSeeOther, r.post("/orgs/acme/views", "name="+q+"&shared=1&query=q%3D"+url.QueryEscape(q)).code)
	}
	require.Len(t, r.get("/orgs/acme/").ok(t).saved(), 3)
	r.grants = []access.Grant{as("leo", access.View)}
	require.Equal(t, map[string]string{"actor:leo": "?q=actor%3Aleo"}, r.get("/orgs/acme/").ok(t).saved())
}

// Two people who share views at the same moment lose none.
func TestViewsSavedAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			if code := r.post("/orgs/acme/views", fmt.Sprintf("name=view+%d&query=&shared=1", i)).code; code != http.StatusSeeOther {
				t.Error(code)
			}
		})
	}
	work.Wait()
	require.Len(t, r.get("/orgs/acme/").ok(t).saved(), 20)
}

// The link with fixed times shows the same events for ever; the other one goes with the time.
func TestLinkWithFixedTimes(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	old := r.record("acme", "", "leo", 6*24*time.Hour).ID.String()
	page := r.get("/orgs/acme/?range=7d&category=ai").ok(t)
	fixed := page.link(t, "copy")
	require.Contains(t, fixed, "from=2026-03-05T00%3A00%3A00Z&to=2026-03-12T09%3A30%3A00Z")
	r.set(start.AddDate(0, 0, 30))
	r.record("acme", "", "leo", time.Hour)
	require.Equal(t, []string{old}, r.get(fixed).ok(t).ids())
	require.NotContains(t, r.get("/orgs/acme/?range=7d&category=ai").ok(t).ids(), old)
}
