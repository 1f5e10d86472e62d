package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/google/uuid"
)

// delivery is a notice on its way. It is put into the space together with the position behind its event, so that no
// notice is forgotten and none comes back once it was delivered.
type delivery struct {
	Org      string
	Decided  time.Time
	Attempts int
	After    time.Time // not before; while somebody tries, when others may
}

// givenUp is after which time a notice is no longer tried.
const givenUp = 7 * 24 * time.Hour

// due bounds how many notices one Deliver sends.
const due = 100

// noticeOf is the notice that an event of an alert decides, if it does.
func noticeOf(e *activitylog.Event) (n alerts.Notice, ok bool) {
	transition := map[string]alerts.Transition{decision.AlertOpen: alerts.Opened, decision.AlertReopen: alerts.Reopened, decision.AlertUpdate: alerts.Raised}[e.Action]
	if transition == "" || e.Backfill || e.Outcome != activitylog.Success {
		return n, false
	}
	note, ok := readNote(e)
	if !ok || !note.Notice || note.Finding == nil {
		return n, false
	}
	return alerts.Notice{ID: e.ID, Time: e.Time, Transition: transition, Org: e.Org, Finding: *note.Finding}, true
}

func deliveryKey(id uuid.UUID) []byte { return append([]byte{'n'}, id[:]...) }

func putDelivery(tx activitylog.SpaceTx, id uuid.UUID, d delivery) error {
	v, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return tx.Put(deliveryKey(id), v)
}

// Deliver sends the notices that are due, each until it is acknowledged by the Notifier or a week is over. It sends
// nothing without one.
func (m *Monitor) Deliver(ctx context.Context) error {
	ids, err := m.dueNotices(ctx)
	if err != nil {
		return fmt.Errorf("monitor: deliver: %w", err)
	}
	var errs []error
	for _, id := range ids {
		if err := m.deliver(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("monitor: deliver notice %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (m *Monitor) dueNotices(ctx context.Context) (ids []uuid.UUID, err error) {
	now := m.now()
	err = m.rollups.space.View(ctx, func(tx activitylog.SpaceTx) error {
		ids = nil
		for pair, err := range tx.Range([]byte{'n'}, []byte{'n' + 1}) {
			if err != nil {
				return err
			}
			var d delivery
			if err := json.Unmarshal(pair.Value, &d); err != nil {
				return err
			}
			if now.Before(d.After) || m.opts.Notifier == nil && now.Sub(d.Decided) < givenUp {
				continue
			}
			if ids = append(ids, uuid.UUID(pair.Key[1:])); len(ids) == due {
				return nil
			}
		}
		return nil
	})
	return ids, err
}

// deliver sends one notice, if nobody else does.
func (m *Monitor) deliver(ctx context.Context, id uuid.UUID) error {
	now := m.now()
	mine, err := m.claim(ctx, id, now)
	if err != nil || mine.Attempts == 0 {
		return err
	}
	e, err := m.log.Org(mine.Org).Get(ctx, id)
	if errors.Is(err, activitylog.ErrNotFound) || err == nil && now.Sub(mine.Decided) >= givenUp {
		return errors.Join(fmt.Errorf("given up after %d attempts", mine.Attempts-1), m.settle(ctx, id, mine, nil))
	}
	if err != nil {
		return err
	}
	n, ok := noticeOf(&e)
	if !ok {
		return m.settle(ctx, id, mine, nil)
	}
	attempt, cancel := context.WithTimeout(ctx, m.opts.NotifyTimeout)
	defer cancel()
	if err := m.opts.Notifier.Notify(attempt, n); err != nil {
		later := mine
		later.After = m.now().Add(backoff(id, mine.Attempts))
		return errors.Join(err, m.settle(context.WithoutCancel(ctx), id, mine, &later))
	}
	return m.settle(context.WithoutCancel(ctx), id, mine, nil)
}

// claim keeps others from sending a notice for as long as it may take, and returns how it stands then; no attempts mean
// that there is nothing to do.
func (m *Monitor) claim(ctx context.Context, id uuid.UUID, now time.Time) (mine delivery, err error) {
	err = m.rollups.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		mine = delivery{}
		v, ok, err := tx.Get(deliveryKey(id))
		if err != nil || !ok {
			return err
		}
		var d delivery
		if err := json.Unmarshal(v, &d); err != nil {
			return err
		}
		if now.Before(d.After) {
			return nil
		}
		d.Attempts++
		d.After = now.Add(2 * m.opts.NotifyTimeout)
		mine = d
		return putDelivery(tx, id, d)
	})
	return mine, err
}

// settle ends an attempt: the notice is delivered, or to be tried later. It leaves alone what another monitor claimed.
func (m *Monitor) settle(ctx context.Context, id uuid.UUID, mine delivery, later *delivery) error {
	return m.rollups.space.Update(ctx, func(tx activitylog.SpaceTx) error {
		v, ok, err := tx.Get(deliveryKey(id))
		if err != nil || !ok {
			return err
		}
		var d delivery
		if err := json.Unmarshal(v, &d); err != nil {
			return err
		}
		if later == nil {
			return tx.Delete(deliveryKey(id))
		}
		if d.Attempts != mine.Attempts {
			return nil
		}
		return putDelivery(tx, id, *later)
	})
}

// backoff is how long to wait after so many attempts: a minute, doubled each time, up to an hour, and up to a quarter
// more that differs from notice to notice, so that they do not come all at once.
func backoff(id uuid.UUID, attempts int) time.Duration {
	wait := min(time.Minute<<min(attempts-1, 10), time.Hour)
	return wait + wait/4*time.Duration(id[15])/256
}
