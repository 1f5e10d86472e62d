// Not under the race detector, where so many requests take minutes: make test runs this package without it too.

//go:build !race

package web_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/web"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// town is a log of several organizations with projects, of which each event says in all of its fields whose it is.
type town struct {
	*rig
	rng    *rand.Rand
	pages  *web.Handler
	viewer access.Grant
	pool   map[string][]string // what a request can name, of all tenants, by kind
}

var (
	townOrgs     = []string{"acme", "beta", "gamma"}
	townProjects = []string{"p1", "p2"}
)

// secret is what nobody may see to whom a project of an organization does not belong. No request holds it.
func secret(org, project string) string { return "Xq" + org + "Xq" + project + "Xq" }

// orgSecret is the same of a whole organization.
func orgSecret(org string) string { return "Yq" + org + "Yq" }

func newTown(t *testing.T, store activitylog.Store) *town {
	t.Helper()
	w := &town{rig: newRigOver(t, store, nil), rng: seeded(t), pool: map[string][]string{}}
	m := w.newMonitor()
	var err error
	w.pages, err = web.New(w.log, func(*http.Request) ([]access.Grant, error) { return []access.Grant{w.viewer}, nil }, &web.Options{
		Monitor: m, Book: w.newBook(), Now: w.clock, OrgName: orgSecret, ProjectName: secret, OnError: func(err error) { t.Errorf("told the host: %v", err) },
	})
	require.NoError(t, err)
	var batch []activitylog.Event
	for _, org := range townOrgs {
		for _, project := range townProjects {
			for i := range 54 { // more than a page
				batch = append(batch, townEvent(org, project, i))
			}
			for i := range 12 { // a wave of failed sign-ins, which is an alert
				e := townEvent(org, project, i)
				e.Action, e.Outcome, e.AI, e.Time = "auth.login", activitylog.Failure, nil, start.Add(-time.Duration(i+1)*time.Second)
				e.Client.IP = netip.MustParseAddr("203.0.113.9")
				batch = append(batch, e)
			}
		}
	}
	_, err = w.log.RecordAll(t.Context(), batch)
	require.NoError(t, err)
	require.Eventually(t, func() bool { // transactions elsewhere on the server hold followers back
		list, err := m.Alerts(t.Context(), "gamma")
		return err == nil && len(list) > 0 || m.Poll(t.Context()) != nil
	}, time.Minute, time.Millisecond)
	w.harvest(t, m)
	batch = batch[:0]
	for _, org := range townOrgs { // behind the places in streams
		for _, project := range townProjects {
			batch = append(batch, townEvent(org, project, 1))
		}
	}
	_, err = w.log.RecordAll(t.Context(), batch)
	require.NoError(t, err)
	return w
}

func townEvent(org, project string, i int) activitylog.Event {
	s, cost := secret(org, project), int64(420_000)
	id := fmt.Sprintf("%s-%s-%d", org, project, i%5)
	return activitylog.Event{
		Org: org, Project: project, Action: []string{"ai.message.send", "member.invite", "project.update"}[i%3], Time: start.Add(-time.Duration(i) * 7 * time.Hour),
		Actor: activitylog.Actor{ID: "actor-" + id, Name: "Name " + s, Email: s + "@example.com"}, Reason: "reason " + s, Message: fmt.Sprintf("message %d %s", i, s),
		Targets:  []activitylog.Target{{Type: "thing", ID: "target-" + id, Name: "Target " + s}},
		Changes:  []activitylog.Change{{Path: "field", Old: "old " + s, New: "new " + s}},
		Client:   activitylog.Client{IP: netip.MustParseAddr("198.51.100.7"), UserAgent: "agent " + s},
		Request:  activitylog.Request{ID: "request-" + id, SessionID: "session-" + id, CorrelationID: "operation-" + id},
		AI:       &activitylog.AIUsage{Provider: "quill", Model: "model-" + id, AgentName: "agent " + s, InputTokens: 1200, CostMicros: &cost, Currency: "USD"},
		Metadata: map[string]any{"ticket": "ticket " + s}, Labels: map[string]string{"team": "team " + s},
	}
}

