package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Check derives again what the database derived from the events of the snapshot, such as columns and indexes, and tells
// what differs. It reads everything. purged is how many events may have been removed since the log began. Behind a
// position only numbers of writers tell the order of events: number reads them from a leaf, 0 if there is none.
func (s snapshot) Check(ctx context.Context, purged int64, behind activitylog.Position, number func(leaf []byte) (writer [8]byte, n uint64),
	found func(what, org string, id uuid.UUID),
) error {
	return s.back.check(ctx, &checking{found: found, purged: purged, behind: behind, number: number, orgs: map[string]bool{}})
}

// checking is a check under way.
type checking struct {
	found  func(what, org string, id uuid.UUID)
	purged int64
	behind activitylog.Position
	number func(leaf []byte) (writer [8]byte, n uint64)
	orgs   map[string]bool // that have events
}

func (c *checking) wrong(format string, args ...any) {
	c.found(fmt.Sprintf(format, args...), "", uuid.Nil)
}

// rows reads every row that a query returns. Its columns are the common ones, extra numbers, and a text.
func (c *checking) rows(ctx context.Context, tx activitylog.Tx, text string, extra int, idOf func(uuid.UUID) any,
	each func(e *activitylog.Event, extra []int64, text string),
) error {
	rows, err := tx.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	raw := make([]any, columnCount+extra+1)
	dest := make([]any, len(raw))
	for i := range raw {
		dest[i] = &raw[i]
	}
	names := strings.Split(columns, ", ")
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil { // first, since scanRow borrows from the driver
			return err
		}
		var derived string
		r, err := scanRow(rows, extra, &derived)
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			c.found("the row is damaged", damaged.Org, damaged.ID)
			continue
		}
		if err != nil {
			return err
		}
		e := &r.event
		c.orgs[e.Org] = true
		for i, want := range appendValues(nil, e, idOf(e.ID)) {
			if plainText(raw[i]) != plainText(want) {
				c.found("column "+names[i]+" is not written as this library writes it", e.Org, e.ID)
			}
		}
		each(e, r.extra, derived)
	}
	return rows.Err()
}

// order holds events, as a query returns them, to the numbers of their writers, each of which commits one transaction
// after the other. Within one transaction, which is one place, there is no such order.
func (c *checking) order(ctx context.Context, s *Store, w *builder) error {
	type numbered struct {
		before, last uint64 // the highest number of earlier transactions, and of all
		place        int64
	}
	writers := map[[8]byte]*numbered{}
	err := s.eachEvidence(ctx, w, func(e *activitylog.Event, place int64) {
		id, n := c.number(e.Leaf)
		if n == 0 {
			return
		}
		of := writers[id]
		if of == nil {
			of = &numbered{}
			writers[id] = of
		}
		if of.place != place {
			of.before, of.place = of.last, place
		}
		if of.last = max(of.last, n); n < of.before {
			c.found("the row stands behind one that the same process recorded later", e.Org, e.ID)
		}
	})
	var damaged *DamagedError
	if errors.As(err, &damaged) { // which was told already
		return nil
	}
	return err
}

// plainText tells values of columns apart, whatever type the driver gives them.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return "=" + string(v)
	}
	return "=" + fmt.Sprint(v)
}

// list reads a small table.
func list(ctx context.Context, tx activitylog.Tx, text string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, text)
	return collect(rows, err, scanText)
}

// known holds the list of organizations to those that have events. Some may be left of events that were purged.
func (c *checking) known(ctx context.Context, tx activitylog.Tx) error {
	orgs, err := list(ctx, tx, "SELECT org FROM activitylog_orgs ORDER BY org")
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, org := range orgs {
		if listed[org] = true; !c.orgs[org] && c.purged == 0 {
			c.found("the organization is listed and has no events", org, uuid.Nil)
		}
	}
	for org := range c.orgs {
		if !listed[org] {
			c.found("the organization has events and is not listed", org, uuid.Nil)
		}
	}
	return nil
}

// schema holds the table of versions to what migrations leave.
func (c *checking) schema(ctx context.Context, tx activitylog.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT version FROM activitylog_schema")
	versions, err := collect(rows, err, scanNumber)
	if err == nil && (len(versions) != 1 || versions[0] != schemaVersion) {
		c.wrong("the table of schema versions holds %v", versions)
	}
	return err
}
