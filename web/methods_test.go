package web_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// Whatever does not take a method says which ones it takes, and takes those.
func TestMethods(t *testing.T) {
	t.Parallel()
	r, alert := watched(t, org(access.AllRights), access.Own(ana, "acme", access.AllRights))
	id := r.record("acme", "p1", "leo", time.Hour).ID.String()
	style := regexp.MustCompile(`static/[^"]*\.css`).FindString(r.get("/orgs/acme/").ok(t).body)
	paths := []string{"/", "/look", "/" + style, "/orgs/acme", "/api/v1/streams"}
	for _, page := range []string{
		"", "recent", "recent/", "usage", "usage/", "governance", "governance/", "alerts", "alerts/", "alerts/" + alert, "events/" + id, "events/" + id + "/proof",
		"views", "export", "api/v1/openapi.json",
	} {
		paths = append(paths, "/orgs/acme/"+page)
	}
	for path := range describedCalls(t, r) {
		if strings.HasPrefix(path, "/orgs/{org}/api/") {
			paths = append(paths, strings.NewReplacer("{org}", "acme", "{id}", id).Replace(path))
		}
	}
	ask := func(method, path string) (int, http.Header) {
		w := httptest.NewRecorder()
		r.pages.ServeHTTP(unflushed{w}, httptest.NewRequest(method, path, nil))
		return w.Code, w.Header()
	}
	all := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	for _, path := range paths {
		refused := map[string][]string{} // the methods that are named for each that is not taken
		for _, method := range all {
			if code, head := ask(method, path); code == http.StatusMethodNotAllowed {
				refused[method] = strings.Split(head.Get("Allow"), ", ")
			}
		}
		require.Contains(t, refused, http.MethodPatch, path)
		for method, allowed := range refused {
			for _, other := range all {
				_, isRefused := refused[other]
				require.Equal(t, !isRefused, slices.Contains(allowed, other), "%s %s names %v", method, path, allowed)
			}
		}
	}
}
