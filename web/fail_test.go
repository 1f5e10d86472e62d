package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// The host is told what fails, but not of browsers that went away.
func TestWhoGoesAwayIsNoFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	broken := errors.New("no database")
	pages, err := web.New(r.log, func(q *http.Request) ([]access.Grant, error) {
		if err := q.Context().Err(); err != nil {
			return nil, err
		}
		return nil, broken
	}, &web.Options{Now: r.clock, OnError: r.told})
	require.NoError(t, err)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, target := range []string{"/orgs/acme/", "/orgs/acme/api/v1/events"} {
		pages.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, target, nil))
		require.Empty(t, r.failed)
	}
	pages.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orgs/acme/", nil))
	require.Len(t, r.failed, 1)
	require.ErrorIs(t, r.failed[0], broken)
}
