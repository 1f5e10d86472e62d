package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// progress counts what the writers in batches have committed, for those who wait for others to overtake them.
type progress struct {
	mu    sync.Mutex
	moved *sync.Cond
	n     int
	all   int // what n will be in the end
}

func (p *progress) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += n
	p.moved.Broadcast()
}

// overtaken waits until n further events were committed, or none is left to come.
func (p *progress) overtaken(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for until := min(p.n+n, p.all); p.n < until; {
		p.moved.Wait()
	}
}

const (
	watched  = 100_000
	singles  = 2  // writers of single events
	hosts    = 4  // writers in long transactions of the host
	inBulk   = 10 // writers of batches
	ofSingle = 500
	ofHost   = 800 // committed ones
)

// TestWatchMissesNothing follows the log from the start while 16 writers write through four logs. The events of a host's
// transaction have low numbers and become visible late: whoever follows by a number misses them.
func TestWatchMissesNothing(t *testing.T) {
	t.Parallel()
	rng, dsn := seeded(t), pgtest.DSN(t)
	logs := make([]*activitylog.Log, 4)
	for i := range logs {
		logs[i] = logOver(t, open(t, dsn, &postgres.Options{Migrate: i == 0, MaxConns: 6}), nil)
	}
	db := host(t, dsn)
	ofBulk := (watched - singles*ofSingle - hosts*ofHost) / inBulk
	p := &progress{all: inBulk * ofBulk}
	p.moved = sync.NewCond(&p.mu)
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)

	var naive naiveFollower
	written, naiveDone := make(chan struct{}), make(chan struct{})
	go func() { defer close(naiveDone); naive.follow(ctx, db, written) }()

	var writers sync.WaitGroup
	for i := range singles + hosts + inBulk {
		log, seed := logs[i%4], rng.Uint64()
		writers.Go(func() {
			var err error
			switch rng := rand.New(rand.NewPCG(seed, 0)); {
			case i < singles:
				err = recordSingles(ctx, log)
			case i < singles+hosts:
				err = recordInTransactions(ctx, log, db, p, rng)
			default:
				err = recordInBulk(ctx, log, p, ofBulk, rng)
			}
			if err != nil {
				fail(err)
			}
		})
	}
	go func() {
		writers.Wait()
		close(written)
		time.AfterFunc(time.Minute, func() { fail(errors.New("nothing more was written for a minute")) })
	}()

	seen := map[uuid.UUID]bool{}
	var last, late activitylog.Position
	for tailed, err := range logs[0].Watch(ctx, "", activitylog.Filter{}) {
		if err != nil {
			t.Fatalf("after %d of %d events: %v: %v", len(seen), watched, err, context.Cause(ctx))
		}
		if seen[tailed.Event.ID] {
			t.Fatalf("event %s came twice", tailed.Event.ID)
		}
		if tailed.Event.Message == "undone" {
			t.Fatal("an event came of a transaction that was rolled back")
		}
		seen[tailed.Event.ID], last = true, tailed.Position
		if len(seen) == watched-1000 {
			late = tailed.Position
		}
		if len(seen) == watched {
			break
		}
	}
	writers.Wait()
	for _, from := range []struct {
		after activitylog.Position
		want  int
	}{{last, 0}, {late, 1000}} {
		rest, _, err := logs[1].Tail(ctx, from.after, 2000)
		require.NoError(t, err)
		if len(rest) != from.want {
			t.Errorf("behind a position come %d events instead of %d", len(rest), from.want)
		}
	}
	<-naiveDone
	require.NoError(t, naive.err)
	if naive.seen >= watched {
		t.Errorf("a follower by numbers saw all %d events too: this test could not see a miss", naive.seen)
	}
	t.Logf("%d of %d events watched; a naive follower would have missed %d", len(seen), watched, watched-naive.seen)
}

func recordSingles(ctx context.Context, log *activitylog.Log) error {
	for range ofSingle {
		if _, err := log.Record(ctx, event("single")); err != nil {
			return err
		}
	}
	return nil
}

func recordInBulk(ctx context.Context, log *activitylog.Log, p *progress, n int, rng *rand.Rand) error {
	for n > 0 {
		batch := events(fmt.Sprint("org", rng.IntN(5)), "bulk", min(n, 20+rng.IntN(31)))
		if _, err := log.RecordAll(ctx, batch); err != nil {
			return err
		}
		n -= len(batch)
		p.add(len(batch))
	}
	return nil
}

// recordInTransactions lets others overtake each of its transactions before the end, and takes every fourth back.
func recordInTransactions(ctx context.Context, log *activitylog.Log, db *sql.DB, p *progress, rng *rand.Rand) error {
	const perTx = 40
	for left, n := ofHost/perTx, 0; left > 0; n++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		undo := n%4 == 3
		for range perTx {
			e := event("in a transaction")
			if undo {
				e.Message = "undone"
			}
			if _, err := log.RecordTx(ctx, tx, e); err != nil {
				return err
			}
		}
		p.overtaken(rng.IntN(3000))
		if undo {
			err = tx.Rollback()
		} else {
			err = tx.Commit()
			left--
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// naiveFollower goes on from the highest number it has seen, which is what must not be done.
type naiveFollower struct {
	seen int
	err  error
}

func (f *naiveFollower) follow(ctx context.Context, db *sql.DB, written <-chan struct{}) {
	last := "0"
	for {
		over := false
		select {
		case <-written:
			over = true
		default:
		}
		var n int
		f.err = db.QueryRowContext(ctx, `SELECT count(*), coalesce(max(xact), $1::xid8)::text FROM activitylog_events
			WHERE xact > $1::xid8`, last).Scan(&n, &last)
		f.seen += n
		if f.err != nil || over {
			return
		}
	}
}
