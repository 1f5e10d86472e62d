package interop

import (
	"bufio"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// mounts are the ways in which hosts put the pages below a path of theirs. Each returns the handler of the whole host.
var mounts = []struct {
	name, path string // where a browser finds the pages
	base       string // Options.BasePath
	slash      bool   // whether the path is found without its last slash too
	mount      func(*testing.T, http.Handler) http.Handler
}{
	{"at the root", "/", "", true, func(_ *testing.T, pages http.Handler) http.Handler { return pages }},
	{"net/http", "/activity/", "", true, func(_ *testing.T, pages http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/activity/", http.StripPrefix("/activity", pages))
		return mux
	}},
	{"net/http, nested", "/admin/tools/activity/", "", false, func(_ *testing.T, pages http.Handler) http.Handler {
		inner, mux := http.NewServeMux(), http.NewServeMux()
		inner.Handle("/activity/", http.StripPrefix("/activity", pages))
		mux.Handle("/admin/tools/", http.StripPrefix("/admin/tools", inner))
		return mux
	}},
	{"net/http, in the middleware", "/activity/", "", true, func(t *testing.T, pages http.Handler) http.Handler {
		log, err := activitylog.New(memory.New(), nil)
		require.NoError(t, err)
		m, err := middleware.New(log, &middleware.Options{Proxies: middleware.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("/activity/", http.StripPrefix("/activity", pages))
		return m.Wrap(mux)
	}},
	{"chi", "/activity/", "", true, func(_ *testing.T, pages http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Mount("/activity", http.StripPrefix("/activity", pages))
		return r
	}},
	{"chi, in a route", "/admin/activity/", "", true, func(_ *testing.T, pages http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Route("/admin", func(r chi.Router) { r.Mount("/activity", http.StripPrefix("/admin/activity", pages)) })
		return r
	}},
	{"gin", "/activity/", "", true, func(_ *testing.T, pages http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		g := gin.New()
		g.Any("/activity/*path", gin.WrapH(http.StripPrefix("/activity", pages)))
		return g
	}},
	{"gin, in a group", "/admin/activity/", "", true, func(_ *testing.T, pages http.Handler) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		g := gin.New()
		g.Group("/admin").Any("/activity/*path", gin.WrapH(http.StripPrefix("/admin/activity", pages)))
		return g
	}},
	{"echo", "/activity/", "", false, func(_ *testing.T, pages http.Handler) http.Handler {
		e := echo.New()
		e.Any("/activity/*", echo.WrapHandler(http.StripPrefix("/activity", pages)))
		return e
	}},
	{"echo, without the last slash too", "/activity/", "", true, func(_ *testing.T, pages http.Handler) http.Handler {
		e := echo.New()
		e.Any("/activity*", echo.WrapHandler(http.StripPrefix("/activity", pages)))
		return e
	}},
	{"behind a proxy that takes a prefix away", "/public/log/", "", true, func(t *testing.T, pages http.Handler) http.Handler {
		return proxy(t, pages, "/public/log", "")
	}},
	{"behind a proxy that changes the prefix", "/public/log/", "", true, func(t *testing.T, pages http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/internal/", http.StripPrefix("/internal", pages))
		return proxy(t, mux, "/public/log", "/internal")
	}},
	{"behind a proxy, told its base", "/public/log/", "/public/log", true, func(t *testing.T, pages http.Handler) http.Handler {
		return proxy(t, pages, "/public/log", "")
	}},
}

// proxy is a reverse proxy that puts one prefix in the place of another.
func proxy(t *testing.T, behind http.Handler, from, to string) http.Handler {
	t.Helper()
	upstream := httptest.NewServer(behind)
	t.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL + to)
	require.NoError(t, err)
	p := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
	}}
	mux := http.NewServeMux()
	mux.Handle(from+"/", http.StripPrefix(from, p))
	return mux
}

