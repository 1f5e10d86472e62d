package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/stretchr/testify/require"
)

// seeded is a source of random numbers that ACTIVITYLOG_SEED repeats.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// stores are the databases and the memory, each empty.
var stores = map[string]func(*testing.T) activitylog.Store{
	"memory": func(*testing.T) activitylog.Store { return memory.New() },
	"SQLite": func(t *testing.T) activitylog.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), &sqlite.Options{Migrate: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	},
	"PostgreSQL": func(t *testing.T) activitylog.Store {
		s, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	},
}

// real is a stream over the network.
type real struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Reader
}

func openReal(t *testing.T, server *httptest.Server, target, place string) *real {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+target, nil)
	require.NoError(t, err)
	q.Header.Set("Last-Event-ID", place)
	a, err := server.Client().Do(q)
	require.NoError(t, err)
	t.Cleanup(func() { a.Body.Close() })
	require.Equal(t, http.StatusOK, a.StatusCode)
	return &real{t, a, bufio.NewReader(a.Body)}
}

// next waits for a message.
func (r *real) next() message {
	r.t.Helper()
	text := ""
	for {
		line, err := r.lines.ReadString('\n')
		require.NoError(r.t, err)
		if text += line; line != "\n" {
			continue
		}
		if m := messages(text); len(m) == 1 {
			return m[0]
		}
		text = ""
	}
}

// However often a browser goes and comes again while several record, it sees each event once, in the order in which its
// organization's were committed.
func TestStreamHasNoGaps(t *testing.T) {
	t.Parallel()
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := seeded(t)
			r := newRigOver(t, open(t), nil, org(access.AllRights))
			server := httptest.NewServer(r.pages)
			t.Cleanup(server.Close)
			const writers, each = 4, 60
			s := openReal(t, server, "/orgs/acme/api/v1/stream", "")
			place := s.next().id
			var writing sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for i := range each {
						for _, o := range []string{"acme", "beta"} {
							_, err := r.log.Record(t.Context(), activitylog.Event{Org: o, Action: "a.b", Time: start, Actor: activitylog.Actor{ID: "leo"}, Metadata: map[string]any{"n": w*each + i}})
							if err != nil {
								t.Error(err)
								return
							}
						}
					}
				})
			}
			seen := map[string]int{}
			for len(seen) < writers*each && !t.Failed() {
				for range rng.IntN(40) {
					if m := s.next(); m.event != "beat" {
						require.Equal(t, "activity", m.event)
						var e activitylog.Event
						require.NoError(t, json.Unmarshal([]byte(m.data), &e))
						require.Equal(t, "acme", e.Org)
						seen[e.ID.String()]++
						place = m.id
						if len(seen) == writers*each {
							break
						}
					}
				}
				require.NoError(t, s.answer.Body.Close())
				if len(seen) < writers*each {
					s = openReal(t, server, "/orgs/acme/api/v1/stream", place)
				}
			}
			writing.Wait()
			for id, n := range seen {
				require.Equal(t, 1, n, id)
			}
			require.Empty(t, r.failed)
		})
	}
}

// endless is an answer that only the timeout of its server ends.
func endless(w http.ResponseWriter, _ *http.Request) {
	for {
		if _, err := w.Write(make([]byte, 1<<10)); err != nil {
			return
		}
	}
}

// waitForTimeout returns when the server has cut an answer that began now.
func waitForTimeout(t *testing.T, server *httptest.Server) {
	t.Helper()
	a, err := server.Client().Get(server.URL + "/cut")
	if err == nil {
		_, err = io.Copy(io.Discard, a.Body)
		require.NoError(t, a.Body.Close())
	}
	require.Error(t, err)
}

// A stream outlives the timeouts of their server.
func TestStreamOutlivesTimeouts(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	mux := http.NewServeMux()
	mux.Handle("/", r.pages)
	mux.HandleFunc("/cut", endless)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 50*time.Millisecond, 60*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	s := openReal(t, server, "/orgs/acme/api/v1/stream", "")
	require.Equal(t, "beat", s.next().event)
	waitForTimeout(t, server)
	r.record("acme", "", "leo", 0)
	require.Equal(t, "activity", s.next().event)
}

// Shutting a server down does not wait for those who listen, and they come again to the next one.
func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	server := httptest.NewUnstartedServer(r.pages)
	server.Config.RegisterOnShutdown(r.pages.Shutdown)
	server.Start()
	t.Cleanup(server.Close)
	s := openReal(t, server, "/orgs/acme/api/v1/stream", "")
	require.Equal(t, "beat", s.next().event)
	require.NoError(t, server.Config.Shutdown(t.Context()))
	require.Equal(t, "ending", s.next().data)
	_, err := s.lines.ReadByte()
	require.ErrorIs(t, err, io.EOF)

	// So does closing the log.
	r = newRig(t, org(access.AllRights))
	server = httptest.NewServer(r.pages)
	t.Cleanup(server.Close)
	s = openReal(t, server, "/orgs/acme/api/v1/stream", "")
	require.Equal(t, "beat", s.next().event)
	require.NoError(t, r.log.Close(context.Background()))
	require.Equal(t, "ending", s.next().data)
}

// counting is a store that counts how often it is followed.
type counting struct {
	*memory.Store
	tails atomic.Int64
}

func (c *counting) Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error) {
	c.tails.Add(1)
	return c.Store.Tail(ctx, after, limit)
}
