package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

type schema struct {
	Type       string
	Properties map[string]schema
	Required   []string
	Items      *schema
	Additional *bool `json:"additionalProperties"`
}

// fits tells what in a value is not as its description says.
func (s schema) fits(t *testing.T, at string, v any) {
	t.Helper()
	switch x := v.(type) {
	case map[string]any:
		require.Equal(t, "object", s.Type, at)
		for _, name := range s.Required {
			require.Contains(t, x, name, at)
		}
		for name, value := range x {
			p, ok := s.Properties[name]
			if !ok {
				require.Nil(t, s.Additional, "%s.%s is not described", at, name)
				continue
			}
			p.fits(t, at+"."+name, value)
		}
	case []any:
		require.Equal(t, "array", s.Type, at)
		for _, value := range x {
			s.Items.fits(t, at+"[]", value)
		}
	case string:
		require.Equal(t, "string", s.Type, at)
	case bool:
		require.Equal(t, "boolean", s.Type, at)
	case float64:
		require.Contains(t, []string{"integer", "number"}, s.Type, at)
	default:
		t.Errorf("%s is %v", at, v)
	}
}

// describedCall is one method of a path in the description.
type describedCall struct {
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}
}

// describedCalls are the paths of the description with their methods.
func describedCalls(t *testing.T, r *rig) map[string]map[string]describedCall {
	t.Helper()
	var described struct {
		OpenAPI string
		Paths   map[string]map[string]describedCall
	}
	require.NoError(t, json.Unmarshal([]byte(r.get("/orgs/acme/api/v1/openapi.json").ok(t).body), &described))
	require.Equal(t, "3.1.0", described.OpenAPI)
	return described.Paths
}

// Every call answers as the description says, in every scope, and the description holds every call.
func TestAPIIsAsDescribed(t *testing.T) {
	t.Parallel()
	r, alert := watched(t, org(access.AllRights), access.Platform(ana, access.AllRights), access.Own(ana, "acme", access.AllRights))
	id := r.record("acme", "p1", "ana", time.Hour).ID.String()
	for range 60 {
		r.record("acme", "p1", "ana", time.Hour)
	}
	const token = "0123456789abcdef"
	paths := describedCalls(t, r)
	require.Len(t, paths, 4*12+1, "and the stream of the mount")
	for path, methods := range paths {
		target := strings.NewReplacer("{org}", "acme", "{project}", "p1", "exports/{id}", "exports/"+token, "{id}", id).Replace(path)
		if _, ok := methods["get"]; !ok {
			require.Contains(t, methods, "delete", path)
			continue
		}
		if kinds := methods["get"].Responses["200"].Content; kinds["application/json"].Schema.Type == "" {
			a := r.get(target + "?range=all&follow=orgs/acme/").ok(t)
			kind, _, _ := strings.Cut(a.head.Get("Content-Type"), ";")
			require.Contains(t, kinds, kind, target)
			continue
		}
		if export, ok := strings.CutSuffix(target, "s/"+token); ok {
			r.get(export + "?token=" + token).ok(t)
		}
		a := r.get(target + "?range=all")
		kind, want := "application/json", "200"
		if a.code != http.StatusOK {
			require.Contains(t, target, "/alerts", "only organizations have alerts")
			kind, want = "application/problem+json", "default"
		}
		if strings.HasPrefix(target, "/platform/") && strings.Contains(target, id) {
			require.Equal(t, http.StatusOK, a.code)
		}
		require.Equal(t, kind, a.head.Get("Content-Type"), target)
		var v any
		require.NoError(t, json.Unmarshal([]byte(a.body), &v))
		methods["get"].Responses[want].Content[kind].Schema.fits(t, target, v)
	}
	require.Contains(t, r.get("/orgs/acme/api/v1/alerts").ok(t).body, alert)
	require.Empty(t, r.failed)
}

func TestAPIPagesAndProblems(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View|access.ViewSensitive))
	for i := range 130 {
		r.record("acme", "p1", "leo", time.Duration(i)*time.Minute)
	}
	type page struct {
		Items []activitylog.Event
		Next  string
		Query string
	}
	n, cursor := 0, ""
	for {
		var p page
		require.NoError(t, json.Unmarshal([]byte(r.get("/orgs/acme/api/v1/events?actor=leo&cursor="+cursor).ok(t).body), &p))
		n += len(p.Items)
		require.Contains(t, p.Query, "actor:leo")
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	require.Equal(t, 130, n)
	require.JSONEq(t, `{"n":130,"relation":"eq"}`, r.get("/orgs/acme/api/v1/count").ok(t).body)

	for target, want := range map[string]struct {
		code int
		text string
	}{
		"/orgs/acme/api/v1/events?q=a+outcom:b":                         {400, `"code":"query"`},
		"/orgs/acme/api/v1/events?q=a+outcom:b&x":                       {400, `"position":2`},
		"/orgs/acme/api/v1/events?from=never":                           {400, `"code":"query"`},
		"/orgs/acme/api/v1/events?cursor=x":                             {400, `"code":"cursor"`},
		"/orgs/acme/api/v1/events/x":                                    {404, `"code":"not_found"`},
		"/orgs/acme/api/v1/events/01900000-0000-7000-8000-000000000000": {404, `"code":"not_found"`},
		"/orgs/beta/api/v1/events":                                      {404, `"code":"not_found"`},
		"/orgs/acme/api/v1/nothing":                                     {404, `"code":"not_found"`},
		"/orgs/acme/api/v1/events?alert=x":                              {404, `"code":"not_found"`},
		"/orgs/acme/api/v1/events?q=" + strings.Repeat("a", 513):        {400, "at most 512"},
		"/orgs/acme/api/v1/events?limit=50&q=" + strings.Repeat("a%20", 1) + strings.Repeat("b+", 30): {400, "24 conditions"},
	} {
		a := r.get(target)
		require.Equal(t, want.code, a.code, target)
		require.Equal(t, "application/problem+json", a.head.Get("Content-Type"), target)
		require.Contains(t, a.body, want.text, target)
	}
	require.NotContains(t, r.get("/orgs/acme/api/v1/events?q=a&from=never").body, "position", "it is not in the typed part")
	require.Equal(t, http.StatusMethodNotAllowed, request(t, r.pages, "POST", "/orgs/acme/api/v1/events", "").code)
	r.grants = []access.Grant{org(access.View)}
	body := r.get("/orgs/acme/api/v1/events").ok(t).body
	require.NotContains(t, body, "192.0.2.7")
	require.Equal(t, http.StatusForbidden, r.get("/orgs/acme/api/v1/events?q=ip:192.0.2.7").code)
	r.grants = nil
	require.Equal(t, http.StatusForbidden, r.get("/orgs/acme/api/v1/events").code)
	require.Empty(t, r.failed)
}
