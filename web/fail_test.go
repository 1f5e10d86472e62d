package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// The host is told what fails, but not of browsers that went away.
func TestWhoGoesAwayIsNoFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	broken := errors.New("no database")
	r.authorize = func(q *http.Request) ([]access.Grant, error) {
		if err := q.Context().Err(); err != nil {
			return nil, err
		}
		return nil, broken
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, target := range []string{"/orgs/acme/", "/orgs/acme/api/v1/events"} {
		r.pages.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, target, nil))
		require.Empty(t, r.failed)
	}
	r.get("/orgs/acme/")
	require.Len(t, r.failed, 1)
	require.ErrorIs(t, r.failed[0], broken)
}
