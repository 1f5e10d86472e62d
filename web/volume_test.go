package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// Who reads one project, or what they did themselves, is told that an event is sealed, and by nothing how much there is
// beside: neither by pages nor by the API, a file or a stream.
func TestVolumesOfOthersAreHidden(t *testing.T) {
	t.Parallel()
	r, _, sealer, _ := sealed(t)
	leo := activitylog.Actor{Type: activitylog.User, ID: "leo"}
	scopes := map[string]access.Grant{
		"/orgs/acme/projects/p1/": access.Project(leo, "acme", "p1", access.AllRights),
		"/mine/acme/":             access.Own(leo, "acme", access.AllRights),
		"/orgs/acme/":             access.Org(leo, "acme", access.AllRights),
		"/platform/":              access.Platform(leo, access.AllRights),
	}
	id := r.record("acme", "p1", "leo", time.Minute).ID.String()
	places := map[string]string{}
	for path, grant := range scopes {
		r.grants = []access.Grant{grant}
		got := messages(r.get(path + "api/v1/stream").ok(t).body)
		places[path] = last(got)
	}
	r.grants = []access.Grant{org(access.AllRights)}
	r.record("acme", "p1", "leo", time.Minute)
	r.set(start.Add(10 * time.Second))
	_, err := sealer.Seal(t.Context())
	require.NoError(t, err)
	for path, grant := range scopes {
		r.grants = []access.Grant{grant}
		kind, _, _ := grant.Scope()
		whole := kind == "org" || kind == "platform"
		pages := []string{"?event=" + id, "api/v1/events", "api/v1/events/" + id, "export?format=ndjson", "api/v1/export?format=ndjson", "api/v1/stream?after=" + places[path]}
		if kind != "platform" {
			pages = append(pages, "events/"+id)
		}
		for _, page := range pages {
			require.Equal(t, whole, leafForm.MatchString(r.get(path+page).ok(t).body), "%s%s", path, page)
		}
		text := r.get(path + "?event=" + id).ok(t).text()
		require.Contains(t, text, "Sealed at 12 Mar 2026 09:30, and unchanged since")
		if whole {
			require.Regexp(t, `entry 1 of \d`, text)
			require.Contains(t, text, "Download the proof")
			continue
		}
		require.NotRegexp(t, `entry \d`, text)
		require.Contains(t, text, "Entry and proof are hidden")
		require.NotContains(t, text, "Download the proof")
		require.Equal(t, http.StatusNotFound, r.get(path+"events/"+id+"/proof").code)
	}
	// How many events wait for a seal is a figure over all organizations.
	r.grants = []access.Grant{org(access.AllRights)}
	require.Contains(t, r.get("/orgs/acme/governance/").ok(t).text(), "Waiting hidden: it counts the events of all organizations")
	r.grants = append(r.grants, scopes["/platform/"])
	require.Regexp(t, `Waiting \d+ events`, r.get("/orgs/acme/governance/").ok(t).text())
	require.Empty(t, r.failed)
}

var leafForm = regexp.MustCompile(`(?:"|&#34;)(?:leaf|opening)(?:"|&#34;):`)

// A search that gives up for now tells how many events it looked at only to those who may read all of them.
func TestSearchesTellNoVolumes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var err error
	r.log, err = activitylog.New(memory.New(), &activitylog.Options{Now: r.clock, Examine: 20})
	require.NoError(t, err)
	r.serve(nil)
	for i := range 100 {
		r.record("acme", fmt.Sprint("p", 1+i%2), "leo", time.Hour)
	}
	r.grants = []access.Grant{org(access.AllRights)}
	require.Regexp(t, `\d+ events were looked at`, r.get("/orgs/acme/?q=needle").ok(t).text())
	require.Contains(t, r.get("/orgs/acme/api/v1/events?q=needle").ok(t).body, `"examined":`)
	r.grants = []access.Grant{access.Project(ana, "acme", "p2", access.AllRights)}
	const project = "/orgs/acme/projects/p2/"
	text := r.get(project + "?q=needle").ok(t).text()
	require.Contains(t, text, "Nothing found so far The search goes on with older events.")
	require.NotContains(t, text, "looked at")
	require.NotContains(t, r.get(project+"api/v1/events?q=needle").ok(t).body, "examined")
}
