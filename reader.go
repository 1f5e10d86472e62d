package activitylog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// Reader reads the events of one organization, or of all. Its scope is part of it: no filter and no cursor widens it.
// It is a small value and safe for concurrent use.
type Reader struct {
	log *Log
	org string // empty: all organizations
	err error
}

// Org returns a reader for one organization. For an empty id its methods return an error that wraps ErrInvalid.
func (l *Log) Org(id string) Reader {
	id = cleanText(id)
	if id == "" {
		return Reader{log: l, err: invalid("a reader needs an organization; use AllOrgs to read all")}
	}
	return Reader{log: l, org: id}
}

// AllOrgs returns a reader over every organization, for platform admins and followers.
func (l *Log) AllOrgs() Reader { return Reader{log: l} }

func (r Reader) scope() string {
	if r.org == "" {
		return "all"
	}
	return "org " + r.org
}

func (r Reader) zone() *time.Location {
	if r.org != "" && r.log.opts.Zone != nil {
		if z := r.log.opts.Zone(r.org); z != nil {
			return z
		}
	}
	return time.UTC
}

// Get returns one event, or an error that wraps ErrNotFound. Over all organizations the first with that id counts.
func (r Reader) Get(ctx context.Context, id uuid.UUID) (Event, error) {
	if r.err != nil {
		return Event{}, r.err
	}
	for e, err := range r.log.store.Scan(ctx, StoreQuery{Org: r.org, Filter: IDIs(id), Limit: 1}) {
		if err != nil {
			return Event{}, fmt.Errorf("activitylog: get: %w", err)
		}
		return e, nil
	}
	return Event{}, fmt.Errorf("activitylog: event %s: %w", id, ErrNotFound)
}

// Page returns one page. Where no index serves the filter the store looks at a bounded number of rows: the page may
// then be short or empty although Next goes on; see Page.Examined.
func (r Reader) Page(ctx context.Context, q Query) (Page, error) {
	if r.err != nil {
		return Page{}, r.err
	}
	if q.Limit < 0 || q.Limit > maxPage {
		return Page{}, invalid("page of %d events; use 1 to %d", q.Limit, maxPage)
	}
	if err := r.check(q); err != nil {
		return Page{}, err
	}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	c := q.Cursor
	sq := StoreQuery{Org: r.org, Filter: q.Filter, Order: q.Order, Limit: q.Limit + 1, Examine: r.log.opts.Examine}
	if c.set {
		sq.After = &c.key
	}
	if c.backward {
		sq.Order = 1 - q.Order
	}
	events := make([]Event, 0, min(sq.Limit, 64))
	var stop *ExamineLimitError
	for e, err := range r.log.store.Scan(ctx, sq) {
		if errors.As(err, &stop) {
			break
		}
		if err != nil {
			return Page{}, fmt.Errorf("activitylog: page: %w", err)
		}
		events = append(events, e)
	}
	return r.page(q, events, stop), nil
}

// check refuses an order that there is not and a cursor of another query.
func (r Reader) check(q Query) error {
	if q.Order != Newest && q.Order != Oldest {
		return invalid("unknown order %d; use Newest or Oldest", q.Order)
	}
	if c := q.Cursor; c.set && c.sum != c.checksum(r.scope(), q) {
		return fmt.Errorf("activitylog: %w", ErrCursor)
	}
	return nil
}

// page turns what a scan gave, one event more than asked if there are more, into a page with its cursors.
func (r Reader) page(q Query, events []Event, stop *ExamineLimitError) Page {
	p := Page{Events: events}
	cursor := func(k Key, backward bool) Cursor {
		c := Cursor{key: k, backward: backward, set: true}
		c.sum = c.checksum(r.scope(), q)
		return c
	}
	var ahead Cursor // further in the direction of the scan
	back := q.Cursor.backward
	switch {
	case len(events) > q.Limit:
		p.Events = events[:q.Limit]
		ahead = cursor(KeyOf(&p.Events[q.Limit-1]), back)
	case stop != nil:
		p.Examined = stop.Examined
		ahead = cursor(stop.At, back)
	}
	var behind Cursor // where the scan came from
	switch {
	case !q.Cursor.set:
	case len(p.Events) > 0:
		behind = cursor(KeyOf(&p.Events[0]), !back)
	case stop != nil:
		behind = cursor(stop.At, !back) // not the place of q.Cursor, whose event would be skipped
	case (q.Order == Oldest) != back:
		behind = cursor(Key{Time: maxTime}, !back) // nothing lies ahead, so that all lies behind
	default:
		behind = cursor(Key{Time: minTime.Add(-time.Microsecond)}, !back)
	}
	p.Next, p.Prev = ahead, behind
	if back {
		p.Next, p.Prev = behind, ahead
		slices.Reverse(p.Events)
	}
	return p
}

// Events yields the events of a query in constant memory, all of them or the first q.Limit, from q.Cursor on. Events that
// are recorded meanwhile may or may not appear.
func (r Reader) Events(ctx context.Context, q Query) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if r.err != nil {
			yield(Event{}, r.err)
			return
		}
		if q.Limit < 0 || q.Cursor.backward {
			yield(Event{}, invalid("events go forward from a cursor, and their limit is not negative"))
			return
		}
		if err := r.check(q); err != nil {
			yield(Event{}, err)
			return
		}
		sq := StoreQuery{Org: r.org, Filter: q.Filter, Order: q.Order, Limit: q.Limit}
		if q.Cursor.set {
			sq.After = &q.Cursor.key
		}
		for e, err := range r.log.store.Scan(ctx, sq) {
			if err != nil {
				yield(Event{}, fmt.Errorf("activitylog: events: %w", err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Count returns how many events the filter means, at most limit (0: no limit): a result of limit means "limit or more".
func (r Reader) Count(ctx context.Context, f Filter, limit int64) (int64, error) {
	if r.err != nil {
		return 0, r.err
	}
	if limit < 0 {
		return 0, invalid("limit %d of a count is negative", limit)
	}
	q := StoreQuery{Org: r.org, Filter: f}
	if c := r.log.can.counter; c != nil {
		n, err := c.Count(ctx, q, limit)
		if err != nil {
			return 0, fmt.Errorf("activitylog: count: %w", err)
		}
		return n, nil
	}
	q.Limit = int(limit)
	var n int64
	for _, err := range r.log.store.Scan(ctx, q) {
		if err != nil {
			return 0, fmt.Errorf("activitylog: count: %w", err)
		}
		n++
	}
	return n, nil
}

// Watch follows the reader's scope: it yields every event that f means and that was committed behind after, exactly
// once each, in commit order, and waits for more until ctx ends, which it yields as the error. Tailed.Position resumes.
// The store must be able to be followed; see Tailer.
func (r Reader) Watch(ctx context.Context, after Position, f Filter) iter.Seq2[Tailed, error] {
	return func(yield func(Tailed, error) bool) {
		if r.err != nil {
			yield(Tailed{}, r.err)
			return
		}
		for t, err := range r.log.follow(ctx, after) {
			if err != nil {
				yield(Tailed{}, err)
				return
			}
			if r.org != "" && t.Event.Org != r.org || !f.Match(&t.Event) {
				continue
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}
