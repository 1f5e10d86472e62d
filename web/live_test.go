package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// listener is a browser that listens to a stream, inside a bubble of synctest.
type listener struct {
	t     *testing.T
	code  int
	head  http.Header
	leave context.CancelFunc
	ended chan struct{}

	mu   sync.Mutex
	body bytes.Buffer
	read int
}

func (l *listener) Header() http.Header { return l.head }

func (l *listener) WriteHeader(code int) { l.code = code }

func (l *listener) Flush() {}

func (l *listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.body.Write(b)
}

// listen opens a stream.
func listen(t *testing.T, h http.Handler, target string, head ...string) *listener {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	l := &listener{t: t, code: 200, head: http.Header{}, leave: leave, ended: make(chan struct{})}
	q := httptest.NewRequest(http.MethodGet, target, nil).WithContext(ctx)
	for i := 0; i+1 < len(head); i += 2 {
		q.Header.Set(head[i], head[i+1])
	}
	go func() {
		defer close(l.ended)
		h.ServeHTTP(l, q)
	}()
	t.Cleanup(func() { l.hangUp() })
	synctest.Wait()
	return l
}

// hangUp ends the stream from the browser's side.
func (l *listener) hangUp() {
	l.leave()
	<-l.ended
}

// message is one that a stream sent.
type message struct{ id, event, data string }

// messages parses what a stream sent.
func messages(text string) []message {
	var list []message
	for block := range strings.SplitSeq(text, "\n\n") {
		m := message{}
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "id":
				m.id = value
			case "event":
				m.event = value
			case "data":
				m.data = value
			}
		}
		if m.event != "" {
			list = append(list, m)
		}
	}
	return list
}

// next is what came since it was asked last, after all is quiet and the pause between two sendings is over.
func (l *listener) next() []message {
	l.t.Helper()
	synctest.Wait()
	time.Sleep(time.Second)
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.body.String()[l.read:]
	l.read = l.body.Len()
	return messages(text)
}

// events are the ids of those that a stream sent.
func events(t *testing.T, list []message) []string {
	t.Helper()
	var ids []string
	for _, m := range list {
		if m.event == "activity" {
			var e activitylog.Event
			require.NoError(t, json.Unmarshal([]byte(m.data), &e))
			ids = append(ids, e.ID.String())
		}
	}
	return ids
}

// last is the place from which to go on.
func last(list []message) string { return list[len(list)-1].id }

// A stream sends what the filter means and the grant covers, in the order of commits, and hides what is hidden.
func TestStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, org(access.View))
		r.record("acme", "p1", "leo", time.Hour) // before it begins
		all := listen(t, r.pages, "/orgs/acme/api/v1/stream")
		some := listen(t, r.pages, "/orgs/acme/api/v1/stream?actor=mia&range=7d")
		within := listen(t, r.pages, "/orgs/acme/projects/p1/api/v1/stream")
		require.Equal(t, "text/event-stream", all.head.Get("Content-Type"))
		require.Equal(t, "beat", all.next()[0].event)
		require.Len(t, some.next(), 1)
		require.Len(t, within.next(), 1)

		first := r.record("acme", "p1", "leo", 0).ID.String()
		second := r.record("acme", "p2", "mia", 0).ID.String()
		r.record("beta", "p1", "mia", 0)
		got := all.next()
		require.Equal(t, []string{first, second}, events(t, got))
		require.Equal(t, []string{second}, events(t, some.next()))
		require.Equal(t, []string{first}, events(t, within.next()))
		for _, word := range append(foreign("beta"), "leo@acme.example", "192.0.2.7", "meta-acme", "ses-acme") {
			require.NotContains(t, all.body.String(), word)
		}
		require.Contains(t, all.body.String(), access.Hidden)

		// It is recorded like a view, folded with the list of the same filter.
		views := 0
		for _, e := range r.views("acme") {
			if e.Action == "audit.view" {
				views++
			}
		}
		require.Equal(t, 3, views)
		require.Empty(t, r.failed)
	})
}

