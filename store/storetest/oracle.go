package storetest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"time"

	"github.com/activitylog/activitylog"
)

var orders = []activitylog.Order{activitylog.Newest, activitylog.Oldest}

// oracle is the truth that stores are held to: the plain list of all events, oldest first, read by Filter.Match. It is
// a Store itself, without any capability, so that a Log can work on it. It is not safe for writing concurrently.
type oracle struct{ events []activitylog.Event }

func list(events ...activitylog.Event) oracle {
	var o oracle
	o.add(events...)
	return o
}

// add puts copies of events in their places.
func (o *oracle) add(events ...activitylog.Event) {
	o.events = slices.Clone(o.events) // a copy of the oracle keeps what it has
	for i := range events {
		o.events = append(o.events, events[i].Clone())
	}
	sort.SliceStable(o.events, func(i, j int) bool {
		return activitylog.KeyOf(&o.events[i]).Compare(activitylog.KeyOf(&o.events[j])) < 0
	})
}

// Append implements activitylog.Store for new events.
func (o *oracle) Append(_ context.Context, events []activitylog.Event) error {
	o.add(events...)
	return nil
}

// Scan implements activitylog.Store.
func (o *oracle) Scan(_ context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		for _, e := range o.selected(q) {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// selected is what a query means.
func (o oracle) selected(q activitylog.StoreQuery) []activitylog.Event {
	var found []activitylog.Event
	for i := range o.events {
		e := &o.events[i]
		if q.Order == activitylog.Newest {
			e = &o.events[len(o.events)-1-i]
		}
		if q.Org != "" && e.Org != q.Org || q.After != nil && !behind(activitylog.KeyOf(e), *q.After, q.Order) {
			continue
		}
		if q.Filter.Match(e) {
			if found = append(found, *e); len(found) == q.Limit {
				break
			}
		}
	}
	return found
}

// behind tells whether k comes strictly after place in an order.
func behind(k, place activitylog.Key, order activitylog.Order) bool {
	if order == activitylog.Oldest {
		return k.Compare(place) > 0
	}
	return k.Compare(place) < 0
}

// remove takes out the events that f means and returns how many.
func (o *oracle) remove(f func(e *activitylog.Event) bool) int {
	before := len(o.events)
	o.events = slices.DeleteFunc(slices.Clone(o.events), func(e activitylog.Event) bool { return f(&e) })
	return before - len(o.events)
}

// replace puts an event in place of the one with its key.
func (o *oracle) replace(events ...activitylog.Event) {
	o.events = slices.Clone(o.events)
	for _, e := range events {
		for i := range o.events {
			if activitylog.KeyOf(&o.events[i]) == activitylog.KeyOf(&e) {
				o.events[i] = e
			}
		}
	}
}

// describe says what a query asks for.
func describe(q activitylog.StoreQuery) string {
	text := q.Filter.String()
	if len(text) > 500 {
		text = fmt.Sprintf("%s… (%d bytes)", text[:500], len(text))
	}
	text = "filter {" + text + "}, "
	if q.Org != "" {
		text += fmt.Sprintf("org %q, ", q.Org)
	}
	text += [...]string{"newest first", "oldest first"}[q.Order]
	if q.After != nil {
		text += fmt.Sprintf(", after %s %s %q", q.After.Time.Format(time.RFC3339Nano), q.After.ID, q.After.Org)
	}
	if q.Limit > 0 {
		text += fmt.Sprintf(", limit %d", q.Limit)
	}
	return text
}
