package web_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

func request(t *testing.T, h http.Handler, method, target, body string, head ...string) answer {
	t.Helper()
	q := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(head); i += 2 {
		q.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	return answer{w.Code, w.Header(), w.Body.String(), target}
}

// hostile is written into every field of an event.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}'` + "\u202e\u2066\x1b[31m\u200b" + `javascript:alert(3)`

func hostileEvent(e *activitylog.Event) {
	cost := int64(1)
	*e = activitylog.Event{
		Org: "acme", Time: e.Time, Project: hostile, Category: hostile, Action: "x.y", Reason: hostile, ErrorCode: hostile, Message: hostile,
		Actor:      activitylog.Actor{ID: hostile, Name: hostile, Email: hostile, Roles: []string{hostile}, Type: activitylog.ActorType(hostile)},
		OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{ID: hostile, Name: hostile}, Relation: hostile}},
		Targets:    []activitylog.Target{{Type: hostile, ID: hostile, Name: hostile, URL: "javascript:alert(4)"}},
		Changes:    []activitylog.Change{{Path: hostile, Old: hostile, New: map[string]any{hostile: hostile}}},
		Client:     activitylog.Client{UserAgent: hostile, Country: hostile, Region: hostile, Forwarded: []string{hostile}},
		Request:    activitylog.Request{ID: hostile, Route: hostile, SessionID: hostile, TraceID: hostile, CorrelationID: hostile},
		AI:         &activitylog.AIUsage{Model: hostile, Provider: hostile, Currency: hostile, CostMicros: &cost, ToolNames: []string{hostile}},
		Labels:     map[string]string{hostile: hostile}, Metadata: map[string]any{hostile: hostile, "n": hostile}, Outcome: activitylog.Outcome(hostile),
	}
}

var (
	inlineForm = regexp.MustCompile(`(?i)<[^>]* (style|on[a-z]+)\s*=|<style|<script(?: [^>]*)?>[^<]|^$`)
	valueForm  = regexp.MustCompile(`"[^"<>]*"`)
	awayForm   = regexp.MustCompile(`(?i)(href|src|action)="\s*(javascript|data|vbscript|https?|//)`)
	scriptForm = regexp.MustCompile(`<script[^>]*>`)
)

// Nothing of an event becomes markup, and nothing in a page needs what its policy forbids.
func TestHostileEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	id := r.record("acme", "", "leo", time.Minute, hostileEvent).ID.String()
	r.record("acme", "", "leo", time.Minute, func(e *activitylog.Event) { e.Actor = activitylog.Actor{Type: activitylog.Anonymous} })
	r.record("acme", "", "leo", time.Minute, func(e *activitylog.Event) {
		e.Metadata = map[string]any{}
		for i := range 10_000 {
			e.Metadata[strings.Repeat("k", i%7+1)+time.Duration(i).String()] = strings.Repeat("v", 5)
		}
		e.Message = strings.Repeat("word ", 2000)
	})
	evil := url.QueryEscape(hostile)
	require.Equal(t, http.StatusSeeOther, request(t, r.pages, "POST", "/orgs/acme/views", "shared=1&name="+url.QueryEscape(hostile[:70])+"&query=q%3D"+url.QueryEscape(evil), "Content-Type", "application/x-www-form-urlencoded").code)
	for _, target := range []string{
		"/", "/?event=" + id, "/events/" + id, "/?q=" + evil, "/?actor=" + evil, "/?project=" + evil + "&category=" + evil, "/?event=" + evil,
		"/events/" + evil, "/orgs/" + url.PathEscape(hostile) + "/", "/?from=" + evil, "/nowhere/" + url.PathEscape(hostile), "/?alert=" + evil, "/?cursor=" + evil,
		"/orgs/acme/usage/", "/orgs/acme/governance/", "/orgs/acme/projects/" + url.PathEscape(hostile) + "/recent/", "/?cols=time,model,cost,event", "/?cols=" + evil,
	} {
		a := r.get(target)
		require.Less(t, a.code, 500, target)
		// Values of attributes cannot end early: html/template escapes quotes in them.
		if m := inlineForm.FindString(valueForm.ReplaceAllString(a.body, `""`)); m != "" {
			t.Errorf("%s has %q", target, m)
		}
		if m := awayForm.FindString(a.body); m != "" {
			t.Errorf("%s leads away: %q", target, m)
		}
		for _, m := range scriptForm.FindAllString(a.body, -1) {
			require.Contains(t, m, "/app.js", target)
		}
		require.NotContains(t, a.body, "<img", target)
		shown := tagForm.ReplaceAllString(a.body, "")
		if i := strings.IndexAny(shown, "\u202e\u2066\x1b\u200b"); i >= 0 {
			t.Errorf("%s shows a character that is not to be seen: %q", target, shown[max(0, i-80):i+20])
		}
	}
	require.Contains(t, r.get("/").ok(t).body, "202E⟩")
	require.Empty(t, r.failed)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	for _, target := range []string{"/", "/events/x", "/export", "/?from=x", "/nowhere/"} {
		head := r.get(target).head
		policy := head.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types activitylog"} {
			require.Contains(t, policy, part, target)
		}
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "no-store", head.Get("Cache-Control"))
		require.Equal(t, "nosniff", head.Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", head.Get("Referrer-Policy"))
		require.Equal(t, "noindex", head.Get("X-Robots-Tag"))
	}
	framed := newRigOver(t, memory.New(), &web.Options{FrameAncestors: []string{"https://admin.example"}}, org(access.View))
	require.Contains(t, framed.get("/").head.Get("Content-Security-Policy"), "frame-ancestors https://admin.example;")
	_, err := web.New(r.log, func(*http.Request) ([]access.Grant, error) { return nil, nil }, &web.Options{FrameAncestors: []string{"x; script-src *"}})
	require.ErrorIs(t, err, activitylog.ErrInvalid)
}

