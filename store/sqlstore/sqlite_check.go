package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/google/uuid"
)

func (b *sqlite) check(context.Context, *checking) error { return errSnapshot }

// check also has SQLite compare its indexes, that of terms among them, with the rows.
func (b *sqliteSnapshot) check(ctx context.Context, c *checking) error {
	// FTS5 checks by what its connection last knew of the index, and takes what others did since for damage: a search
	// makes it look again.
	if _, err := list(ctx, b.tx, "SELECT rowid FROM activitylog_text WHERE activitylog_text MATCH 'x' LIMIT 1"); err != nil {
		return err
	}
	said, err := list(ctx, b.tx, "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	if !slices.Equal(said, []string{"ok"}) {
		c.wrong("SQLite finds its file damaged: %s", said[0])
	}
	var count, last, spread int64
	err = c.rows(ctx, b.tx, "SELECT "+selected+", e.seq, e.key, e.search_text FROM activitylog_events e ORDER BY e.seq", 2,
		func(id uuid.UUID) any { return id[:] }, func(e *activitylog.Event, at []int64, text string) {
			behind := at[1]>>slotBits - e.Time.UnixMicro()
			if behind < 0 {
				c.found("the key of the row is before its time", e.Org, e.ID)
			}
			if text != terms.Of(e) {
				c.found("the terms of the row are not its own", e.Org, e.ID)
			}
			count, last, spread = count+1, at[0], max(spread, behind)
		})
	if err != nil {
		return err
	}
	if err := b.checkNumbers(ctx, c, count, last, spread); err != nil {
		return err
	}
	from, err := parseNumberPosition(c.behind)
	if err != nil {
		return err
	}
	if err := c.order(ctx, b.s, b.behind(evidence, from)); err != nil {
		return err
	}
	if err := c.known(ctx, b.tx); err != nil {
		return err
	}
	return c.schema(ctx, b.tx)
}

// checkNumbers checks the numbers that the rows determine: exactly while nothing was purged, else as bounds.
func (b *sqliteSnapshot) checkNumbers(ctx context.Context, c *checking, count, last, spread int64) error {
	rows, err := b.tx.QueryContext(ctx, "SELECT name, value FROM activitylog_numbers")
	type number struct {
		name  string
		value int64
	}
	numbers, err := collect(rows, err, func(rows *sql.Rows) (n number, err error) { return n, rows.Scan(&n.name, &n.value) })
	if err != nil {
		return err
	}
	value := map[string]int64{}
	for _, n := range numbers {
		value[n.name] = n.value
	}
	_, guard := value["guard"]
	floor, floored := value["seq_floor"]
	wide, spreads := value["spread"]
	if floor < 0 || floor > 0 && c.purged == 0 || max(last, floor) > count+c.purged {
		c.wrong("rows were numbered up to %d; there are %d, and %d may have been purged", max(last, floor), count, c.purged)
	}
	if len(numbers) != 3 || !guard || !floored || !spreads {
		c.wrong("the table of numbers does not hold guard, seq_floor and spread")
	}
	if value["guard"] != 0 {
		c.wrong("the guard that keeps events append-only is open")
	}
	if wide < spread || c.purged == 0 && wide != spread {
		c.wrong("keys lie up to %d microseconds behind their time and not %d", spread, wide)
	}
	return nil
}
