package pgtest

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog/internal/needs"
)

// databaseTimeout bounds the making and dropping of one database.
const databaseTimeout = time.Minute

// shared is the one server of this test binary. A test binary has no other
// place than a package variable for what its tests share; nothing here is
// reachable from the library.
var shared struct {
	hasMain bool // set before any test runs

	once   sync.Once
	admin  string // DSN that may create databases
	server *Server
	err    error
}

// Main runs the tests of m and stops the server they shared. It returns the
// exit code, for a TestMain to hand to [os.Exit].
func Main(m *testing.M) int {
	shared.hasMain = true
	code := m.Run()
	if shared.server == nil {
		return code
	}
	if err := shared.server.Stop(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return max(code, 1)
	}
	return code
}

// DSN returns the address of a fresh, empty database that is dropped when the
// test ends. The first call starts the server that the whole test binary
// shares, or takes the one that ACTIVITYLOG_POSTGRES names. Without PostgreSQL
// the test is skipped, or fails where ACTIVITYLOG_REQUIRE is 1.
// It may be called from several tests at once. A database takes about a fifth of
// a second: tests of many small cases share one and give each case an
// organization of its own.
func DSN(tb testing.TB) string {
	tb.Helper()
	if !shared.hasMain {
		tb.Fatal("pgtest.DSN needs func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) } to stop its server")
	}
	shared.once.Do(startShared)
	if shared.err != nil {
		giveUp(tb, shared.err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	name, dsn, err := createDatabase(ctx, shared.admin)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// Not the context of the test, which has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
		defer cancel()
		if err := dropDatabase(ctx, shared.admin, name); err != nil {
			tb.Error(err)
		}
	})
	return dsn
}

// Dedicated starts a server for this test alone, which the test may kill and
// restart; it is stopped when the test ends. It is always a private server,
// whatever ACTIVITYLOG_POSTGRES says: that one is not ours to kill. Without
// PostgreSQL it skips or fails the test as [DSN] does.
func Dedicated(tb testing.TB) *Server {
	tb.Helper()
	s, err := Run(tb.Context(), Config{})
	if err != nil {
		giveUp(tb, err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func startShared() {
	if shared.admin = os.Getenv("ACTIVITYLOG_POSTGRES"); shared.admin != "" {
		return
	}
	if shared.server, shared.err = Run(context.Background(), Config{}); shared.err == nil {
		shared.admin = shared.server.DSN()
	}
}

// giveUp ends the test: skipped where PostgreSQL is absent and not required.
func giveUp(tb testing.TB, err error) {
	tb.Helper()
	absent := errors.Is(err, ErrNotInstalled) || errors.Is(err, errors.ErrUnsupported)
	switch {
	case !absent:
		tb.Fatal(err)
	case os.Getenv("ACTIVITYLOG_POSTGRES") != "": // PostgreSQL is there, only a private server is out of reach
		tb.Skip(err)
	default:
		needs.Missing(tb, err)
	}
}