func newPages(t *testing.T, base string) (*activitylog.Log, *web.Handler) {
	t.Helper()
	log, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, log.Close(context.Background())) })
	for range 60 {
		_, err := log.Record(t.Context(), activitylog.Event{Org: "acme", Project: "p 1/x", Action: "member.invite", Actor: activitylog.Actor{ID: "leo", Name: "Leo"}})
		require.NoError(t, err)
	}
	pages, err := web.New(log, func(*http.Request) ([]access.Grant, error) {
		return []access.Grant{access.Org(activitylog.Actor{ID: "ana"}, "acme", access.AllRights)}, nil
	}, &web.Options{BasePath: base, OnError: func(err error) { t.Error(err) }})
	require.NoError(t, err)
	return log, pages
}

var linkForm = regexp.MustCompile(`(?:href|src)="([^"#]+)"`)

// Wherever the pages are mounted, each address in them leads to one of them, as a browser resolves it, and streams,
// exports and forms work there.
func TestMounts(t *testing.T) {
	t.Parallel()
	for _, tt := range mounts {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, pages := newPages(t, tt.base)
			server := httptest.NewUnstartedServer(tt.mount(t, pages))
			server.Config.WriteTimeout = 5 * time.Second
			server.Start()
			t.Cleanup(server.Close)
			t.Cleanup(pages.Shutdown)
			home := server.URL + tt.path
			if tt.slash && tt.path != "/" {
				end, code, _ := visit(t, server, strings.TrimSuffix(home, "/"))
				require.Equal(t, http.StatusOK, code)
				require.Equal(t, home, end)
			}
			queue, seen, perPath := []string{home, home + "orgs/acme/projects/p%201%2Fx/recent/", home + "orgs/acme"}, map[string]bool{}, map[string]int{}
			for len(queue) > 0 && len(seen) < 120 {
				at := queue[0]
				queue = queue[1:]
				u, err := url.Parse(at)
				require.NoError(t, err)
				if perPath[u.Path]++; seen[at] || perPath[u.Path] > 6 {
					continue
				}
				seen[at] = true
				end, code, body := visit(t, server, at)
				require.Equal(t, http.StatusOK, code, at)
				require.True(t, strings.HasPrefix(end, home), "%s leads to %s", at, end)
				from, err := url.Parse(end)
				require.NoError(t, err)
				for _, m := range linkForm.FindAllStringSubmatch(body, -1) {
					to, err := from.Parse(html.UnescapeString(m[1]))
					require.NoError(t, err)
					require.True(t, strings.HasPrefix(to.String(), home), "%s links to %s", at, to)
					queue = append(queue, to.String())
				}
			}
			require.Greater(t, len(seen), 40)
			for _, want := range []string{"/static/", "/events/", "/export", "/projects/", "/usage/"} {
				require.True(t, any(seen, want), "no page links to %s", want)
			}
			streams(t, server, home, log)
		})
	}
}

func any(seen map[string]bool, part string) bool {
	for s := range seen {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// visit goes to an address as a browser does, and tells where it ended.
func visit(t *testing.T, server *httptest.Server, at string) (end string, code int, body string) {
	t.Helper()
	a, err := server.Client().Get(at)
	require.NoError(t, err)
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	return a.Request.URL.String(), a.StatusCode, string(b)
}

// streams holds a stream to live through the layers of the host: what is recorded arrives at once.
func streams(t *testing.T, server *httptest.Server, home string, log *activitylog.Log) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, home+"orgs/acme/api/v1/stream", nil)
	require.NoError(t, err)
	a, err := server.Client().Do(q)
	require.NoError(t, err)
	defer a.Body.Close()
	require.Equal(t, "text/event-stream", a.Header.Get("Content-Type"))
	lines := bufio.NewScanner(a.Body)
	for recorded := false; lines.Scan(); {
		require.NotContains(t, lines.Text(), "retry:", "the host's layers let nothing flow")
		if strings.HasPrefix(lines.Text(), "event: beat") && !recorded {
			_, err := log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "member.invite", Actor: activitylog.Actor{ID: "mia"}})
			require.NoError(t, err)
			recorded = true
		}
		if strings.HasPrefix(lines.Text(), "event: activity") {
			return
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
}
