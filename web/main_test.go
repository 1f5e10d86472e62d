package web_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/review"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var start = time.Date(2026, 3, 12, 9, 30, 0, 0, time.UTC)

var ana = activitylog.Actor{Type: activitylog.User, ID: "ana", Name: "Ana"}

// rig is a log with its pages as one person sees them.
type rig struct {
	t      *testing.T
	log    *activitylog.Log
	now    atomic.Pointer[time.Time]
	grants []access.Grant
	// authorize is asked by the pages; unless a test sets it, it answers with grants.
	authorize web.Authorizer
	pages     *web.Handler

	mu     sync.Mutex
	failed []error // what the host was told
}

func newRig(t *testing.T, grants ...access.Grant) *rig {
	return newRigOver(t, memory.New(), nil, grants...)
}

func newRigOver(t *testing.T, store activitylog.Store, opts *web.Options, grants ...access.Grant) *rig {
	t.Helper()
	r := &rig{t: t, grants: grants}
	r.authorize = func(*http.Request) ([]access.Grant, error) { return r.grants, nil }
	r.set(start)
	var err error
	r.log, err = activitylog.New(store, &activitylog.Options{Now: r.clock})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.log.Close(context.Background())) })
	r.serve(opts)
	return r
}

// serve makes the pages of the log anew, by its clock; the rig is the host that is told.
func (r *rig) serve(opts *web.Options) {
	r.t.Helper()
	var o web.Options
	if opts != nil {
		o = *opts
	}
	o.Now, o.OnError = r.clock, r.told
	var err error
	r.pages, err = web.New(r.log, func(q *http.Request) ([]access.Grant, error) { return r.authorize(q) }, &o)
	require.NoError(r.t, err)
}

// until answers with grants until taken, and from then on with others or an error.
func until(taken *atomic.Bool, grants, others []access.Grant, err error) web.Authorizer {
	return func(*http.Request) ([]access.Grant, error) {
		if taken.Load() {
			return others, err
		}
		return grants, nil
	}
}

func (r *rig) clock() time.Time { return *r.now.Load() }

func (r *rig) newMonitor() *monitor.Monitor {
	r.t.Helper()
	m, err := monitor.New(r.log, &monitor.Options{Now: r.clock})
	require.NoError(r.t, err)
	return m
}

func (r *rig) newBook() *review.Book {
	r.t.Helper()
	book, err := review.NewBook(r.log, r.clock)
	require.NoError(r.t, err)
	return book
}

func (r *rig) newKeeper(store activitylog.Store) *retention.Keeper {
	r.t.Helper()
	keeper, err := retention.New(r.log, store, &retention.Options{Now: r.clock})
	require.NoError(r.t, err)
	return keeper
}

// told is what the host is told, by any goroutine.
func (r *rig) told(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, err)
}

func (r *rig) set(now time.Time) { r.now.Store(&now) }

// record records an event of everything there can be, ago before now.
func (r *rig) record(org, project, actor string, ago time.Duration, change ...func(*activitylog.Event)) activitylog.Event {
	r.t.Helper()
	cost := int64(420_000)
	e := activitylog.Event{
		Org: org, Project: project, Action: "ai.message.send", Time: r.clock().Add(-ago),
		Actor:    activitylog.Actor{ID: actor, Name: strings.ToUpper(actor[:1]) + actor[1:] + " of " + org, Email: actor + "@" + org + ".example"},
		Targets:  []activitylog.Target{{Type: "conversation", ID: "c-" + org, Name: "Talk of " + org}},
		Changes:  []activitylog.Change{{Path: "topic", Old: "old-" + org, New: "new-" + org}},
		Client:   activitylog.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "agent-" + org, Country: "CH"},
		Request:  activitylog.Request{ID: "req-" + org, SessionID: "ses-" + org},
		AI:       &activitylog.AIUsage{Provider: "quill", Model: "quill-3", InputTokens: 1200, CostMicros: &cost, Currency: "USD"},
		Metadata: map[string]any{"ticket": "meta-" + org},
	}
	for _, c := range change {
		c(&e)
	}
	id, err := r.log.Record(r.t.Context(), e)
	require.NoError(r.t, err)
	e, err = r.log.Org(org).Get(r.t.Context(), id)
	require.NoError(r.t, err)
	return e
}

// answer is what a request got.
type answer struct {
	code   int
	head   http.Header
	body   string
	target string
}

func (r *rig) get(target string, head ...string) answer {
	r.t.Helper()
	return get(r.t, r.pages, target, head...)
}

// unflushed is an answer that comes in one piece, so that a stream ends by itself.
type unflushed struct{ http.ResponseWriter }

func get(t *testing.T, h http.Handler, target string, head ...string) answer {
	t.Helper()
	q := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(head); i += 2 {
		q.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(unflushed{w}, q)
	b, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return answer{w.Code, w.Header(), string(b), target}
}

// ok fails the test unless the answer is a page.
func (a answer) ok(t *testing.T) answer {
	t.Helper()
	require.Equal(t, http.StatusOK, a.code, a.body)
	return a
}

var tagForm = regexp.MustCompile(`<[^>]*>`)

// text is what a reader sees.
func (a answer) text() string {
	return strings.Join(strings.Fields(html.UnescapeString(tagForm.ReplaceAllString(a.body, " "))), " ")
}

var hrefForm = regexp.MustCompile(`href="([^"]*)"`)

// links are the addresses of a page, unescaped and seen from the mount.
func (a answer) links(t *testing.T) []string {
	t.Helper()
	base, err := url.Parse(a.target)
	require.NoError(t, err)
	var list []string
	for _, m := range hrefForm.FindAllStringSubmatch(a.body, -1) {
		u, err := base.Parse(html.UnescapeString(m[1]))
		require.NoError(t, err)
		list = append(list, u.String())
	}
	return list
}

// link is the address of the element with an id.
func (a answer) link(t *testing.T, id string) string {
	t.Helper()
	m := regexp.MustCompile(`<a [^>]*id="` + id + `"[^>]*href="([^"]*)"`).FindStringSubmatch(a.body)
	require.NotNil(t, m, "no link %s", id)
	base, err := url.Parse(a.target)
	require.NoError(t, err)
	u, err := base.Parse(html.UnescapeString(m[1]))
	require.NoError(t, err)
	return u.String()
}

// ids are the events of a list, in its order.
func (a answer) ids() []string {
	var list []string
	for _, m := range regexp.MustCompile(`data-id="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
		list = append(list, m[1])
	}
	return list
}

func org(rights access.Right) access.Grant { return access.Org(ana, "acme", rights) }

// views are the records of reading an organization's log, oldest first.
func (r *rig) views(org string) []activitylog.Event {
	r.t.Helper()
	var list []activitylog.Event
	for e, err := range r.log.Org(org).Events(r.t.Context(), activitylog.Query{Filter: activitylog.CategoryIs("audit"), Order: activitylog.Oldest}) {
		require.NoError(r.t, err)
		list = append(list, e)
	}
	return list
}

func Example() {
	log, _ := activitylog.New(memory.New(), nil)
	grants := func(r *http.Request) ([]access.Grant, error) {
		// What the host's session says.
		return []access.Grant{access.Org(activitylog.Actor{ID: "ana"}, "acme", access.View|access.Export)}, nil
	}
	pages, err := web.New(log, grants, nil)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/activity/", http.StripPrefix("/activity", pages))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/activity/", nil))
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "<h1>Activity log</h1>"))
	// Output: 200 true
}
