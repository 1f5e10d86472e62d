package activitylog

import (
	"time"

	"github.com/google/uuid"
)

// Order is the order of events for people: by Time, then by ID.
type Order int

// The orders.
const (
	Newest Order = iota // newest first
	Oldest              // oldest first
)

// Query asks a Reader for events. The zero value asks for the newest page of everything in scope.
type Query struct {
	Filter Filter
	Order  Order
	Limit  int    // events per page: 0 means 50, at most 1000; for Events: 0 means all
	Cursor Cursor // from Page.Next or Page.Prev of the same filter, order and scope; zero: the first page
}

// Page is one page of a query, always in the order of the query.
type Page struct {
	Events   []Event
	Next     Cursor // zero: nothing follows
	Prev     Cursor // zero: nothing comes before
	Examined int    // rows that the store looked at and gave up on; > 0 means that the page may be short although more follows
}

// Key is the place of an event in the order for people. Org decides last and only between organizations.
type Key struct {
	Time time.Time
	ID   uuid.UUID
	Org  string
}

// KeyOf returns the place of e.
func KeyOf(e *Event) Key { return Key{Time: e.Time, ID: e.ID, Org: e.Org} }

// Compare is negative when k comes before o, oldest first.
func (k Key) Compare(o Key) int {
	if c := k.Time.Compare(o.Time); c != 0 {
		return c
	}
	for i := range k.ID {
		if k.ID[i] != o.ID[i] {
			return int(k.ID[i]) - int(o.ID[i])
		}
	}
	switch {
	case k.Org < o.Org:
		return -1
	case k.Org > o.Org:
		return 1
	}
	return 0
}
