package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// gated is a store whose bulk scans stop half-way until a test lets them go on.
type gated struct {
	*memory.Store
	after   int
	reached chan struct{} // is sent one value by each scan that waits
	gate    chan struct{} // lets them go on once closed
}

func (g *gated) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		n := 0
		for e, err := range g.Store.Scan(ctx, q) {
			if n++; n == g.after && q.Limit == 0 {
				g.reached <- struct{}{}
				select {
				case <-g.gate:
				case <-ctx.Done():
					yield(activitylog.Event{}, ctx.Err())
					return
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func newGated(t *testing.T) (*rig, *gated) {
	g := &gated{Store: memory.New(), after: 300, reached: make(chan struct{}, 10), gate: make(chan struct{})}
	r := newRigOver(t, g, nil, org(access.AllRights))
	var batch []activitylog.Event
	for range 400 {
		batch = append(batch, activitylog.Event{Org: "acme", Action: "a.b", Time: start.Add(-time.Hour), Actor: activitylog.Actor{ID: "leo"}, Message: strings.Repeat("word ", 200)})
	}
	_, err := r.log.RecordAll(t.Context(), batch)
	require.NoError(t, err)
	return r, g
}

// An export whose store is slow takes longer than its server waits for an answer, and is whole all the same.
func TestExportOutlivesTimeouts(t *testing.T) {
	t.Parallel()
	r, store := newGated(t)
	mux := http.NewServeMux()
	mux.Handle("/", r.pages)
	mux.HandleFunc("/cut", endless)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 50*time.Millisecond, 60*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	a, err := server.Client().Get(server.URL + "/export?format=ndjson")
	require.NoError(t, err)
	defer a.Body.Close()
	<-store.reached
	waitForTimeout(t, server)
	close(store.gate)
	b, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	require.Equal(t, 400, strings.Count(string(b), "\n"))
}

// timed is an answer that knows its deadline.
type timed struct {
	*httptest.ResponseRecorder
	until time.Time
	armed int
}

func (w *timed) SetWriteDeadline(t time.Time) error {
	if w.until = t; !t.IsZero() {
		w.armed++
	}
	return nil
}

// While an export waits for the log, before its first piece and between two, no deadline stands: HTTP/2 would end it.
func TestExportWaitsWithoutDeadline(t *testing.T) {
	t.Parallel()
	for _, after := range []int{1, 300} {
		r, store := newGated(t)
		store.after = after
		w := &timed{ResponseRecorder: httptest.NewRecorder(), until: start}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/export?format=ndjson", nil))
		}()
		<-store.reached
		require.Equal(t, after > 1, w.armed > 0, "each piece has its time")
		require.Zero(t, w.until, "after %d events", after)
		close(store.gate)
		<-done
		require.NotZero(t, w.until, "the end has one too")
		require.Equal(t, 400, strings.Count(w.Body.String(), "\n"))
	}
}

// The same over HTTP/2, whose server would reset the stream.
func TestExportOutlivesTimeoutsOfHTTP2(t *testing.T) {
	t.Parallel()
	r, store := newGated(t)
	store.after = 1
	mux := http.NewServeMux()
	mux.Handle("/", r.pages)
	mux.HandleFunc("/cut", endless)
	server := httptest.NewUnstartedServer(mux)
	server.EnableHTTP2, server.Config.WriteTimeout = true, 60*time.Millisecond
	server.StartTLS()
	t.Cleanup(server.Close)
	got := make(chan error, 1)
	go func() {
		a, err := server.Client().Get(server.URL + "/export?format=ndjson")
		if err == nil {
			var b []byte
			b, err = io.ReadAll(a.Body)
			a.Body.Close()
			if n := strings.Count(string(b), "\n"); err == nil && (n != 400 || a.ProtoMajor != 2) {
				err = fmt.Errorf("%d rows over %s", n, a.Proto)
			}
		}
		got <- err
	}()
	<-store.reached
	waitForTimeout(t, server)
	close(store.gate)
	require.NoError(t, <-got)
}

// Whoever gave an export a token can ask how far it is and end it, and nobody else can.
func TestExportProgress(t *testing.T) {
	t.Parallel()
	r, store := newGated(t)
	server := httptest.NewServer(r.pages)
	t.Cleanup(server.Close)
	letGo := sync.OnceFunc(func() { close(store.gate) })
	t.Cleanup(letGo)
	const mine, other = "0123456789abcdef", "fedcba9876543210"
	read := map[string]chan error{}
	for _, token := range []string{mine, other} {
		a, err := server.Client().Get(server.URL + "/orgs/acme/export?format=csv&token=" + token)
		require.NoError(t, err)
		read[token] = make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, a.Body)
			a.Body.Close()
			read[token] <- err
		}()
		<-store.reached
	}
	type progress struct {
		Rows, Bytes int64
		State       string
	}
	look := func(token string) (p progress) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(r.get("/orgs/acme/api/v1/exports/"+token).ok(t).body), &p))
		return p
	}
	p := look(mine)
	require.Equal(t, "running", p.State)
	require.InDelta(t, 298, p.Rows, 1) // the store also holds the records of the exports
	require.Positive(t, p.Bytes)

	for _, g := range []access.Grant{access.Org(activitylog.Actor{ID: "mia"}, "acme", access.AllRights), access.Org(ana, "beta", access.AllRights), access.Project(ana, "acme", "p1", access.AllRights)} {
		r.grants = []access.Grant{g}
		for _, path := range []string{"/orgs/acme/", "/orgs/beta/", "/orgs/acme/projects/p1/"} {
			require.Equal(t, http.StatusNotFound, r.get(path+"api/v1/exports/"+mine).code)
			require.Equal(t, http.StatusNotFound, request(t, r.pages, http.MethodPost, path+"api/v1/exports/"+mine, "").code)
		}
	}
	r.grants = []access.Grant{org(access.AllRights)}
	require.Equal(t, http.StatusNotFound, r.get("/orgs/acme/projects/p1/api/v1/exports/"+mine).code)
	require.Equal(t, http.StatusForbidden, request(t, r.pages, http.MethodPost, "/orgs/acme/api/v1/exports/"+mine, "", "Sec-Fetch-Site", "cross-site").code)
	require.Equal(t, http.StatusOK, request(t, r.pages, http.MethodPost, "/orgs/acme/api/v1/exports/"+mine, "").code)
	require.Error(t, <-read[mine], "a file that was broken off must not look whole")
	require.Equal(t, "cancelled", look(mine).State)
	require.Equal(t, "running", look(other).State)
	letGo()
	require.NoError(t, <-read[other])
	require.Eventually(t, func() bool { return look(other).State == "done" }, 10*time.Second, time.Millisecond)
	require.InDelta(t, 401, look(other).Rows, 1)
	require.Empty(t, r.failed, "what somebody cancels is no failure")
}