// harvest collects what requests can name: ids of everything, and cursors, places and tokens as each tenant gets them.
func (w *town) harvest(t *testing.T, m *monitor.Monitor) {
	add := func(kind string, values ...string) { w.pool[kind] = append(w.pool[kind], values...) }
	add("org", append(slices.Clone(townOrgs), "nowhere", activitylog.SystemOrg)...)
	add("project", append(slices.Clone(townProjects), "p9")...)
	for _, org := range townOrgs {
		for e, err := range w.log.Org(org).Events(t.Context(), activitylog.Query{}) {
			require.NoError(t, err)
			add("event", e.ID.String())
			add("actor", e.Actor.ID)
			add("query", "id:"+e.ID.String(), "actor:"+e.Actor.ID, "session:"+e.Request.SessionID, "request:"+e.Request.ID, "correlation:"+e.Request.CorrelationID)
			if len(e.Targets) > 0 {
				add("query", "target:"+e.Targets[0].ID, "-target:"+e.Targets[0].ID)
			}
			if e.AI != nil {
				add("model", e.AI.Model)
			}
		}
		list, err := m.Alerts(t.Context(), org)
		require.NoError(t, err)
		require.NotEmpty(t, list, "there is an alert in %s", org)
		for i := range list {
			add("alert", list[i].Fingerprint)
		}
		add("query", "org:"+org, "-org:"+org, "org:"+org+" or project:p2", "category:ai", "message", `"message 3"`, "project:p1,p2", "(org:beta or org:gamma) -project:p1")
	}
	cursorForm := regexp.MustCompile(`cursor=([\w.-]+)|"next":"([\w.-]+)"`)
	for i, g := range w.viewers() {
		w.viewer = g
		_, org, project := g.Scope()
		home := map[string]string{"org": "/orgs/" + org + "/", "project": "/orgs/" + org + "/projects/" + project + "/", "own": "/mine/" + org + "/", "platform": "/platform/"}[kindOf(g)]
		token := fmt.Sprintf("token0123456789%02d", i)
		for _, page := range []string{"?range=all", "recent/?range=all", "?range=all&category=ai", "api/v1/events?range=all", "?range=90d"} {
			for _, m := range cursorForm.FindAllStringSubmatch(get(t, w.pages, home+page).ok(t).body, -1) {
				add("cursor", m[1]+m[2])
			}
		}
		add("place", last(messages(get(t, w.pages, home+"api/v1/stream").ok(t).body)), last(messages(get(t, w.pages, following(home[1:])).ok(t).body)))
		get(t, w.pages, home+"export?token="+token).ok(t)
		add("token", token)
		for _, shared := range []string{"", "1"} {
			form := url.Values{"name": {orgSecret(org) + secret(org, project)}, "query": {"range=all"}, "shared": {shared}}
			if kindOf(g) == "own" {
				form.Set("name", secret(org, "p1"))
			}
			saved := request(t, w.pages, http.MethodPost, home+"views", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
			require.Equal(t, http.StatusSeeOther, saved.code)
		}
		for _, m := range viewForm.FindAllStringSubmatch(get(t, w.pages, home+"api/v1/views").ok(t).body, -1) {
			add("view", m[1])
		}
	}
	require.NotEmpty(t, w.pool["cursor"])
}

var viewForm = regexp.MustCompile(`"id":"([^"]*)"`)

func kindOf(g access.Grant) string {
	kind, _, _ := g.Scope()
	return kind
}

// viewers are everybody from whom a request can have its ids.
func (w *town) viewers() []access.Grant {
	list := []access.Grant{access.Platform(activitylog.Actor{ID: "root"}, access.AllRights)}
	for _, org := range townOrgs {
		list = append(list, access.Org(activitylog.Actor{ID: "admin-" + org}, org, access.AllRights))
		for _, p := range townProjects {
			list = append(list, access.Project(activitylog.Actor{ID: "member-" + org + p}, org, p, access.AllRights))
		}
		list = append(list, access.Own(activitylog.Actor{ID: "actor-" + org + "-p1-1"}, org, access.AllRights))
	}
	return list
}

// any is one of the things of a kind, of whichever tenant.
func (w *town) any(kind string) string { return w.pool[kind][w.rng.IntN(len(w.pool[kind]))] }

// request makes one that names what belongs to anybody.
func (w *town) request() *http.Request {
	esc := url.PathEscape
	scopes := []string{"", "orgs/" + esc(w.any("org")) + "/", "orgs/" + esc(w.any("org")) + "/projects/" + esc(w.any("project")) + "/", "mine/" + esc(w.any("org")) + "/", "platform/"}
	_, org, project := w.viewer.Scope()
	if own := "orgs/" + org + "/"; w.rng.IntN(2) == 0 { // half of all where they may read
		scopes = []string{map[string]string{"org": own, "project": own + "projects/" + project + "/", "own": "mine/" + org + "/"}[kindOf(w.viewer)]}
	}
	paths := []string{"", "", "", "recent/", "usage/", "alerts/", "governance/", "events/" + w.any("event"), "events/" + w.any("event"), "alerts/" + w.any("alert"), "export", "export",
		"api/v1/events", "api/v1/events", "api/v1/events/" + w.any("event"), "api/v1/events/" + w.any("event"), "api/v1/count", "api/v1/histogram", "api/v1/facets", "api/v1/alerts", "api/v1/meta",
		"api/v1/stream", "api/v1/stream", "api/v1/export", "api/v1/exports/" + w.any("token"), "views", "api/v1/views", "api/v1/views/" + w.any("view")}
	v := url.Values{}
	kinds := map[string]string{"org": "org", "project": "project", "actor": "actor", "model": "model", "event": "event", "alert": "alert", "cursor": "cursor", "q": "query", "after": "place", "token": "token"}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		for w.rng.IntN(10) == 0 {
			value := w.any(kinds[name])
			if w.rng.IntN(8) == 0 {
				value = "-" + value
			}
			v.Add(name, value)
		}
	}
	for _, name := range []string{"range=all", "range=all", "range=90d", "reads=1", "format=ndjson", "format=evidence", "category=ai", "quick=errors", "limit=200", "tz=utc", "category=audit"} {
		if w.rng.IntN(6) == 0 {
			key, value, _ := strings.Cut(name, "=")
			v.Add(key, value)
		}
	}
	pick := func(list []string) string { return list[w.rng.IntN(len(list))] }
	if w.rng.IntN(16) == 0 {
		return w.follows(append(scopes, "orgs/"+esc(w.any("org"))+"/"), v)
	}
	method, body := http.MethodGet, ""
	if w.rng.IntN(20) == 0 {
		method = http.MethodPost
		body = url.Values{"do": {[]string{"acknowledge", "snooze", "resolve", "planned"}[w.rng.IntN(4)]}, "reason": {"by the fuzz"}, "remove": {w.any("view")}}.Encode()
	} else if w.rng.IntN(20) == 0 {
		method = http.MethodDelete
	}
	r := httptest.NewRequest(method, "/"+pick(scopes)+pick(paths)+"?"+v.Encode(), strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Activity-Region", pick([]string{"", "list", "figures", "panel"}))
	if w.rng.IntN(2) == 0 {
		r.Header.Set("Last-Event-ID", w.any("place"))
	}
	return r
}

// follows asks for the stream about several pages: of their own, of others, and with parameters that name what is others'.
func (w *town) follows(scopes []string, params url.Values) *http.Request {
	var pages []string
	for range 1 + w.rng.IntN(6) {
		page := scopes[w.rng.IntN(len(scopes))]
		if w.rng.IntN(2) == 0 {
			page += "?" + params.Encode()
		}
		pages = append(pages, page)
	}
	r := httptest.NewRequest(http.MethodGet, following(pages...)+"&after="+w.any("place"), nil)
	if w.rng.IntN(2) == 0 {
		r.Header.Set("Last-Event-ID", w.any("place"))
	}
	return r
}

// unseen fails the test for events in a stream about several pages that their scopes do not hold, or the viewer's grant.
// It returns how many it named.
func (w *town) unseen(t *testing.T, viewer access.Grant, q *http.Request, body string) (named int) {
	t.Helper()
	pages, _ := url.ParseQuery(q.URL.RawQuery)
	_, org, project := viewer.Scope()
	for _, s := range sightings(t, "activity", messages(body)) {
		id, err := uuid.Parse(s.ID)
		require.NoError(t, err)
		e, err := w.log.AllOrgs().Get(t.Context(), id)
		require.NoError(t, err)
		named++
		foreign := e.Org != org || project != "" && e.Project != project || kindOf(viewer) == "own" && e.Actor.ID != viewer.Actor().ID
		for _, i := range s.Follows {
			steps := strings.Split(pages["follow"][i], "/")
			foreign = foreign || steps[1] != e.Org || len(steps) > 4 && steps[2] == "projects" && steps[3] != e.Project
		}
		if foreign {
			t.Fatalf("%s (%v) names %s of %s %s to %s", q.URL, q.Header, s.ID, e.Org, e.Project, viewer.Actor().ID)
		}
	}
	return named
}

// fuzz sends n requests of one viewer and returns what kinds of answers there were.
func (w *town) fuzz(t *testing.T, viewer access.Grant, n int) map[int]int {
	t.Helper()
	w.viewer = viewer
	_, org, project := viewer.Scope()
	var foreign []string
	for _, o := range townOrgs {
		if o != org {
			foreign = append(foreign, orgSecret(o))
		}
		for _, p := range townProjects {
			if o != org || kindOf(viewer) != "org" && p != "p1" || project != "" && p != project {
				foreign = append(foreign, secret(o, p))
			}
		}
	}
	own, shown, named, codes := secret(org, "p1"), 0, 0, map[int]int{}
	for range n {
		w.set(w.clock().Add(time.Minute))
		q := w.request()
		recorder := httptest.NewRecorder()
		func() {
			defer func() { // an export that ends early
				if p := recover(); p != nil && p != http.ErrAbortHandler {
					panic(p)
				}
			}()
			w.pages.ServeHTTP(unflushed{recorder}, q)
		}()
		codes[recorder.Code]++
		all := append(recorder.Body.Bytes(), fmt.Sprint(recorder.Header())...)
		for _, s := range foreign {
			if bytes.Contains(all, []byte(s)) {
				t.Fatalf("%s %s (%v) shows %s to %s", q.Method, q.URL, q.Header, s, viewer.Actor().ID)
			}
		}
		if strings.HasPrefix(q.URL.Path, "/api/v1/streams") && recorder.Code == http.StatusOK {
			named += w.unseen(t, viewer, q, recorder.Body.String())
		}
		if bytes.Contains(all, []byte(own)) {
			shown++
		}
	}
	t.Logf("%d of %d answers show what is their own, streams of several pages named %d events", shown, n, named)
	if n < 1000 { // chance decides how many
		require.Positive(t, shown)
	} else {
		require.Greater(t, shown, n/20)
		require.Positive(t, named)
	}
	require.Zero(t, codes[http.StatusInternalServerError])
	return codes
}

// unharmed fails the test for what a viewer has left in logs that are not theirs.
func (w *town) unharmed(t *testing.T, viewer access.Grant) {
	t.Helper()
	_, org, _ := viewer.Scope()
	for e, err := range w.log.AllOrgs().Events(t.Context(), activitylog.Query{Filter: activitylog.ActorIs(viewer.Actor().ID)}) {
		require.NoError(t, err)
		theirs := func(action string) bool { return strings.HasPrefix(e.Action, action) }
		if e.Org != org || kindOf(viewer) != "org" && e.Category == "audit" && !theirs("audit.view") && !theirs("audit.export") && !theirs("audit.filter") {
			t.Errorf("%s left %s in %s", viewer.Actor().ID, e.Action, e.Org)
		}
	}
}

// Requests that swap every id, cursor, project, organization, place in a stream and token of an export between tenants get
// no byte of another one, and change nothing there.
func TestNothingForeignInAnyRequest(t *testing.T) {
	t.Parallel()
	viewers := map[string]access.Grant{
		"organization": access.Org(activitylog.Actor{ID: "admin-acme"}, "acme", access.AllRights),
		"project":      access.Project(activitylog.Actor{ID: "member-acmep1"}, "acme", "p1", access.AllRights),
		"own activity": access.Own(activitylog.Actor{ID: "actor-acme-p1-1"}, "acme", access.AllRights),
		"few rights":   access.Project(activitylog.Actor{ID: "guest"}, "acme", "p1", access.View),
	}
	for name, open := range stores {
		for who, viewer := range viewers {
			if name != "memory" && who != "organization" && who != "project" {
				continue
			}
			t.Run(name+"/"+who, func(t *testing.T) {
				t.Parallel()
				n := 2600 // of each of four, so more than ten thousand
				if name != "memory" {
					n = 120
				}
				w := newTown(t, open(t))
				codes := w.fuzz(t, viewer, n)
				t.Logf("answers by code: %v", codes)
				w.unharmed(t, viewer)
			})
		}
	}
}
