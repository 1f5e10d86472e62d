package integrity

import (
	"context"
	"errors"
	"fmt"

	"github.com/activitylog/activitylog"
	"golang.org/x/mod/sumdb/tlog"
)

// source is what a verification reads: a database as it is at one moment, or a bundle. The root log is tree 0.
type source interface {
	// trees adds to v what trees there are.
	trees(v *verification) error
	// checkpoint returns the newest checkpoint of a tree, or nil where there is none.
	checkpoint(number uint32) ([]byte, error)
	// entries returns some entries of a tree, at least one, from an index on, and none from end on. What is missing is a
	// damagedError where the source should have it.
	entries(number uint32, from, end int64) ([][]byte, error)
	// tile returns the hashes of a tile, or nil where it is missing.
	tile(number uint32, t tlog.Tile) ([]byte, error)
	// Tail returns rows in the order in which they were sealed.
	Tail(ctx context.Context, after activitylog.Position, limit int) ([]activitylog.Tailed, activitylog.Position, error)
}

// damagedError is something that cannot be read on.
type damagedError struct{ what string }

func (e *damagedError) Error() string { return e.what }

func damaged(format string, args ...any) error { return &damagedError{fmt.Sprintf(format, args...)} }

// isDamaged tells what cannot be read on.
func isDamaged(err error) (what string, ok bool) {
	var wrong *damagedError
	if errors.As(err, &wrong) {
		return wrong.what, true
	}
	return "", false
}
