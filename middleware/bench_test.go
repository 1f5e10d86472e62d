package middleware_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/stretchr/testify/require"
)

// maxAllocs is how many allocations the middleware may add to a request that it does not record.
const maxAllocs = 10

// handlers are the ones that the overhead is told from: a bare handler, the same with all that fills the context, and
// with an event recorded.
func handlers(tb testing.TB) (bare, filled, recorded http.Handler) {
	l := newLog(tb)
	bare = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	o := middleware.Options{
		Identify: func(*http.Request) middleware.Identity {
			return middleware.Identity{Org: "acme", Project: "p1", Actor: ana, SessionID: "s1"}
		},
		Proxies:       middleware.Proxies{Trusted: prefixes("10.0.0.0/8", "fd00::/8")},
		EventIDHeader: "X-Activity-Id",
	}
	for _, path := range []string{"/health", "/projects/{id}", "/projects/{id}/members/{user}", "/channels/{id}", "/skills/{id}"} {
		o.Rules = append(o.Rules, middleware.Rule{Methods: []string{"POST", "DELETE"}, Path: path, Action: "project.update"})
	}
	filled = wrap(tb, l, o, bare)
	o.Rules = append(o.Rules, middleware.Rule{Methods: []string{"GET"}, Path: "/agents/{id}", Action: "data.view", Targets: []string{"agent:{id}"}})
	return bare, filled, wrap(tb, l, o, bare)
}

func benchRequest() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/agents/a7", nil)
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "192.0.2.7, 10.0.0.2")
	r.Header.Set("User-Agent", "browser")
	r.Header.Set("Traceparent", "00-a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1-b2b2b2b2b2b2b2b2-01")
	return r
}

// discard is a writer that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func BenchmarkOverhead(b *testing.B) {
	bare, filled, recorded := handlers(b)
	for _, h := range []struct {
		name string
		http.Handler
	}{{"bare", bare}, {"not recorded", filled}, {"recorded in memory", recorded}} {
		b.Run(h.name, func(b *testing.B) {
			r, w := benchRequest(), discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func TestAllocations(t *testing.T) { // not parallel: AllocsPerRun counts those of all goroutines
	bare, filled, _ := handlers(t)
	r, w := benchRequest(), discard{http.Header{}}
	per := func(h http.Handler) float64 { return testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }) }
	if n := per(filled) - per(bare); n > maxAllocs {
		t.Errorf("the middleware adds %v allocations to a request that is not recorded, more than %d", n, maxAllocs)
	}
}

// TestOneWritePerRequest holds that recording adds one append and no read to a request.
func TestOneWritePerRequest(t *testing.T) {
	t.Parallel()
	store := &counting{}
	l, err := activitylog.New(store, nil)
	require.NoError(t, err)
	h := wrap(t, l, middleware.Options{Rules: everything}, status(204))
	for range 3 {
		serve(h, http.MethodGet, "/")
	}
	if store.appends != 3 || store.events != 3 {
		t.Errorf("3 requests made %d appends of %d events", store.appends, store.events)
	}
}

// counting is a store that counts.
type counting struct {
	activitylog.Store
	appends, events int
}

func (c *counting) Append(_ context.Context, events []activitylog.Event) error {
	c.appends++
	c.events += len(events)
	return nil
}
