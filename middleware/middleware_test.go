package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestEventOfARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		mux := http.NewServeMux()
		mux.HandleFunc("DELETE /projects/{id}", func(w http.ResponseWriter, r *http.Request) {
			_, err := l.Record(r.Context(), activitylog.Event{Action: "org.update"})
			require.NoError(t, err)
			time.Sleep(250 * time.Millisecond) // on the clock of the bubble
			w.WriteHeader(http.StatusNoContent)
		})
		h := wrap(t, l, middleware.Options{
			Identify: func(*http.Request) middleware.Identity {
				return middleware.Identity{
					Org: "acme", Project: "p1", Actor: activitylog.Actor{ID: "s1", Type: activitylog.Support},
					OnBehalfOf: []activitylog.Delegation{{Actor: ana, Relation: activitylog.Impersonates}},
					SessionID:  "sess1", CredentialID: "cred1", Origin: "ui",
				}
			},
			Proxies:       middleware.Proxies{Trusted: prefixes("10.0.0.0/8")},
			EventIDHeader: "X-Activity-Id",
			Rules:         []middleware.Rule{{Path: "/projects/{x}", Action: "project.delete", Targets: []string{"project:{x}"}}},
		}, mux)
		begun := time.Now()
		w := serve(h, http.MethodDelete, "/projects/p7?token=x", func(r *http.Request) {
			r.RemoteAddr = "10.0.0.1:80"
			r.Header.Set("X-Forwarded-For", "192.0.2.7")
			r.Header.Set("User-Agent", "browser")
			r.Header.Set("X-Request-Id", "req-1")
			r.Header.Set("Traceparent", "00-"+strings.Repeat("a1", 16)+"-"+strings.Repeat("b2", 8)+"-01")
		})
		list := events(t, l)
		require.Len(t, list, 2)
		for _, e := range list {
			require.Equal(t, activitylog.Request{
				ID: "req-1", Method: "DELETE", Route: "/projects/{" + map[bool]string{true: "id", false: "x"}[e.Action == "project.delete"] + "}",
				SessionID: "sess1", CredentialID: "cred1",
				TraceID: strings.Repeat("a1", 16), SpanID: strings.Repeat("b2", 8), Origin: "ui",
			}, e.Request)
			require.Equal(t, "192.0.2.7 browser [192.0.2.7]", fmt.Sprint(e.Client.IP, " ", e.Client.UserAgent, " ", e.Client.Forwarded))
			if e.Org != "acme" || e.Project != "p1" || e.Actor.ID != "s1" || len(e.OnBehalfOf) != 1 {
				t.Errorf("%s was done by %+v for %+v in %s/%s", e.Action, e.Actor, e.OnBehalfOf, e.Org, e.Project)
			}
		}
		e := list[0]
		if e.Action != "project.delete" {
			e = list[1]
		}
		if got := w.Header().Get("X-Activity-Id"); got != e.ID.String() {
			t.Errorf("the header names %q, the event is %s", got, e.ID)
		}
		if e.Duration != 250*time.Millisecond || !e.Time.Equal(begun) || e.Targets[0].ID != "p7" || e.Outcome != activitylog.Success {
			t.Errorf("got %s", e.AppendJSON(nil))
		}
	})
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, given, want string }{ // want empty: a random one
		{"given", "abc-123_DEF.4:5/6+7=8@9", "abc-123_DEF.4:5/6+7=8@9"},
		{"longest", strings.Repeat("x", 128), strings.Repeat("x", 128)},
		{"none", "", ""},
		{"too long", strings.Repeat("x", 129), ""},
		{"line break", "a\nb", ""},
		{"escape", "a\x1b[31m", ""},
		{"other script", "идент", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			h := wrap(t, l, middleware.Options{Rules: everything, RequestIDHeader: "x-req"}, status(200))
			serve(h, http.MethodGet, "/", func(r *http.Request) { r.Header["X-Req"] = []string{tt.given} })
			got := only(t, l).Request.ID
			if tt.want != "" && got != tt.want || tt.want == "" && (len(got) != 26 || got == tt.given) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTraceParent(t *testing.T) {
	t.Parallel()
	trace, span := strings.Repeat("a1", 16), strings.Repeat("b2", 8)
	tests := []struct {
		name, header string
		valid        bool
	}{
		{"version 0", "00-" + trace + "-" + span + "-01", true},
		{"later version", "01-" + trace + "-" + span + "-01-more", true},
		{"version 0 with more", "00-" + trace + "-" + span + "-01-more", false},
		{"later version without separator", "01-" + trace + "-" + span + "-01more", false},
		{"version ff", "ff-" + trace + "-" + span + "-01", false},
		{"upper case", "00-" + strings.ToUpper(trace) + "-" + span + "-01", false},
		{"zero trace", "00-" + strings.Repeat("0", 32) + "-" + span + "-01", false},
		{"zero span", "00-" + trace + "-" + strings.Repeat("0", 16) + "-01", false},
		{"no flags", "00-" + trace + "-" + span, false},
		{"no hex", "00-" + strings.Repeat("g", 32) + "-" + span + "-01", false},
		{"other separator", "00_" + trace + "_" + span + "_01", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			serve(wrap(t, l, middleware.Options{Rules: everything}, status(200)), http.MethodGet, "/",
				func(r *http.Request) { r.Header.Set("traceparent", tt.header) })
			r := only(t, l).Request
			if tt.valid && (r.TraceID != trace || r.SpanID != span) || !tt.valid && r.TraceID+r.SpanID != "" {
				t.Errorf("got trace %q, span %q", r.TraceID, r.SpanID)
			}
		})
	}
}

func TestTraceOfTheHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{"": "a1", "c3": "c3"} {
		l := newLog(t)
		o := middleware.Options{Rules: everything, Trace: func(context.Context) (string, string) { return host, host }}
		serve(wrap(t, l, o, status(200)), http.MethodGet, "/", func(r *http.Request) {
			r.Header.Set("traceparent", "00-"+strings.Repeat("a1", 16)+"-"+strings.Repeat("b2", 8)+"-01")
		})
		if got := only(t, l).Request.TraceID; !strings.HasPrefix(got, want) {
			t.Errorf("the host tells %q: got %q", host, got)
		}
	}
}

