package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
)

// served is a command that serves, and what it printed so far.
type served struct {
	mu   sync.Mutex
	out  bytes.Buffer
	told chan struct{}
}

func (s *served) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.Len() == 0 {
		close(s.told)
	}
	return s.out.Write(b)
}

var addressForm = regexp.MustCompile(`http://\S+/`)

// start runs a command line until the test ends, and returns where it serves.
func start(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &served{told: make(chan struct{})}
	var failed bytes.Buffer
	code := make(chan int, 1)
	go func() { code <- run(ctx, args, nil, s, &failed) }()
	t.Cleanup(func() {
		cancel()
		if got := <-code; got != exitDone {
			t.Errorf("%v ended with %d: %s", args, got, failed.String())
		}
	})
	select {
	case <-s.told:
	case got := <-code:
		code <- got
		t.Fatalf("%v ended with %d: %s", args, got, failed.String())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return addressForm.FindString(s.out.String())
}

func fetch(t *testing.T, url string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for _, c := range change {
		c(q)
	}
	answer, err := http.DefaultClient.Do(q)
	require.NoError(t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(b)
}

func TestServe(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "t.db")
	log, err := openDatabase(t.Context(), db, "", true)
	require.NoError(t, err)
	_, err = log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "member.invite", Actor: activitylog.Actor{ID: "ana", Name: "Ana"}})
	require.NoError(t, err)
	require.NoError(t, log.close())

	url := start(t, "serve", "--db", db, "--addr", "localhost:0")
	code, body := fetch(t, url)
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, "<b>Ana</b> invited")
	code, _ = fetch(t, url+"orgs/acme/")
	require.Equal(t, http.StatusOK, code)
	// A page elsewhere that gives this machine a name of its own reads nothing.
	code, body = fetch(t, url, func(r *http.Request) { r.Host = "evil.example" })
	require.Equal(t, http.StatusForbidden, code)
	require.NotContains(t, body, "Ana")
}

// While the pages are served the log is watched for alerts and sealed, unless it is told not to watch.
func TestServeWatchesAndSeals(t *testing.T) {
	t.Parallel()
	for _, watching := range []string{"true", "false"} {
		db := filepath.Join(t.TempDir(), "t.db")
		log, err := openDatabase(t.Context(), db, "", true)
		require.NoError(t, err)
		signIn := activitylog.Event{
			Org: "acme", Action: "auth.login", Time: time.Now().AddDate(0, 0, -9), Actor: activitylog.Actor{ID: "leo", Name: "Leo"},
			Client: activitylog.Client{IP: netip.MustParseAddr("203.0.113.9")},
		}
		batch := []activitylog.Event{signIn}
		for i := range 12 {
			signIn.Outcome, signIn.Time = activitylog.Failure, time.Now().Add(-time.Duration(i+2)*time.Second)
			batch = append(batch, signIn)
		}
		_, err = log.RecordAll(t.Context(), batch)
		require.NoError(t, err)
		require.NoError(t, log.Log.Close(t.Context())) // nothing is sealed yet
		require.NoError(t, log.store.Close())

		url := start(t, "serve", "--db", db, "--addr", "localhost:0", "--alerts="+watching)
		require.Eventually(t, func() bool {
			_, body := fetch(t, url+"orgs/acme/api/v1/alerts")
			return strings.Contains(body, `"rule":"login_failures"`) == (watching == "true") && strings.Contains(body, `"items"`)
		}, time.Minute, 50*time.Millisecond)
		require.Eventually(t, func() bool {
			out := done(t, "verify", "--db", db)
			return !strings.Contains(out, ", 0 sealed") && strings.Contains(out, ", 0 not sealed yet")
		}, time.Minute, 100*time.Millisecond)
		code, body := fetch(t, url+"orgs/acme/alerts/")
		require.Equal(t, http.StatusOK, code)
		if watching == "true" {
			require.Contains(t, body, "203.0.113.9")
		}
	}
}

// The demo serves at once, each role sees what is its own, and what it looked at is in the log.
func TestDemoPages(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "demo.db")
	_, err := makeDemo(t, path, 1)
	require.NoError(t, err)
	began := time.Now()
	url := start(t, "demo", "--db", path, "--addr", "localhost:0")
	as := func(role string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: roleCookie, Value: role}) }
	}
	code, body := fetch(t, url)
	require.Equal(t, http.StatusOK, code)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the first answer took %v", took)
	}
	for _, role := range demoRoles() {
		require.Contains(t, body, `href="as/`+role.ID+`"`)
	}
	for _, tt := range []struct {
		role, page string
		code       int
	}{
		{"owner", "log/", 200}, {"owner", "log/orgs/northwind/alerts/", 200}, {"owner", "log/platform/", 404}, {"owner", "log/orgs/harborline/", 404},
		{"member", "log/", 200}, {"member", "log/orgs/northwind/", 404}, {"member", "log/orgs/northwind/projects/field-notes/recent/", 200},
		{"auditor", "log/orgs/northwind/governance/", 200}, {"platform", "log/platform/", 200}, {"platform", "log/orgs/harborline/", 200},
	} {
		if code, _ := fetch(t, url+tt.page, as(tt.role)); code != tt.code {
			t.Errorf("%s at %s: %d, want %d", tt.role, tt.page, code, tt.code)
		}
	}
	_, body = fetch(t, url+"log/orgs/northwind/?reads=1", as("owner"))
	require.Contains(t, body, "Demo Auditor")
}

// A demo that does not exist yet is made while it is shown, and lies in its place when it is whole.
func TestDemoIsShownWhileItIsMade(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "demo.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &served{told: make(chan struct{})}
	ended := make(chan error, 1)
	d := &demoLog{path: path, addr: "localhost:0", seed: 1, size: 0.02}
	go func() { ended <- d.run(ctx, streams{out: s, err: io.Discard}, nil) }()
	<-s.told
	s.mu.Lock()
	url := addressForm.FindString(s.out.String())
	s.mu.Unlock()
	code, body := fetch(t, url+"log/")
	require.Equal(t, http.StatusOK, code)
	require.Eventually(t, func() bool {
		_, body = fetch(t, url+"log/orgs/northwind/?range=all")
		fresh, err := (&demoLog{path: path, seed: 1}).fresh(ctx)
		return err == nil && fresh && strings.Contains(body, "rowlink")
	}, time.Minute, 50*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}