// What is remembered of exports stays small whatever is asked for.
func TestExportsAreForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	r.record("acme", "", "leo", time.Hour)
	const token = "0123456789abcdef"
	for i := range 40 {
		r.get("/orgs/acme/export?token=" + token + strings.Repeat("a", i%40)).ok(t)
	}
	known := 0
	for i := range 40 {
		if r.get("/orgs/acme/api/v1/exports/"+token+strings.Repeat("a", i)).code == http.StatusOK {
			known++
		}
	}
	require.Equal(t, 16, known)
	for _, wrong := range []string{"short", strings.Repeat("a", 65), "with%20space%20and%20more%20of%20it"} {
		r.get("/orgs/acme/export?token=" + wrong).ok(t)
		require.Equal(t, http.StatusNotFound, r.get("/orgs/acme/api/v1/exports/"+wrong).code)
	}
}

// A store that hangs where the figures are asked for costs each of them two seconds and the rows nothing, in the pages and
// in the API.
func TestSlowFiguresEnd(t *testing.T) {
	t.Parallel()
	r := newRigOver(t, &slow{Store: memory.New()}, nil, org(access.AllRights))
	id := r.record("acme", "", "leo", time.Hour).ID.String()
	var all sync.WaitGroup
	for _, call := range []string{"histogram", "facets"} {
		all.Go(func() {
			a := r.get("/orgs/acme/api/v1/" + call)
			if a.code != http.StatusGatewayTimeout || !strings.Contains(a.body, `"code":"timeout"`) {
				t.Errorf("%s: %d %s", call, a.code, a.body)
			}
		})
	}
	require.Contains(t, r.get("/orgs/acme/api/v1/events").ok(t).body, id)
	require.Contains(t, r.get("/", "Activity-Region", "list").ok(t).body, id)
	all.Wait()
	require.Empty(t, r.failed)
}
