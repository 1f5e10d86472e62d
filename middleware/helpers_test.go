package middleware_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

var ana = activitylog.Actor{Type: activitylog.User, ID: "u1", Name: "Ana"}

// asAna identifies everybody as Ana of acme.
func asAna(*http.Request) middleware.Identity {
	return middleware.Identity{Org: "acme", Actor: ana}
}

// newLog returns a log over a memory store that is closed at the end.
func newLog(t testing.TB) *activitylog.Log {
	t.Helper()
	l, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// wrap returns h behind a middleware that fails the test when it cannot record.
func wrap(t testing.TB, l *activitylog.Log, o middleware.Options, h http.Handler) http.Handler {
	t.Helper()
	if o.Identify == nil {
		o.Identify = asAna
	}
	if o.OnError == nil {
		o.OnError = func(_ *http.Request, err error) { t.Errorf("not recorded: %v", err) }
	}
	m, err := middleware.New(l, &o)
	require.NoError(t, err)
	return m.Wrap(h)
}

// everything is one rule that fits all requests.
var everything = []middleware.Rule{{Path: "/{path...}", Action: "data.view"}}

// events returns all events of the log, oldest first.
func events(t testing.TB, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	var list []activitylog.Event
	for e, err := range l.AllOrgs().Events(context.Background(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

// only returns the one event of the log.
func only(t testing.TB, l *activitylog.Log) activitylog.Event {
	t.Helper()
	list := events(t, l)
	require.Len(t, list, 1)
	return list[0]
}

// serve sends one request through h and returns the response.
func serve(h http.Handler, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// status is a handler that answers with a status.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}
