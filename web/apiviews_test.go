package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// Programs save, list and remove views as pages do, in the form that the description says, and not from other sites.
func TestAPIViews(t *testing.T) {
	t.Parallel()
	r := newRig(t, as("ana", access.View))
	const views = "/orgs/acme/api/v1/views"
	paths := describedCalls(t, r)
	described := paths["/orgs/{org}/api/v1/views"]
	fits := func(a answer, s schema) map[string]any {
		t.Helper()
		require.Equal(t, http.StatusOK, a.code, a.body)
		var x map[string]any
		require.NoError(t, json.Unmarshal([]byte(a.body), &x))
		s.fits(t, a.target, x)
		return x
	}
	returned := func(method string) schema {
		return described[method].Responses["200"].Content["application/json"].Schema
	}
	send := func(body string, head ...string) answer {
		return request(t, r.pages, http.MethodPost, views, body, append([]string{"Content-Type", "application/json"}, head...)...)
	}
	const ask = `{"name":"Failures","query":"?quick=errors&cursor=x.y&cols=event","shared":true}`
	var asked any
	require.NoError(t, json.Unmarshal([]byte(ask), &asked))
	described["post"].RequestBody.Content["application/json"].Schema.fits(t, "the body", asked)
	x := fits(send(ask), returned("post"))
	require.Equal(t, "cols=event&quick=errors", x["query"], "without what is of the moment")
	fits(send(`{"name":"mine","query":"range=7d"}`), returned("post"))
	require.Equal(t, map[string]string{"Failures": "?cols=event&quick=errors", "mine": "?range=7d"}, r.get("/orgs/acme/").ok(t).saved())

	r.grants = []access.Grant{as("leo", access.View)}
	list := fits(r.get(views), returned("get"))["items"].([]any)
	require.Len(t, list, 1)
	require.Equal(t, map[string]any{"id": x["id"], "name": "Failures", "query": "cols=event&quick=errors", "shared": true, "by": "Ana", "removable": false}, list[0])
	one := views + "/" + x["id"].(string)
	remove := func(head ...string) answer { return request(t, r.pages, http.MethodDelete, one, "", head...) }
	require.Equal(t, http.StatusForbidden, remove().code)
	r.grants = []access.Grant{as("ana", access.View)}
	require.Equal(t, http.StatusForbidden, remove("Sec-Fetch-Site", "cross-site").code)
	require.Equal(t, http.StatusForbidden, send(ask, "Sec-Fetch-Site", "cross-site").code)
	left := fits(remove(), paths["/orgs/{org}/api/v1/views/{id}"]["delete"].Responses["200"].Content["application/json"].Schema)
	require.Len(t, left["items"], 1)
	require.Equal(t, http.StatusNotFound, remove().code)

	for _, wrong := range []string{"", "name=x", `{"name":"x"} {}`, `{"name":"x","extra":1}`, `{"name":""}`, `{"name":"x","query":"from=never"}`, `{"name":"` + strings.Repeat("x", 20_000) + `"}`} {
		a := send(wrong)
		require.Equal(t, http.StatusBadRequest, a.code, wrong[:min(len(wrong), 40)])
		require.Equal(t, "application/problem+json", a.head.Get("Content-Type"))
		require.Contains(t, a.body, `"code":"view"`)
	}
	r.grants = []access.Grant{as("ana", access.Export)}
	require.Equal(t, http.StatusForbidden, r.get(views).code)
	require.Equal(t, http.StatusForbidden, send(ask).code)
	require.Empty(t, r.failed)
}