// The pages work under any mount: each address in them leads to one of them.
func TestMounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	for i := range 55 {
		r.record("acme", "p 1/x", "leo", time.Duration(i)*time.Hour)
	}
	id := r.record("acme", "p 1/x", "leo", time.Hour).ID.String()
	for _, prefix := range []string{"", "/activity", "/a/b/c"} {
		plain, err := url.PathUnescape(prefix)
		require.NoError(t, err)
		mounted := http.StripPrefix(plain, r.pages)
		followed := map[string]int{}
		for _, page := range []string{"/", "/orgs/acme/?category=ai", "/orgs/acme/projects/p%201%2Fx/", "/events/" + id, "/orgs/acme/events/" + id + "?q=x", "/orgs/acme/?event=" + id} {
			a := get(t, mounted, prefix+page).ok(t)
			for _, link := range a.links(t) {
				u, err := url.Parse(link)
				require.NoError(t, err)
				require.Empty(t, u.Host)
				require.True(t, strings.HasPrefix(u.EscapedPath(), prefix+"/"), "%s leads to %s", page, link)
				if followed[u.Path]++; followed[u.Path] > 3 || strings.Contains(u.Path, "/export") || u.Path == plain+"/" && u.RawQuery == "" {
					continue
				}
				if got := get(t, mounted, u.RequestURI()); got.code != 200 {
					t.Errorf("%s%s leads to %s: %d", prefix, page, link, got.code)
				}
			}
		}
		if prefix == "" {
			continue
		}
		// Without the slash at the end a relative address would miss.
		a := get(t, mounted, prefix+"?q=x")
		require.Equal(t, http.StatusSeeOther, a.code)
		base, err := url.Parse("https://host.example" + prefix)
		require.NoError(t, err)
		to, err := base.Parse(a.head.Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "https://host.example"+prefix+"/?q=x", to.String())
	}
	require.Equal(t, "./acme/", r.get("/orgs/acme").head.Get("Location"))
	proxied := newRigOver(t, memory.New(), &web.Options{BasePath: "/public/log"}, org(access.View))
	require.Contains(t, proxied.get("/orgs/acme/").ok(t).body, `href="/public/log/static/`)
}

