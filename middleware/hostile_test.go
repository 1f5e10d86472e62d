package middleware_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
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

// TestIdentifyThatPanics holds that a request is recorded also if nobody could be told who sent it.
func TestIdentifyThatPanics(t *testing.T) {
	t.Parallel()
	l, err := activitylog.New(memory.New(), &activitylog.Options{DefaultOrg: "acme"})
	require.NoError(t, err)
	h := wrap(t, l, middleware.Options{
		Identify: func(*http.Request) middleware.Identity { panic("no session store") },
		Rules:    []middleware.Rule{{Path: "/projects/{id}", Action: "project.delete", Targets: []string{"project:{id}"}}},
	}, status(204))
	require.PanicsWithValue(t, "no session store", func() { serve(h, http.MethodDelete, "/projects/p1") })
	page, err := l.Org("acme").Page(t.Context(), activitylog.Query{})
	require.NoError(t, err)
	require.Len(t, page.Events, 1)
	e := page.Events[0]
	if e.Outcome != activitylog.Failure || e.Actor.Type != activitylog.Anonymous || e.Targets[0].ID != "p1" || e.Client.IP.String() != "192.0.2.1" || e.Reason != "the handler panicked with a string" {
		t.Errorf("recorded %s", e.AppendJSON(nil))
	}
}
