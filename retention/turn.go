package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// turn lets one do something at a time: the steps of purges and the decisions that they go by. Over several processes it
// is a lease in a space, so that one who died cannot keep it.
type turn struct {
	space  activitylog.Space // nil: within this process
	now    func() time.Time
	lease  time.Duration
	inside chan struct{} // one place: the turn within this process
}

// taken is a turn that somebody has.
type taken struct {
	turn     *turn
	owner    uuid.UUID
	deadline time.Time // by the clock of the machine: what goes on for longer must be undone
	number   int64
	version  int64 // of the decisions
}

// leaseState is what stands in the space.
type leaseState struct {
	Owner   uuid.UUID `json:"owner"`
	Until   time.Time `json:"until"`
	Number  int64     `json:"number"`  // grows with each turn
	Version int64     `json:"version"` // grows with each decision
}

var leaseKey = []byte("lease")

const (
	poll     = 10 * time.Millisecond // how often a lease is asked for
	courtesy = 3 * poll              // for which a purge leaves it free between two turns, so that decisions come in
)

// take waits for the turn.
func (t *turn) take(ctx context.Context) (*taken, error) {
	select {
	case t.inside <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	x := &taken{turn: t, owner: uuid.New()}
	for {
		ok, err := x.try(ctx)
		if ok {
			return x, nil
		}
		if err == nil {
			err = pause(ctx, poll)
		}
		if err != nil {
			<-t.inside
			return nil, err
		}
	}
}

// try takes the lease if it is free.
func (x *taken) try(ctx context.Context) (ok bool, err error) {
	x.deadline = time.Now().Add(x.turn.lease / 2)
	if x.turn.space == nil {
		return true, nil
	}
	err = x.turn.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		ok = false
		s, err := readLease(tx)
		if err != nil {
			return err
		}
		now := x.turn.now()
		if s.Owner != uuid.Nil && now.Before(s.Until) && s.Until.Before(now.Add(2*x.turn.lease)) { // not one by a clock far ahead
			return nil
		}
		ok = true
		x.number, x.version = s.Number+1, s.Version
		return writeLease(tx, leaseState{x.owner, now.Add(x.turn.lease), x.number, x.version})
	})
	return ok && err == nil, err
}

// last returns the number of the last turn that is over: what is seen from now on is as that one left it, if the next to
// be taken follows it.
func (t *turn) last(ctx context.Context) (n int64, err error) {
	if t.space == nil {
		return 0, nil
	}
	err = t.space.View(ctx, func(tx activitylog.SpaceTx) error {
		s, err := readLease(tx)
		if n = s.Number; s.Owner != uuid.Nil {
			n-- // it may still remove something
		}
		return err
	})
	return n, err
}

// version is that of the decisions. Without a space nobody counts them.
func (t *turn) version(ctx context.Context) (v int64, err error) {
	if t.space == nil {
		return 0, nil
	}
	err = t.space.View(ctx, func(tx activitylog.SpaceTx) error {
		s, err := readLease(tx)
		v = s.Version
		return err
	})
	return v, err
}

// end gives the turn to others; decided tells that what purges go by has changed. It returns err, or else its own error.
func (x *taken) end(ctx context.Context, decided bool, err error) error {
	defer func() { <-x.turn.inside }()
	if x.turn.space == nil {
		return err
	}
	ending := x.turn.space.Update(context.WithoutCancel(ctx), func(tx activitylog.SpaceTx) error {
		s, err := readLease(tx)
		if err != nil {
			return err
		}
		if decided {
			s.Version++
		}
		if s.Owner == x.owner {
			s.Owner = uuid.Nil
		}
		return writeLease(tx, s)
	})
	return errors.Join(err, ending)
}

func readLease(tx activitylog.SpaceTx) (s leaseState, err error) {
	b, ok, err := tx.Get(leaseKey)
	if !ok || err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

func writeLease(tx activitylog.SpaceTx, s leaseState) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return tx.Put(leaseKey, b)
}

// mostSlow is how many steps in a row may outlast the lease.
const mostSlow = 5

// tooSlow is the error of who outlasted it that often.
func (t *turn) tooSlow(err error) error {
	return fmt.Errorf("the store is too slow for a lease of %v: %w", t.lease, err)
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