func TestAssets(t *testing.T) {
	t.Parallel()
	r := newRigOver(t, memory.New(), &web.Options{Accent: "#123456 #abcdef"}, org(access.View))
	page := r.get("/").ok(t)
	n := 0
	for _, link := range append(page.links(t), regexp.MustCompile(`src="\./([^"]*)"`).FindStringSubmatch(page.body)[1]) {
		if !strings.Contains(link, "static/") {
			continue
		}
		n++
		link = "/" + strings.TrimPrefix(link, "/")
		plain, packed := r.get(link).ok(t), r.get(link, "Accept-Encoding", "br, gzip").ok(t)
		require.Contains(t, plain.head.Get("Cache-Control"), "immutable")
		require.NotEqual(t, plain.head.Get("Etag"), packed.head.Get("Etag"))
		z, err := gzip.NewReader(strings.NewReader(packed.body))
		require.NoError(t, err)
		b, err := io.ReadAll(z)
		require.NoError(t, err)
		require.Equal(t, plain.body, string(b))
		require.Equal(t, http.StatusNotModified, r.get(link, "If-None-Match", plain.head.Get("Etag")).code)
		limit := map[bool]int{true: 8 << 10, false: 12 << 10}[strings.HasSuffix(link, ".css")]
		require.Less(t, len(packed.body), limit, link)
		require.Equal(t, http.StatusNotFound, r.get(strings.Replace(link, "/static/", "/static/0", 1)).code)
	}
	require.Equal(t, 3, n)
	_, err := web.New(r.log, func(*http.Request) ([]access.Grant, error) { return nil, nil }, &web.Options{Accent: "red} body{display:none"})
	require.ErrorIs(t, err, activitylog.ErrInvalid)
}

// slow is a store that aggregates until it is stopped, and scans that fail on demand.
type slow struct {
	*memory.Store
	failAfter int
}

func (s *slow) Aggregate(ctx context.Context, org string, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	return func(yield func(activitylog.Bucket, error) bool) {
		<-ctx.Done()
		yield(activitylog.Bucket{}, ctx.Err())
	}
}

func (s *slow) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		n := 0
		for e, err := range s.Store.Scan(ctx, q) {
			if n++; s.failAfter > 0 && n > s.failAfter && q.Limit == 0 {
				yield(activitylog.Event{}, errors.New("the disk is gone"))
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// flushed tells a test what was sent before the page was whole.
type flushed struct {
	*httptest.ResponseRecorder
	first chan string
}

func (f *flushed) Flush() {
	select {
	case f.first <- f.Body.String():
	default:
	}
}

// Rows are sent before figures are known, and a store that is too slow for them costs the reader nothing else.
func TestRowsNeverWaitForFigures(t *testing.T) {
	t.Parallel()
	r := newRigOver(t, &slow{Store: memory.New()}, nil, org(access.AllRights))
	id := r.record("acme", "", "leo", time.Hour).ID.String()
	w := &flushed{httptest.NewRecorder(), make(chan string, 1)}
	r.pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	early := <-w.first
	require.Contains(t, early, id)
	require.NotContains(t, early, "id=\"chart\"")
	require.Contains(t, w.Body.String(), "The chart took too long.")
	require.Contains(t, w.Body.String(), "</html>")
	require.Empty(t, r.failed)
}

// An export that fails on its way is broken off, so that nobody takes it for whole.
func TestFailedExportIsBrokenOff(t *testing.T) {
	t.Parallel()
	store := &slow{Store: memory.New()}
	r := newRigOver(t, store, nil, org(access.AllRights))
	for i := range 400 {
		r.record("acme", "", "leo", time.Duration(i)*time.Minute)
	}
	store.failAfter = 300
	server := httptest.NewUnstartedServer(r.pages)
	server.Config.WriteTimeout = 100 * time.Millisecond
	server.Config.ErrorLog = nil
	server.Start()
	defer server.Close()
	for _, format := range []string{"csv", "ndjson"} {
		answer, err := server.Client().Get(server.URL + "/export?format=" + format)
		require.NoError(t, err)
		_, err = io.ReadAll(answer.Body)
		require.Error(t, err, format)
		require.NoError(t, answer.Body.Close())
	}
	server.Close() // waits for what is under way
	failures := 0
	for _, e := range r.views("acme") {
		if e.Outcome == activitylog.Failure {
			failures++
		}
	}
	require.Equal(t, 2, failures, "the log tells of both")
}

// Pages that are packed one after another and side by side are those that are not packed.
func TestPackedPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	r.record("acme", "p1", "leo", time.Hour)
	targets := []string{"/orgs/acme/", "/orgs/acme/usage/", "/orgs/acme/nothing", "/orgs/acme/recent/"}
	var plain []string
	for _, target := range targets {
		plain = append(plain, r.get(target).body)
	}
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for i := range 20 {
				z, err := gzip.NewReader(strings.NewReader(r.get(targets[i%4], "Accept-Encoding", "gzip").body))
				if err != nil {
					t.Error(err)
					return
				}
				if b, err := io.ReadAll(z); err != nil || string(b) != plain[i%4] {
					t.Errorf("%s is not what it is unpacked: %v", targets[i%4], err)
				}
			}
		})
	}
	asking.Wait()
}
