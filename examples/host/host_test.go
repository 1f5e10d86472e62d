package host_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/examples/host"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// app is the application with two organizations: ana is admin of acme and leo a member, eve is admin of other.
type app struct {
	http.Handler
	log *activitylog.Log
	db  *sql.DB
	n   int // requests
}

func newApp(t *testing.T) *app {
	t.Helper()
	path := filepath.Join(t.TempDir(), "host.db")
	store, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { store.Close() })
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	model := func(_ context.Context, prompt string, u *activitylog.AIUsage) (string, error) {
		u.Model, u.InputTokens = "small-1", 10_000
		if prompt == "" {
			return "", errors.New("overloaded")
		}
		u.OutputTokens = 100
		return "it is", nil
	}
	a := &app{db: db}
	a.Handler, a.log, err = host.New(t.Context(), db, store, model)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO people VALUES
		('acme', 'ana', 'Ana', 'admin', 'pw', NULL), ('acme', 'leo', 'Leo', 'member', 'pw', NULL), ('other', 'eve', 'Eve', 'admin', 'pw', NULL)`)
	require.NoError(t, err)
	for _, who := range []string{"acme/ana", "acme/leo", "other/eve"} {
		org, user, _ := strings.Cut(who, "/")
		a.do("", "POST", "/login", "org="+org+"&user="+user+"&password=pw")
	}
	return a
}

// do sends a request of somebody through the proxy, and returns the answer.
func (a *app) do(who, method, path, body string) *httptest.ResponseRecorder {
	a.n++
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "10.0.0.1:80"
	r.Header.Set("X-Forwarded-For", "192.0.2.77")
	r.Header.Set("X-Request-Id", fmt.Sprint("r", a.n))
	if !strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("X-Token", "t-"+strings.ReplaceAll(who, "/", "-"))
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// last returns the newest event.
func (a *app) last(t *testing.T) activitylog.Event {
	t.Helper()
	page, err := a.log.AllOrgs().Page(t.Context(), activitylog.Query{Limit: 1})
	require.NoError(t, err)
	require.Len(t, page.Events, 1)
	return page.Events[0]
}

// TestEveryActGivesItsEvent goes through what people do, in order.
func TestEveryActGivesItsEvent(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	const ana, leo, eve = "acme/ana", "acme/leo", "other/eve"
	tests := []struct {
		who, method, path, body string
		status                  int
		action                  string
		outcome                 activitylog.Outcome
		message                 string // a part of it
	}{
		{"", "POST", "/login", "org=acme&user=ana&password=wrong", 403, "auth.login", "denied", "ana was not allowed to sign in: wrong name or password"},
		{"", "POST", "/login", "org=acme&user=ana&password=pw", 200, "auth.login", "success", "Ana signed in"},
		{"", "DELETE", "/projects/p1", "", 401, "access.denied", "denied", "Somebody was not allowed"},
		{ana, "POST", "/members/mia", "name=Mia&password=pw", 200, "member.invite", "success", "Ana invited Mia"},
		{leo, "POST", "/members/bob", "name=Bob", 403, "member.invite", "denied", "only for the role admin"},
		{ana, "PUT", "/members/mia/role/admin", "", 200, "member.role.change", "success", "Ana changed the role of"},
		{ana, "PUT", "/members/nobody/role/admin", "", 404, "member.role.change", "failure", "no rows"},
		{ana, "DELETE", "/members/mia", "", 200, "member.remove", "success", "Ana removed"},
		{leo, "POST", "/projects/p1", `{"name":"Website"}`, 200, "project.create", "success", "Leo created the project Website"},
		{leo, "PUT", "/projects/p1", `{"name":"Web"}`, 200, "project.update", "success", "Leo changed the project Web"},
		{leo, "PUT", "/projects/p1", `no JSON`, 500, "project.update", "failure", "invalid character"},
		{leo, "DELETE", "/projects/p1", "", 403, "project.delete", "denied", "only for the role admin"},
		{ana, "PUT", "/projects/p1/members/ana", "", 200, "access.grant", "success", "Ana granted access to"},
		{ana, "DELETE", "/projects/p1/members/ana", "", 200, "access.revoke", "success", "Ana revoked access to"},
		{ana, "POST", "/channels/x1", `{"name":"General"}`, 200, "channel.create", "success", "Ana created the channel General"},
		{ana, "PUT", "/channels/x1", `{"name":"New name"}`, 200, "channel.update", "success", "Ana changed the channel New name"},
		{ana, "DELETE", "/channels/x1", "", 200, "channel.delete", "success", "Ana deleted the channel"},
		{ana, "POST", "/skills/x1", `{"name":"Search"}`, 200, "skill.create", "success", "Ana created the skill Search"},
		{ana, "PUT", "/skills/x1", `{"name":"New name"}`, 200, "skill.update", "success", "Ana changed the skill New name"},
		{ana, "DELETE", "/skills/x1", "", 200, "skill.delete", "success", "Ana deleted the skill"},
		{ana, "POST", "/agents/x1", `{"name":"Writer"}`, 200, "agent.create", "success", "Ana created the agent Writer"},
		{ana, "PUT", "/agents/x1", `{"name":"New name"}`, 200, "agent.update", "success", "Ana changed the agent New name"},
		{ana, "DELETE", "/agents/x1", "", 200, "agent.delete", "success", "Ana deleted the agent"},
		{ana, "POST", "/automations/x1", `{"name":"Nightly report"}`, 200, "automation.create", "success", "Ana created the automation Nightly report"},
		{ana, "PUT", "/automations/x1", `{"name":"New name"}`, 200, "automation.update", "success", "Ana changed the automation New name"},
		{ana, "DELETE", "/automations/x1", "", 200, "automation.delete", "success", "Ana deleted the automation"},
		{leo, "POST", "/projects/p1/messages", "prompt=tell+me", 200, "ai.message.send", "success", "Leo sent a message with small-1"},
		{leo, "POST", "/projects/p1/messages", "", 500, "ai.message.send", "failure", "overloaded"},
		{ana, "PUT", "/integrations/crm", `{"name":"CRM","token":"tok-1"}`, 200, "integration.connect", "success", "CRM"},
		{ana, "DELETE", "/integrations/crm", "", 200, "integration.disconnect", "success", "crm"},
		{ana, "POST", "/campaigns/m1/send", `{"name":"Spring"}`, 200, "campaign.send", "success", "Spring"},
		{eve, "DELETE", "/projects/p1", "", 404, "project.delete", "failure", "Eve"}, // her own organization has none
		{eve, "PUT", "/members/leo/role/admin", "", 404, "member.role.change", "failure", "Eve"},
		{eve, "DELETE", "/members/leo", "", 404, "member.remove", "failure", "Eve"},
		{eve, "PUT", "/projects/p1/members/eve", "", 404, "access.grant", "failure", "Eve"},
		{ana, "DELETE", "/projects/p1", "", 200, "project.delete", "success", "Ana deleted the project"},
		{ana, "POST", "/logout", "", 200, "auth.logout", "success", "Ana signed out"},
	}
	for _, tt := range tests {
		t.Run(tt.action+" "+string(tt.outcome), func(t *testing.T) { // in order
			if w := a.do(tt.who, tt.method, tt.path, tt.body); w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			e := a.last(t)
			if e.Action != tt.action || e.Outcome != tt.outcome || !strings.Contains(e.Message, tt.message) {
				t.Errorf("recorded %s %s %q", e.Action, e.Outcome, e.Message)
			}
			if e.Client.IP.String() != "192.0.2.0" || e.Request.ID != fmt.Sprint("r", a.n) || e.Actor.ID == "" && tt.status != 401 {
				t.Errorf("from %s in request %q by %+v", e.Client.IP, e.Request.ID, e.Actor)
			}
		})
	}
	var projects int
	require.NoError(t, a.db.QueryRow("SELECT count(*) FROM things WHERE org = 'acme' AND kind = 'project'").Scan(&projects))
	if projects != 0 {
		t.Errorf("%d projects are left", projects)
	}
}

func TestWhatEventsSay(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.do("acme/ana", "PUT", "/integrations/crm", `{"name":"CRM","token":"tok-1"}`)
	if c := a.last(t).Changes; len(c) != 2 || c[0].New != "CRM" || c[1].Path != "token" || c[1].New != "[secret]" {
		t.Errorf("changes %+v", c)
	}
	a.do("acme/ana", "POST", "/projects/p1", `{"name":"Website"}`)
	a.do("acme/ana", "POST", "/projects/p1/messages", "prompt=tell+me")
	e := a.last(t)
	if e.AI == nil || *e.AI.CostMicros != 1040 || e.AI.PriceVersion != "2026-03" || e.Project != "p1" || e.Metadata != nil {
		t.Errorf("recorded %s", e.AppendJSON(nil))
	}
}

func TestWhoSeesTheLog(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.do("acme/leo", "POST", "/projects/p1", `{"name":"Website"}`)
	a.do("acme/ana", "POST", "/projects/p2", `{"name":"Other"}`)
	tests := []struct {
		name, who, path string
		status          int
		outcome         activitylog.Outcome
		sees, not       string
	}{
		{"admin", "acme/ana", "/log", 200, "success", "Leo created the project Website", "Eve"},
		{"member", "acme/leo", "/log", 403, "denied", "not allowed", "Website"},
		{"admin of another organization", "other/eve", "/log", 200, "success", "Eve signed in", "Website"},
		{"member of the project", "acme/leo", "/projects/p1/log", 200, "success", "Website", "signed in"},
		{"no member of the project", "acme/leo", "/projects/p2/log", 403, "denied", "not allowed", "Other"},
		{"project of another organization", "other/eve", "/projects/p1/log", 403, "denied", "not allowed", "Website"},
		{"project that nobody has", "other/eve", "/projects/p9/log", 403, "denied", "not allowed", "Website"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { // in order
			w := a.do(tt.who, "GET", tt.path, "")
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.sees) || strings.Contains(w.Body.String(), tt.not) {
				t.Errorf("status %d, saw %s", w.Code, w.Body)
			}
			if e := a.last(t); e.Action != "audit.view" || e.Outcome != tt.outcome || e.Request.ID != fmt.Sprint("r", a.n) {
				t.Errorf("recorded %s %s", e.Action, e.Outcome)
			}
		})
	}
}

// TestSize holds that a host needs no more than this.
func TestSize(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("host.go")
	require.NoError(t, err)
	if n := strings.Count(string(source), "\n"); n >= 300 {
		t.Errorf("host.go has %d lines", n)
	}
}