// Whoever comes again gets what was committed meanwhile, once, and only in the scope in which they were.
func TestStreamResumes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, access.Platform(ana, access.AllRights))
		const target = "/orgs/acme/api/v1/stream"
		l := listen(t, r.pages, target)
		r.record("acme", "", "leo", 0)
		place := last(l.next())
		l.hangUp()
		missed := []string{r.record("acme", "", "leo", 0).ID.String()}
		r.record("beta", "", "leo", 0)
		missed = append(missed, r.record("acme", "", "mia", 0).ID.String())

		l = listen(t, r.pages, target, "Last-Event-ID", place)
		require.Equal(t, missed, events(t, l.next()))
		require.Equal(t, missed, events(t, listen(t, r.pages, target+"?after="+url.QueryEscape(place)).next()))
		// Another handler over the same log, as after a restart, knows the place too.
		r.serve(nil)
		l = listen(t, r.pages, target, "Last-Event-ID", place)
		require.Equal(t, missed, events(t, l.next()))
		missed = []string{r.record("acme", "", "mia", 0).ID.String()}
		require.Equal(t, missed, events(t, l.next()))

		for name, from := range map[string]string{"another organization": "/orgs/beta/", "a project": "/orgs/acme/projects/p1/", "the platform": "/platform/"} {
			l := listen(t, r.pages, from+"api/v1/stream", "Last-Event-ID", place)
			got := l.next()
			l.hangUp()
			require.Equal(t, "lagged", got[0].event, name)
			require.Empty(t, events(t, got), name)
		}
		for _, wrong := range []string{"x", "end", place + "A", strings.Repeat("A", 5000), "\x00"} {
			got := listen(t, r.pages, "/mine/none/api/v1/stream", "Last-Event-ID", wrong)
			require.Equal(t, http.StatusNotFound, got.code)
			l := listen(t, r.pages, "/platform/api/v1/stream", "Last-Event-ID", wrong)
			require.Equal(t, "lagged", l.next()[0].event, wrong)
			l.hangUp()
		}
		require.NotContains(t, place, "leo")
		require.Empty(t, r.failed)
	})
}

// Who was away for too long is told so, and costs the log a bounded number of reads.
func TestStreamOfLongAgo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &counting{Store: memory.New()}
		r := newRigOver(t, store, nil, org(access.AllRights))
		l := listen(t, r.pages, "/orgs/acme/api/v1/stream")
		place := last(l.next())
		l.hangUp()
		batch := make([]activitylog.Event, 1000)
		for range 12 {
			for i := range batch {
				batch[i] = activitylog.Event{Org: "beta", Action: "a.b", Time: start, Actor: activitylog.Actor{ID: "leo"}}
			}
			_, err := r.log.RecordAll(t.Context(), batch)
			require.NoError(t, err)
		}
		store.tails.Store(0)
		l = listen(t, r.pages, "/orgs/acme/api/v1/stream", "Last-Event-ID", place)
		got := l.next()
		require.Equal(t, "lagged", got[1].event)
		require.LessOrEqual(t, store.tails.Load(), int64(60))
		id := r.record("acme", "", "leo", 0).ID.String()
		require.Equal(t, []string{id}, events(t, l.next()))
	})
}

// Any number of streams costs the log what one follower costs.
func TestStreamsShareAFollower(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &counting{Store: memory.New()}
		r := newRigOver(t, store, nil)
		r.authorize = func(q *http.Request) ([]access.Grant, error) {
			return []access.Grant{access.Org(activitylog.Actor{ID: q.Header.Get("User")}, "acme", access.View)}, nil
		}
		var all []*listener
		for i := range 40 {
			all = append(all, listen(t, r.pages, "/orgs/acme/api/v1/stream", "User", fmt.Sprint("u", i)))
		}
		time.Sleep(time.Minute)
		store.tails.Store(0)
		for _, l := range all {
			l.next()
		}
		took := store.tails.Load() // forty seconds without an event
		require.LessOrEqual(t, took, int64(90))
		id := r.record("acme", "", "leo", 0).ID.String()
		for _, l := range all {
			require.Contains(t, events(t, l.next()), id)
			l.hangUp()
		}
		synctest.Wait()
		store.tails.Store(0)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Zero(t, store.tails.Load(), "nobody listens, nobody follows")
	})
}

// A person has four streams, whatever they look at; others have theirs.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, org(access.View))
		var mine []*listener
		for i := range 4 {
			mine = append(mine, listen(t, r.pages, fmt.Sprintf("/orgs/acme/projects/p%d/api/v1/stream", i)))
		}
		full := listen(t, r.pages, "/orgs/acme/api/v1/stream")
		require.Equal(t, http.StatusTooManyRequests, full.code)
		require.Contains(t, full.body.String(), `"code":"streams"`)
		require.NotEmpty(t, full.head.Get("Retry-After"))
		r.grants = []access.Grant{access.Org(activitylog.Actor{ID: "leo"}, "acme", access.View)}
		require.Equal(t, http.StatusOK, listen(t, r.pages, "/orgs/acme/api/v1/stream").code)
		r.grants = []access.Grant{org(access.View)}
		mine[2].hangUp()
		require.Equal(t, http.StatusOK, listen(t, r.pages, "/orgs/acme/api/v1/stream").code)
	})
}

