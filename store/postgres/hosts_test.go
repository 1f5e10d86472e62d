package postgres_test

import (
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// TestSeveralHosts names a host that is down before the one that is up.
func TestSeveralHosts(t *testing.T) {
	t.Parallel()
	cfg, err := pq.NewConfig(pgtest.DSN(t))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	down := listener.Addr().(*net.TCPAddr).Port
	require.NoError(t, listener.Close())
	query := url.Values{
		"host": {"127.0.0.1," + cfg.Host}, "port": {fmt.Sprintf("%d,%d", down, cfg.Port)},
		"sslmode": {"disable"}, "target_session_attrs": {"read-write"},
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Path: "/" + cfg.Database, RawQuery: query.Encode()}
	log := logOver(t, open(t, u.String(), nil), nil)
	_, err = log.Record(t.Context(), event("on the second host"))
	require.NoError(t, err)
	wantMessages(t, log, "on the second host")

	query.Set("host", "127.0.0.1")
	query.Set("port", fmt.Sprint(down))
	u.RawQuery = query.Encode()
	_, err = postgres.Open(t.Context(), u.String(), nil)
	require.ErrorContains(t, err, "connection refused")
}
