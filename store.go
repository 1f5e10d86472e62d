package activitylog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
)

// Store is all that a backend must do. Package storetest checks every "must" below.
//
// The Log hands over events that are cleaned, complete and in UTC microseconds, and times out by the context, which a
// store must honour while it waits. A store must be safe for concurrent use and must not keep or change what it is given.
type Store interface {
	// Append must store all events or none and return nil only when they are durable. An event whose (Org, ID) exists
	// must be skipped if Event.SameContent holds, and must fail the whole call with a ConflictError if it does not.
	// An error that leaves open whether the events were stored must wrap ErrOutcomeUnknown.
	Append(ctx context.Context, events []Event) error

	// Scan must yield exactly the events that q selects, in q.Order, strictly after q.After: (event, nil) any number of
	// times, or one (zero, err) and then stop. It must hold no lock, transaction or connection while the caller's loop
	// body runs. With q.Examine > 0 a store may give up after about that many rows that did not match: it then
	// yields one *ExamineLimitError and stops.
	Scan(ctx context.Context, q StoreQuery) iter.Seq2[Event, error]
}

// StoreQuery is a query within one scope, as a Reader hands it to a Store.
type StoreQuery struct {
	Org     string // the scope; empty: all organizations
	Filter  Filter
	Order   Order
	After   *Key // nil: from the start
	Limit   int  // 0: all
	Examine int  // 0: no bound
}

// ExamineLimitError ends a Scan that looked at too many rows without a match. A Scan after At continues it.
type ExamineLimitError struct {
	At       Key
	Examined int
}

func (e *ExamineLimitError) Error() string {
	return fmt.Sprintf("gave up after %d rows without a match", e.Examined)
}

// Tx is a transaction of the host: *sql.Tx, or a *sql.Conn in one.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// TxAppender is a store that can append inside the host's transaction, with the meaning of Append.
type TxAppender interface {
	AppendTx(ctx context.Context, tx Tx, events []Event) error
}

// Counter is a store that counts what Scan would yield, up to limit (0: no limit), ignoring After, Limit and Order.
type Counter interface {
	Count(ctx context.Context, q StoreQuery, limit int64) (int64, error)
}

// Aggregator is a store that aggregates faster than by reading every event. It may yield several buckets with
// the same Values and Start; the Reader adds them up. Where a.Step is set, Start must be a whole quarter-hour of UTC.
type Aggregator interface {
	Aggregate(ctx context.Context, org string, a Aggregation) iter.Seq2[Bucket, error]
}

// Pruner is a store that deletes the first limit events that Scan would yield, with all that the store derived from them.
type Pruner interface {
	Prune(ctx context.Context, q StoreQuery, limit int) (deleted int, err error)
}

// Eraser is a store that applies Parts.Erase to at most q.Limit events that Scan would yield, in one transaction.
type Eraser interface {
	Erase(ctx context.Context, q StoreQuery, parts Parts) (erased int, err error)
}

// Position is a place in the order in which events became visible to followers. It is opaque; the zero value is the start.
type Position string

// End is the position behind everything that is visible now.
const End Position = "end"

// Tailed is an event and the position right behind it.
type Tailed struct {
	Event    Event
	Position Position
}

// Tailer is a store that can be followed. Tail returns up to limit events after a position, none twice and none
// skipped under any number of concurrent writers, and the position to go on from even when there is no event.
// Pruned events may be missing. After End it returns no event and the position of the end.
type Tailer interface {
	Tail(ctx context.Context, after Position, limit int) (events []Tailed, next Position, err error)
}

// briefTailer is a Tailer that can read less of each event. TailBrief must call f with at least the parts of what Tail
// returns that Event.UnmarshalBrief reads: with more where more tells so of an event, which is asked once Org, Category,
// Action and Outcome are set. It returns the position to go on from. The event holds until f returns; what it points to
// holds longer. f must not use the store.
type briefTailer interface {
	TailBrief(ctx context.Context, after Position, limit int, more func(*Event) bool, f func(*Event, Position)) (next Position, err error)
}

// Spacer is a store that keeps computed state in named spaces: ordered key-value tables, each with its own transactions.
type Spacer interface {
	Space(name string) Space
}

// Space is one ordered key-value table.
type Space interface {
	// Update runs f in a transaction; updates of one space never overlap. An error of f rolls back. f may run again
	// after a serialization failure and must not use the space or the log otherwise.
	Update(ctx context.Context, f func(SpaceTx) error) error
	// View runs f over one consistent state.
	View(ctx context.Context, f func(SpaceTx) error) error
}

// SpaceTx reads and writes one Space inside Update, and reads inside View. Keys are compared as bytes.
type SpaceTx interface {
	Get(key []byte) (value []byte, ok bool, err error)
	Put(key, value []byte) error // an error inside View
	Delete(key []byte) error     // an error inside View
	// Range yields the pairs with from <= key < to in order of their keys; a nil to means no end.
	Range(from, to []byte) iter.Seq2[Pair, error]
}

// Pair is one entry of a Space.
type Pair struct{ Key, Value []byte }

// capabilities is what a store can do beyond Store. It is resolved once; nothing else asserts types of stores.
type capabilities struct {
	tx         TxAppender
	counter    Counter
	aggregator Aggregator
	tailer     Tailer
	brief      briefTailer
	spacer     Spacer
}

func resolve(s Store) capabilities {
	var c capabilities
	c.tx, _ = s.(TxAppender)
	c.counter, _ = s.(Counter)
	c.aggregator, _ = s.(Aggregator)
	c.tailer, _ = s.(Tailer)
	c.brief, _ = s.(briefTailer)
	c.spacer, _ = s.(Spacer)
	return c
}

func unsupported(what string) error {
	return fmt.Errorf("activitylog: this store cannot %s: %w", what, errors.ErrUnsupported)
}
