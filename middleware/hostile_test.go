package middleware_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/stretchr/testify/require"
)

// TestHostileRequests holds that nothing in a request keeps it out of the log.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	parts := []string{strings.Repeat("x", 1<<20), strings.Repeat("%00", 1<<10), strings.Repeat("%ff", 1<<10), strings.Repeat("%e2%80%ae", 1000), "a%0d%0ab", "%1b%5b31m", "%2f..%2f.."}
	for _, part := range parts {
		h := wrap(t, l, middleware.Options{
			Identify: func(*http.Request) middleware.Identity {
				return middleware.Identity{Org: "acme", Actor: ana, SessionID: part, CredentialID: part}
			},
			Proxies: middleware.Proxies{Trusted: prefixes("192.0.2.0/24")},
			Rules:   []middleware.Rule{{Path: "/projects/{id}/{rest...}", Action: "project.delete", Targets: []string{"project:{id}", "file:{rest}"}, Project: "id"}},
		}, status(204))
		serve(h, http.MethodDelete, "/projects/"+part+"/"+part, func(r *http.Request) {
			for _, name := range []string{"User-Agent", "X-Forwarded-For", "Forwarded", "X-Request-Id", "Traceparent"} {
				r.Header.Set(name, part)
			}
		})
	}
	n, err := l.Org("acme").Count(t.Context(), activitylog.ActionIs("project.delete"), 0)
	require.NoError(t, err)
	if n != int64(len(parts)) {
		t.Errorf("%d of %d requests are recorded", n, len(parts))
	}
}