// A right that is taken away ends the stream before the next event, and without one within seconds.
func TestStreamAsksForRightsAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, bye string
		grants    []access.Grant
		err       error
	}{
		{"no grant", "denied", nil, nil},
		{"another organization", "denied", []access.Grant{access.Org(ana, "beta", access.AllRights)}, nil},
		{"one project", "denied", []access.Grant{access.Project(ana, "acme", "p1", access.AllRights)}, nil},
		{"no right to view", "denied", []access.Grant{org(access.Export)}, nil},
		{"fewer rights", "changed", []access.Grant{org(access.View)}, nil},
		{"somebody else", "changed", []access.Grant{access.Org(activitylog.Actor{ID: "leo"}, "acme", access.AllRights)}, nil},
		{"signed out", "signed_out", nil, web.ErrSignedOut},
		{"no answer", "failed", nil, errors.New("the sessions are gone")},
	} {
		for _, quiet := range []bool{true, false} {
			t.Run(fmt.Sprint(tt.name, " quiet ", quiet), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					var taken atomic.Bool
					r.authorize = until(&taken, []access.Grant{org(access.AllRights)}, tt.grants, tt.err)
					l := listen(t, r.pages, "/orgs/acme/api/v1/stream")
					r.record("acme", "p1", "leo", 0)
					require.Len(t, events(t, l.next()), 1)
					time.Sleep(time.Minute)
					require.NotEmpty(t, l.next())
					taken.Store(true)
					if quiet {
						time.Sleep(16 * time.Second)
					} else {
						r.record("acme", "p1", "leo", 0)
					}
					got := l.next()
					require.Empty(t, events(t, got))
					require.Equal(t, message{got[len(got)-1].id, "bye", tt.bye}, got[len(got)-1])
					<-l.ended
				})
			})
		}
	}
}

// A stream shows that it lives also while others' events keep it awake, and its place moves on with them.
func TestStreamBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, org(access.View))
		l := listen(t, r.pages, "/orgs/acme/api/v1/stream")
		place := last(l.next())
		for range 60 {
			r.record("beta", "", "leo", 0)
			time.Sleep(time.Second)
		}
		got := l.next()
		require.GreaterOrEqual(t, len(got), 3)
		require.LessOrEqual(t, len(got), 5)
		require.NotEqual(t, place, last(got))
	})
}

// What cannot be streamed is sent piece by piece: the browser asks again.
func TestStreamWithoutFlush(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	ask := func(place string) (string, []message) {
		q := httptest.NewRequest(http.MethodGet, "/orgs/acme/api/v1/stream", nil)
		q.Header.Set("Last-Event-ID", place)
		w := httptest.NewRecorder()
		r.pages.ServeHTTP(unflushed{w}, q)
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String(), messages(w.Body.String())
	}
	text, got := ask("")
	require.Contains(t, text, "retry: 5000\n")
	place := last(got)
	want := []string{r.record("acme", "", "leo", 0).ID.String(), r.record("acme", "", "leo", 0).ID.String()}
	_, got = ask(place)
	require.Equal(t, want, events(t, got))
	_, got = ask(last(got))
	require.Empty(t, events(t, got))
}

func TestStreamsThatCannotBe(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	for target, want := range map[string]int{
		"/orgs/acme/api/v1/stream?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z": http.StatusNoContent,
		"/orgs/acme/api/v1/stream?q=outcom:x":                                        http.StatusBadRequest,
		"/orgs/acme/api/v1/stream?q=ip:192.0.2.7":                                    http.StatusForbidden,
		"/orgs/acme/api/v1/stream?alert=x":                                           http.StatusNotFound,
		"/orgs/beta/api/v1/stream":                                                   http.StatusNotFound,
	} {
		require.Equal(t, want, r.get(target).code, target)
	}
	r = newRigOver(t, struct{ activitylog.Store }{memory.New()}, nil, org(access.View))
	require.Equal(t, http.StatusNotImplemented, r.get("/orgs/acme/api/v1/stream").code)
	r.pages.Shutdown()
}
