package sqlstore_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/sqlite"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// A sealer that gets what its own process just committed gets what is in the database, whoever else writes.
func TestFreshEvidence(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "log.db")
	open := func() *sqlstore.Store {
		s, err := sqlite.Open(t.Context(), path, &sqlite.Options{Migrate: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	own, other, reader := open(), open(), open()
	host, err := sql.Open("sqlite3", path+"?_txlock=immediate&_busy_timeout=10000")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, host.Close()) })

	type seen struct {
		org, action, leaf string
		id                uuid.UUID
		recorded          time.Time
		at                activitylog.Position
	}
	tail := func(s *sqlstore.Store, after activitylog.Position, limit int) (list []seen, next activitylog.Position) {
		next, err := s.TailEvidence(t.Context(), after, limit, func(e *activitylog.Event, at activitylog.Position) {
			list = append(list, seen{e.Org, e.Action, string(e.Leaf), e.ID, e.Recorded, at})
		})
		require.NoError(t, err)
		return list, next
	}
	var events []activitylog.Event
	places := []activitylog.Position{""}
	served, most := 0, 0
	for range 600 {
		n := random.IntN(60)
		batch := make([]activitylog.Event, 0, n)
		for i := range n {
			if len(events) > 0 && random.IntN(10) == 0 { // a retry
				batch = append(batch, events[random.IntN(len(events))])
				continue
			}
			now := time.UnixMicro(1767225600000000 + random.Int64N(1e9)).UTC()
			batch = append(batch, activitylog.Event{
				ID: uuid.New(), Org: fmt.Sprint("o", i%3), Action: "project.update", Time: now, Recorded: now, Outcome: activitylog.Success,
				Severity: activitylog.Info, Category: "project", Actor: activitylog.Actor{Type: activitylog.User, ID: "leo"}, Leaf: []byte(fmt.Sprint("leaf", random.Uint64())),
			})
		}
		switch what := random.IntN(20); {
		case what < 15:
			require.NoError(t, own.Append(t.Context(), batch))
		case what == 15:
			require.NoError(t, other.Append(t.Context(), batch))
		case what == 16:
			tx, err := host.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			require.NoError(t, own.AppendTx(t.Context(), tx, batch))
			if random.IntN(2) == 0 {
				require.NoError(t, tx.Rollback())
				continue
			}
			require.NoError(t, tx.Commit())
		case what == 17:
			_, err := own.Prune(t.Context(), activitylog.StoreQuery{Org: "o1", Order: activitylog.Newest}, 20)
			require.NoError(t, err)
			continue
		default: // nobody seals for a while
			require.NoError(t, own.Append(t.Context(), batch))
			continue
		}
		events = append(events, batch...)
		after, limit, behind := places[len(places)-1], 1+random.IntN(200), random.IntN(10) == 0
		if behind { // another sealer
			after = places[random.IntN(len(places))]
		}
		want, end := tail(reader, after, limit)
		served += own.Fresh(after, limit)
		most += len(want)
		got, next := tail(own, after, limit)
		require.Equal(t, want, got)
		require.Equal(t, end, next)
		if !behind {
			places = append(places, next)
		}
	}
	t.Logf("%d of %d were not read", served, most)
	require.Greater(t, served, most/3)
}
