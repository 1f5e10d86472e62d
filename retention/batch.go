package retention

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

const (
	// lookAhead is how many events that are due are read at once. They are looked at again before they go.
	lookAhead = 2000
	// lookPast is how many that stay are read before others get their time: between those that go there may be millions.
	lookPast = 20_000
	// Batches grow and shrink by how long they take, but no further than this: the wait for a disk or for other writers
	// does not get shorter with them.
	firstBatch = 64
	leastBatch = 64
	// longestTurn is how long a decision may have to wait for the steps of a purge.
	longestTurn = time.Second
)

// batches removes what is due in small transactions, oldest first.
func (p *purge) batches(ctx context.Context) error {
	var after *activitylog.Key
	for p.report.Deleted < p.plan.Events { // else all of them are gone, and looking on would find none
		events, next, err := p.look(ctx, after)
		if len(events) == 0 && err == nil {
			err = p.rest(ctx, p.debt)
		}
		for len(events) > 0 && err == nil {
			if events, err = p.slice(ctx, events); err == nil {
				err = p.rest(ctx, max(p.debt, courtesy))
			}
		}
		switch {
		case errors.Is(err, errOthers): // look again
		case err != nil || next == nil:
			return err
		default:
			after = next
		}
	}
	return nil
}

// errOthers means that somebody else had a turn since events were looked at, and may have removed some.
var errOthers = errors.New("others had a turn")

// look reads on behind a place. It returns what is due there, oldest first, and the place that it came to, or nil where
// nothing else can be due: what was planned lies between two moments, and what stays may lie before them for years.
func (p *purge) look(ctx context.Context, after *activitylog.Key) (events []activitylog.Event, next *activitylog.Key, err error) {
	if p.turn, err = p.k.turn.last(ctx); err != nil {
		return nil, nil, err
	}
	began := time.Now()
	defer func() { p.owe(time.Since(began)) }()
	oldest, newest := p.plan.span()
	q := activitylog.StoreQuery{
		Org: p.org, Filter: p.judge.candidates().And(activitylog.Since(oldest)), Order: activitylog.Oldest, After: after, Examine: lookPast,
	}
	looked := 0
	for e, err := range p.k.store.Scan(ctx, q) {
		var far *activitylog.ExamineLimitError
		switch {
		case errors.As(err, &far):
			next = &far.At
		case err != nil:
			return nil, nil, err
		case p.judge.means(&e):
			events = append(events, e)
		}
		if looked++; err == nil && (len(events) == lookAhead || looked == lookPast) {
			key := activitylog.KeyOf(&e)
			next = &key
			break
		}
	}
	if next != nil && next.Time.After(newest) {
		next = nil
	}
	return events, next, nil
}

// slice removes as much of events as fits into one turn, and returns what is left.
func (p *purge) slice(ctx context.Context, events []activitylog.Event) (left []activitylog.Event, err error) {
	t, err := p.k.turn.take(ctx)
	if err != nil {
		return events, err
	}
	defer func() { err = t.end(ctx, false, err) }()
	within, cancel := context.WithDeadline(ctx, t.deadline) // nothing is deleted without the lease
	defer cancel()
	if err := p.refresh(within, t); err != nil {
		return events, err
	}
	if p.k.turn.space != nil && t.number != p.turn+1 {
		return events, errOthers
	}
	p.turn = t.number
	events = slices.DeleteFunc(events, func(e activitylog.Event) bool { return !p.judge.means(&e) })
	for end := time.Now().Add(min(p.k.turn.lease/5, longestTurn)); len(events) > 0 && time.Now().Before(end); {
		n := min(p.size, len(events))
		if err := p.batch(within, events[:n]); err != nil {
			if within.Err() == nil || ctx.Err() != nil {
				return events, err
			}
			return events, p.tooSlow(err)
		}
		p.slow, events = 0, events[n:]
		if err := p.rest(ctx, min(p.debt, time.Until(end))); err != nil {
			return events, err
		}
	}
	return events, nil
}

// tooSlow makes batches smaller when one outlasted the lease and was undone. Again and again, that is an error.
func (p *purge) tooSlow(err error) error {
	p.size = max(1, p.size/4)
	if p.slow++; p.slow < mostSlow {
		return nil
	}
	return p.k.turn.tooSlow(err)
}

// refresh reads the rules and holds again if one may have changed.
func (p *purge) refresh(ctx context.Context, t *taken) error {
	if p.k.turn.space != nil && p.version == t.version {
		return nil
	}
	s, err := p.k.fold(ctx, p.org)
	if err == nil {
		p.state, p.version = s, t.version
		p.judge = newJudge(s, p.plan.At)
	}
	return err
}

// batch removes one batch.
func (p *purge) batch(ctx context.Context, events []activitylog.Event) error {
	if p.o.Archive != "" {
		if err := p.save(ctx, events); err != nil {
			return err
		}
	}
	took, err := p.remove(ctx, events)
	if err != nil {
		return err
	}
	p.report.Batches++
	p.told(events[len(events)-1].Time)
	switch {
	case took > p.o.Step:
		p.size = max(min(leastBatch, p.o.Batch), p.size/2)
	case took < p.o.Step/2 && len(events) == p.size:
		p.size = min(p.o.Batch, p.size+p.size/4+1)
	}
	p.owe(took)
	return nil
}

// owe notes that there was work, so that it makes up no more than the load.
func (p *purge) owe(took time.Duration) {
	p.debt += time.Duration(float64(took) * (1/p.o.Load - 1))
}

// rest waits for a part of what is owed.
func (p *purge) rest(ctx context.Context, d time.Duration) error {
	p.debt = max(0, p.debt-max(0, d))
	return pause(ctx, d)
}

// keyPruner is a store that deletes events that were looked at already, of several organizations in one transaction.
type keyPruner interface {
	PruneKeys(ctx context.Context, keys []activitylog.Key) (deleted int, held time.Duration, err error)
}

// remove deletes events and returns how long others may have waited for it. Waiting for them is no load.
func (p *purge) remove(ctx context.Context, events []activitylog.Event) (held time.Duration, err error) {
	if store, ok := p.k.store.(keyPruner); ok {
		keys := make([]activitylog.Key, len(events))
		for i := range events {
			keys[i] = activitylog.KeyOf(&events[i])
		}
		n, held, err := store.PruneKeys(ctx, keys)
		if err != nil {
			return 0, err
		}
		p.report.Deleted += int64(n)
		for i := range events {
			p.count(events[i].Org, 1)
		}
		return held, nil
	}
	// An id belongs to its organization, so that one is asked after the other.
	byOrg := map[string][]uuid.UUID{}
	for i := range events {
		byOrg[events[i].Org] = append(byOrg[events[i].Org], events[i].ID)
	}
	began := time.Now()
	for org, ids := range byOrg {
		n, err := p.pruner.Prune(ctx, activitylog.StoreQuery{Org: org, Filter: activitylog.IDIs(ids...)}, len(ids))
		if err != nil {
			return 0, err
		}
		p.report.Deleted += int64(n)
		p.count(org, int64(n))
	}
	return time.Since(began), nil
}

// count counts what went from one organization.
func (p *purge) count(org string, n int64) {
	if x := p.ops[org]; x != nil {
		x.deleted += n
	}
}
