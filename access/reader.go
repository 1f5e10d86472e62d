package access

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Reader reads what a grant covers and records that it did, before anything is returned. Its methods have the meaning
// of those of activitylog.Reader. It is a small value and safe for concurrent use.
type Reader struct {
	guard *Guard
	grant Grant
	base  activitylog.Reader
	about activitylog.Filter
	whole bool // whether all readings are one view, of what it is about
	err   error
}

// About returns a reader of the events that f means, whose readings together are one view of them: a page, its count and
// its figures are recorded once, and so is each narrower look at what the page shows.
func (r Reader) About(f activitylog.Filter) Reader {
	r.about, r.whole = r.about.And(f), true
	return r
}

// reading is one with the filter f.
func (r Reader) reading(how string, f activitylog.Filter) reading {
	if !r.whole {
		return reading{filter: f, how: how}
	}
	return reading{filter: r.about, within: f, how: how}
}

// open checks the rights of a reading, records it and returns the event that stands for it.
func (r Reader) open(ctx context.Context, a reading) (uuid.UUID, error) {
	if r.err != nil {
		return uuid.Nil, r.err
	}
	if err := r.may(a, View); err != nil {
		return uuid.Nil, r.guard.refused(ctx, r.grant, "audit.view", a, err)
	}
	return r.guard.viewed(ctx, r.grant, a)
}

// may tells what forbids a reading.
func (r Reader) may(a reading, rights Right) error {
	if err := r.grant.need(rights, true); err != nil {
		return err
	}
	if field, _ := asks(a.filter.And(a.within).Expr()); field != "" && r.hides() {
		return secretive(field)
	}
	return nil
}

func (r Reader) hides() bool { return r.grant.rights&ViewSensitive == 0 }

// narrowed is f within the grant and what the reader is about.
func (r Reader) narrowed(f activitylog.Filter) activitylog.Filter {
	return r.grant.within().And(r.about, f)
}

// shown makes e what the reader may see of it, and tells whether f means that.
func (r Reader) shown(e *activitylog.Event, f activitylog.Filter) bool {
	if !r.hides() {
		return true
	}
	Hide(e)
	f = r.about.And(f)
	_, text := asks(f.Expr())
	return !text || f.Match(e)
}

// searches tells whether f, or what the reader is about, holds free text that is to be found only where it is shown.
func (r Reader) searches(f activitylog.Filter) bool {
	_, text := asks(r.about.And(f).Expr())
	return text && r.hides()
}

// Get opens one event. What the grant does not cover is not found.
func (r Reader) Get(ctx context.Context, id uuid.UUID) (activitylog.Event, error) {
	if _, err := r.open(ctx, reading{how: "event", event: id}); err != nil {
		return activitylog.Event{}, err
	}
	for e, err := range r.base.Events(ctx, activitylog.Query{Filter: r.narrowed(activitylog.IDIs(id)), Limit: 1}) {
		if err != nil {
			return activitylog.Event{}, fmt.Errorf("access: %w", err)
		}
		if r.shown(&e, activitylog.Filter{}) {
			return e, nil
		}
	}
	return activitylog.Event{}, fmt.Errorf("access: event %s: %w", id, activitylog.ErrNotFound)
}

// Page returns one page. A search by free text without the right ViewSensitive leaves out matches that it does not show,
// so that such a page may be short although Next goes on.
func (r Reader) Page(ctx context.Context, q activitylog.Query) (activitylog.Page, error) {
	own, err := r.open(ctx, r.reading("page", q.Filter))
	if err != nil {
		return activitylog.Page{}, err
	}
	asked := q.Filter
	q.Filter = r.narrowed(q.Filter)
	page, err := r.base.Page(ctx, q)
	if err != nil {
		return activitylog.Page{}, fmt.Errorf("access: %w", err)
	}
	kept := page.Events[:0]
	for _, e := range page.Events {
		if e.ID != own && r.shown(&e, asked) {
			kept = append(kept, e)
		}
	}
	page.Events = kept
	if r.searches(asked) && !page.Next.IsZero() {
		// That something follows must not tell that something is hidden.
		q.Cursor, q.Limit = page.Next, 0
		more, err := r.anyShown(ctx, q, asked)
		if err != nil {
			return activitylog.Page{}, err
		}
		if !more {
			page.Next = activitylog.Cursor{}
		}
	}
	return page, nil
}

// anyShown tells whether there is an event in q that the reader may find by what was asked.
func (r Reader) anyShown(ctx context.Context, q activitylog.Query, asked activitylog.Filter) (bool, error) {
	for e, err := range r.base.Events(ctx, q) {
		if err != nil {
			return false, fmt.Errorf("access: %w", err)
		}
		if r.shown(&e, asked) {
			return true, nil
		}
	}
	return false, nil
}

