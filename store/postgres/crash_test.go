package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// crew is a number of callers that record over and over while their server crashes, and what they were told.
type crew struct {
	mu      sync.Mutex
	acked   []uuid.UUID // nil error
	failed  []uuid.UUID // an error that says that the event is not stored
	unknown int         // ErrOutcomeUnknown, each repeated until it was acknowledged
	enough  int         // how many more acknowledgements the server lives
	crash   chan struct{}
	up      chan struct{} // closed while the server answers
}

// noteAck notes an acknowledged event and says when the server is to crash.
func (c *crew) noteAck(id uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked = append(c.acked, id)
	if c.enough--; c.enough == 0 {
		close(c.crash)
	}
}

// down keeps the callers from a server that is gone. They go on until then, so that its end meets them at work.
func (c *crew) down() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.up = make(chan struct{})
}

// live lets the server live for n acknowledgements and returns what is closed then.
func (c *crew) live(n int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enough, c.crash = n, make(chan struct{})
	close(c.up)
	return c.crash
}

// wait waits until the server is up, so that the callers do not keep the processor from its recovery.
func (c *crew) wait() {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	<-up
}

// work records until ctx ends. What may be stored is recorded again under its id.
func (c *crew) work(ctx context.Context, log *activitylog.Log) {
	for ctx.Err() == nil {
		e := event("evacuation")
		for {
			c.wait()
			id, err := log.Record(ctx, e)
			if err == nil {
				c.noteAck(id)
				break
			}
			c.mu.Lock()
			unknown := errors.Is(err, activitylog.ErrOutcomeUnknown)
			if unknown {
				c.unknown++
			} else if e.ID == uuid.Nil {
				c.failed = append(c.failed, id)
			}
			c.mu.Unlock()
			if !unknown && e.ID == uuid.Nil {
				break
			}
			e.ID = id
		}
	}
}

// TestServerCrash kills the server under 16 callers: what was acknowledged is there once, what was refused is not.
func TestServerCrash(t *testing.T) {
	t.Parallel()
	rng, server := seeded(t), pgtest.Dedicated(t)
	c := &crew{up: make(chan struct{})}
	crashes := often(5)
	ctx, stop := context.WithCancel(t.Context())
	crash := c.live(1 + rng.IntN(500))
	var callers sync.WaitGroup
	for range 4 { // several commits at once
		log := logOver(t, open(t, server.DSN(), nil), nil)
		for range 4 {
			callers.Go(func() { c.work(ctx, log) })
		}
	}
	for range crashes {
		<-crash
		require.NoError(t, server.Kill())
		c.down()
		require.NoError(t, server.Restart(t.Context()))
		crash = c.live(1 + rng.IntN(500))
	}
	<-crash
	stop()
	callers.Wait()

	db := host(t, server.DSN())
	const stored = "SELECT count(*) FROM activitylog_events WHERE id = ANY($1::uuid[])"
	if n := one[int](t, db, stored, pq.Array(c.acked)); n != len(c.acked) {
		t.Errorf("%d of %d acknowledged events are stored", n, len(c.acked))
	}
	if n := one[int](t, db, stored, pq.Array(c.failed)); n > 0 {
		t.Errorf("%d of %d events are stored although their error said that they are not", n, len(c.failed))
	}
	if n := one[int](t, db, "SELECT count(*) FROM activitylog_events"); n != len(c.acked) {
		t.Errorf("%d events are stored, %d were acknowledged", n, len(c.acked))
	}
	if len(c.failed)+c.unknown == 0 {
		t.Error("no caller got an error")
	}
	t.Logf("%d crashes, %d events acknowledged, %d refused, %d of unknown outcome and recorded again",
		crashes, len(c.acked), len(c.failed), c.unknown)
}