func TestContextWithoutServing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	m, err := middleware.New(l, &middleware.Options{Identify: asAna, Rules: everything, Origin: "webhook"})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/hooks", nil)
	_, err = l.Record(m.Context(r), activitylog.Event{Action: "integration.sync"})
	require.NoError(t, err)
	if e := only(t, l); e.Actor.ID != "u1" || e.Org != "acme" || e.Client.IP.String() != "192.0.2.1" || e.Request.Origin != "webhook" {
		t.Errorf("got %s", e.AppendJSON(nil))
	}
}

func TestChangeSkipAndLateSignIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler func(r *http.Request)
		check   func(list []activitylog.Event) bool
	}{
		{"change", func(r *http.Request) {
			middleware.Change(r.Context(), func(e *activitylog.Event) { e.Reason, e.Outcome = "quota", activitylog.Failure })
		}, func(list []activitylog.Event) bool {
			return len(list) == 1 && list[0].Reason == "quota" && list[0].Outcome == activitylog.Failure
		}},
		{"changes in order", func(r *http.Request) {
			var wg sync.WaitGroup
			middleware.Change(r.Context(), func(e *activitylog.Event) { e.Reason = "a" })
			wg.Go(func() { middleware.Change(r.Context(), func(e *activitylog.Event) { e.Reason += "b" }) })
			wg.Wait()
		}, func(list []activitylog.Event) bool { return len(list) == 1 && list[0].Reason == "ab" }},
		{"skip", func(r *http.Request) { middleware.Skip(r.Context()) },
			func(list []activitylog.Event) bool { return len(list) == 0 }},
		{"actor and organization found later", func(r *http.Request) {
			ctx := middleware.WithActor(r.Context(), activitylog.Actor{ID: "u9"})
			middleware.WithOrg(ctx, "other", "p9")
		}, func(list []activitylog.Event) bool {
			return len(list) == 1 && list[0].Actor.ID == "u9" && list[0].Org == "other" && list[0].Project == "p9"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			h := wrap(t, l, middleware.Options{Rules: everything, EventIDHeader: "X-Activity-Id"},
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { tt.handler(r) }))
			w := serve(h, http.MethodGet, "/")
			list := events(t, l)
			if !tt.check(list) {
				t.Errorf("got %+v", list)
			}
			if named := w.Header().Get("X-Activity-Id") != ""; named != (len(list) == 1) {
				t.Errorf("the header names an event: %v, with %d events", named, len(list))
			}
		})
	}
	// Outside of a request nothing happens.
	middleware.Change(context.Background(), func(*activitylog.Event) { t.Error("changed what is not there") })
	middleware.Skip(context.Background())
}

func TestAnonymousAndInherited(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	h := wrap(t, l, middleware.Options{Rules: everything, Identify: func(*http.Request) middleware.Identity {
		return middleware.Identity{Org: "acme"}
	}}, status(200))
	serve(h, http.MethodGet, "/")
	if e := only(t, l); e.Actor.Type != activitylog.Anonymous {
		t.Errorf("got actor %+v", e.Actor)
	}
	l = newLog(t)
	m, err := middleware.New(l, &middleware.Options{Rules: everything})
	require.NoError(t, err)
	serve(m.Wrap(status(200)), http.MethodGet, "/", func(r *http.Request) {
		*r = *r.WithContext(activitylog.WithOrg(activitylog.WithActor(r.Context(), ana), "acme", ""))
	})
	if e := only(t, l); e.Actor.ID != "u1" || e.Org != "acme" {
		t.Errorf("got %+v in %q", e.Actor, e.Org)
	}
}

func TestErrorsAreTold(t *testing.T) {
	t.Parallel()
	for _, submit := range []bool{false, true} {
		l := newLog(t)
		var told error
		h := wrap(t, l, middleware.Options{
			Rules: everything, Submit: submit,
			Identify: func(*http.Request) middleware.Identity { return middleware.Identity{Actor: ana} }, // no organization
			OnError:  func(_ *http.Request, err error) { told = err },
		}, status(200))
		if w := serve(h, http.MethodGet, "/"); w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
		if !errors.Is(told, activitylog.ErrInvalid) {
			t.Errorf("told %v, want that the event has no organization", told)
		}
	}
}

func TestErrorsAreLogged(t *testing.T) { // not parallel: it takes the place of the default logger
	logger := slog.Default()
	defer slog.SetDefault(logger)
	var out strings.Builder
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	m, err := middleware.New(newLog(t), &middleware.Options{Rules: everything})
	require.NoError(t, err)
	serve(m.Wrap(status(200)), http.MethodGet, "/x?token=y")
	if got := out.String(); !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "no organization") || strings.Contains(got, "token") {
		t.Errorf("logged %q", got)
	}
}

func TestSubmittedAndCancelledRequests(t *testing.T) {
	t.Parallel()
	for _, submit := range []bool{false, true} {
		l := newLog(t)
		h := wrap(t, l, middleware.Options{Rules: everything, Submit: submit}, status(200))
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // the client hung up
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
		require.NoError(t, l.Close(t.Context()))
		if e := only(t, l); e.ID == uuid.Nil {
			t.Errorf("got %+v", e)
		}
	}
}
