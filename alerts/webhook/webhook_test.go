package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/webhook"
	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

const (
	secret  = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
	another = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6"
)

var notice = alerts.Notice{
	ID: uuid.MustParse("0198a2d0-0000-7000-8000-000000000001"), Time: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), Transition: alerts.Opened, Org: "acme",
	Finding: alerts.Brief{Fingerprint: "cafe", Rule: alerts.LoginFailures, Kind: "source_burst", Severity: activitylog.Medium, Explanation: "203.0.113.9 failed to sign in 12 times."},
}

// receiver is a server that answers with the given statuses, the last one for good, and keeps what it got.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	headers  []http.Header
	bodies   [][]byte
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers, r.bodies = append(r.headers, req.Header.Clone()), append(r.bodies, body)
	status := r.statuses[min(len(r.bodies), len(r.statuses))-1]
	if status >= 300 && status < 400 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
}

func (r *receiver) got() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

func newHook(t *testing.T, url string, opts webhook.Options) *webhook.Webhook {
	t.Helper()
	opts.Wait = time.Millisecond
	hook, err := webhook.New(url, secret, &opts)
	require.NoError(t, err)
	return hook
}

func TestNotify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		statuses []int
		attempts int
		status   int // of the error; 0: none
	}{
		{"taken", []int{204}, 1, 0},
		{"taken at last", []int{500, 503, 429, 200}, 4, 0},
		{"never", []int{502}, 4, 502},
		{"too early, then gone", []int{425, 410}, 2, 410},
		{"refused", []int{400}, 1, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, tt.statuses...)
			err := newHook(t, r.URL, webhook.Options{}).Notify(t.Context(), notice)
			var status *webhook.StatusError
			if tt.status == 0 && err != nil || tt.status != 0 && (!errors.As(err, &status) || status.Status != tt.status) {
				t.Errorf("got %v", err)
			}
			if r.got() != tt.attempts {
				t.Errorf("%d attempts, want %d", r.got(), tt.attempts)
			}
		})
	}
}

// TestSignature checks each attempt as a receiver does, with the old secret and the new one.
func TestSignature(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 500, 200)
	require.NoError(t, newHook(t, r.URL, webhook.Options{Also: []string{another}}).Notify(t.Context(), notice))
	for i := range r.bodies {
		for _, s := range []string{secret, another} {
			checker, err := standardwebhooks.NewWebhook(s)
			require.NoError(t, err)
			if err := checker.Verify(r.bodies[i], r.headers[i]); err != nil {
				t.Errorf("attempt %d: %v", i+1, err)
			}
			if err := checker.Verify(append(r.bodies[i], ' '), r.headers[i]); err == nil {
				t.Error("a changed body passes")
			}
		}
		if id := r.headers[i].Get("webhook-id"); id != notice.ID.String() {
			t.Errorf("attempt %d has id %s", i+1, id)
		}
	}
	var body struct {
		Type      string
		Timestamp time.Time
		Data      struct {
			Org     string
			Finding alerts.Brief
		}
	}
	require.NoError(t, json.Unmarshal(r.bodies[0], &body))
	if body.Type != "alert.open" || !body.Timestamp.Equal(notice.Time) || body.Data.Org != "acme" || body.Data.Finding.Explanation != notice.Finding.Explanation {
		t.Errorf("got %s", r.bodies[0])
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 307)
	err := newHook(t, r.URL+"/secret-token", webhook.Options{}).Notify(t.Context(), notice)
	if err == nil || !strings.Contains(err.Error(), "redirects") || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("got %v", err)
	}
	if r.got() != 1 {
		t.Errorf("%d requests", r.got())
	}
}

// TestSlowReceiver gives up an attempt after its timeout, and all of them when ctx ends.
func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	err := newHook(t, server.URL, webhook.Options{Timeout: 20 * time.Millisecond, Attempts: 2}).Notify(t.Context(), notice)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "attempt 2") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newHook(t, server.URL, webhook.Options{}).Notify(ctx, notice); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, address, secret string
		opts                  *webhook.Options
	}{
		{"no address", "", secret, nil},
		{"no host", "https:///x", secret, nil},
		{"plain http to elsewhere", "http://example.com/", secret, nil},
		{"another scheme", "ftp://localhost/", secret, nil},
		{"no secret", "https://example.com/", "", nil},
		{"a secret without its prefix", "https://example.com/", strings.TrimPrefix(secret, "whsec_"), nil},
		{"a short secret", "https://example.com/", "whsec_c2hvcnQ=", nil},
		{"a bad second secret", "https://example.com/", secret, &webhook.Options{Also: []string{"whsec_?"}}},
		{"a negative timeout", "https://example.com/", secret, &webhook.Options{Timeout: -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := webhook.New(tt.address, tt.secret, tt.opts)
			if !errors.Is(err, activitylog.ErrInvalid) {
				t.Errorf("got %v", err)
			}
			if tt.secret != "" && err != nil && strings.Contains(err.Error(), tt.secret) {
				t.Error("the error tells the secret")
			}
		})
	}
}