// Events yields the events of a query. It is a view, for lists that a person sees; bulk goes through Export.
func (r Reader) Events(ctx context.Context, q activitylog.Query) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		own, err := r.open(ctx, r.reading("events", q.Filter))
		if err != nil {
			yield(activitylog.Event{}, err)
			return
		}
		r.events(ctx, q, own)(yield)
	}
}

// events yields what the reader sees of a query, at most q.Limit of it, without the record of this reading.
func (r Reader) events(ctx context.Context, q activitylog.Query, own uuid.UUID) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		asked, left := q.Filter, q.Limit
		if q.Limit > 0 {
			q.Limit = 0 // of the store, since some may be left out
		}
		q.Filter = r.narrowed(q.Filter)
		for e, err := range r.base.Events(ctx, q) {
			if err != nil {
				yield(activitylog.Event{}, fmt.Errorf("access: %w", err))
				return
			}
			if e.ID == own || !r.shown(&e, asked) {
				continue
			}
			if !yield(e, nil) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// Count returns how many events the filter means, at most limit (0: no limit).
func (r Reader) Count(ctx context.Context, f activitylog.Filter, limit int64) (int64, error) {
	own, err := r.open(ctx, r.reading("count", f))
	if err != nil {
		return 0, err
	}
	if limit < 0 {
		return 0, fmt.Errorf("access: %w: limit %d of a count is negative", activitylog.ErrInvalid, limit)
	}
	if r.searches(f) {
		var n int64
		for _, err := range r.events(ctx, activitylog.Query{Filter: f, Limit: int(limit)}, own) {
			if err != nil {
				return 0, err
			}
			n++
		}
		return n, nil
	}
	most := limit
	if limit > 0 {
		most++ // for the record of this reading
	}
	n, err := r.base.Count(ctx, r.narrowed(f), most)
	if err != nil {
		return 0, fmt.Errorf("access: %w", err)
	}
	mine, err := r.base.Count(ctx, r.narrowed(f).And(activitylog.IDIs(own)), 1)
	if err != nil {
		return 0, fmt.Errorf("access: %w", err)
	}
	if n -= mine; limit > 0 {
		n = min(n, limit)
	}
	return n, nil
}

// Aggregate yields figures. Without the right ViewSensitive they cannot be over addresses, sessions or free text.
func (r Reader) Aggregate(ctx context.Context, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error] {
	return func(yield func(activitylog.Bucket, error) bool) {
		own, err := r.open(ctx, r.reading("figures", a.Filter))
		if err == nil && r.hides() {
			if i := slices.IndexFunc(a.By, func(f string) bool { return hiddenFields[f] }); i >= 0 {
				err = secretive(a.By[i])
			} else if r.searches(a.Filter) {
				err = secretive("free text")
			}
		}
		if err != nil {
			yield(activitylog.Bucket{}, err)
			return
		}
		a.Filter = r.narrowed(a.Filter).And(activitylog.Not(activitylog.IDIs(own)))
		for b, err := range r.base.Aggregate(ctx, a) {
			if err != nil {
				err = fmt.Errorf("access: %w", err)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// Watch follows what the grant covers. It is recorded once, when it begins.
func (r Reader) Watch(ctx context.Context, after activitylog.Position, f activitylog.Filter) iter.Seq2[activitylog.Tailed, error] {
	return func(yield func(activitylog.Tailed, error) bool) {
		sees, err := r.Follow(ctx, f)
		if err != nil {
			yield(activitylog.Tailed{}, err)
			return
		}
		for t, err := range r.base.Watch(ctx, after, r.narrowed(f)) {
			if err != nil {
				if !errors.Is(err, ctx.Err()) {
					err = fmt.Errorf("access: %w", err)
				}
				yield(activitylog.Tailed{}, err)
				return
			}
			if !sees(&t.Event) {
				continue
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}

// Follow is Watch for whoever follows the log once for many readers: it checks and records the same, and returns what
// tells of any event whether this reader sees it, and then makes it what they see. The event is a copy of the caller's
// own; what it points to stays as it is.
func (r Reader) Follow(ctx context.Context, f activitylog.Filter) (sees func(*activitylog.Event) bool, err error) {
	own, err := r.open(ctx, r.reading("watch", f))
	if err != nil {
		return nil, err
	}
	whole := r.narrowed(f)
	return func(e *activitylog.Event) bool {
		inside := r.grant.scope.kind == "platform" || e.Org == r.grant.scope.org
		return inside && e.ID != own && whole.Match(e) && r.shown(e, f)
	}, nil
}
