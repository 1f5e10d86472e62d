package activitylog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

var (
	// ErrInvalid is wrapped by every refusal of an event, filter, query or option; the text says what to change.
	ErrInvalid = errors.New("invalid")
	// ErrUnknownAction is returned in strict mode for an action that the catalogue does not hold. It wraps ErrInvalid.
	ErrUnknownAction = fmt.Errorf("%w: unknown action", ErrInvalid)
	// ErrConflict means that the organization already holds another event under the same ID. See ConflictError.
	ErrConflict = errors.New("another event with this id exists")
	// ErrNotFound means that the reader's scope holds no such event.
	ErrNotFound = errors.New("not found")
	// ErrCursor means that a cursor is damaged or belongs to another filter, order or scope.
	ErrCursor = errors.New("cursor does not belong to this query")
	// ErrBacklog means that the queue of Submit is full and the host chose shedding. The event was not taken.
	ErrBacklog = errors.New("queue is full")
	// ErrClosed means that the log was closed before it took the event.
	ErrClosed = errors.New("log is closed")
	// ErrTimeout means that the store did not answer in time. It comes with ErrOutcomeUnknown when the event was under way.
	ErrTimeout = errors.New("store did not answer in time")
	// ErrOutcomeUnknown means that a commit was sent and its answer lost. Recording again with the same ID and Time is safe.
	ErrOutcomeUnknown = errors.New("outcome of the commit is unknown")
)

// ConflictError names the event that exists with other content. It matches ErrConflict.
type ConflictError struct{ ID uuid.UUID }

func (e *ConflictError) Error() string { return fmt.Sprintf("event %s: %v", e.ID, ErrConflict) }

// Unwrap returns ErrConflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// SyntaxError tells where the text of a filter is wrong. It matches ErrInvalid.
type SyntaxError struct {
	Pos  int    // byte offset in the text
	Text string // what is wrong and what to write instead
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("filter, at %d: %s", e.Pos, e.Text) }

// Unwrap returns ErrInvalid.
func (e *SyntaxError) Unwrap() error { return ErrInvalid }

const prefix = "activitylog: "

// wrap says what was tried, with the name of the package once and in front.
func wrap(tried string, err error) error { return &triedError{tried, err} }

type triedError struct {
	tried string
	err   error
}

func (e *triedError) Error() string {
	return prefix + e.tried + ": " + strings.TrimPrefix(e.err.Error(), prefix)
}

func (e *triedError) Unwrap() error { return e.err }

func invalid(format string, args ...any) error {
	return fmt.Errorf(prefix+"%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
