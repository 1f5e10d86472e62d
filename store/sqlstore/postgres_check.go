package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/terms"
	"github.com/google/uuid"
)

func (b *postgres) check(context.Context, *checking) error { return errSnapshot }

func (b *postgresSnapshot) check(ctx context.Context, c *checking) error {
	err := c.rows(ctx, b.tx, "SELECT "+selected+`, (e.xact >= activitylog_order(pg_snapshot_xmax(pg_current_snapshot())))::int, e.search::text
		FROM activitylog_events e`, 1,
		func(id uuid.UUID) any { return id.String() }, func(e *activitylog.Event, early []int64, text string) {
			if early[0] != 0 {
				c.found("the row says that a transaction wrote it that has not begun", e.Org, e.ID)
			}
			if text != vectorText(terms.Of(e)) {
				c.found("the terms of the row are not its own", e.Org, e.ID)
			}
		})
	if err != nil {
		return err
	}
	from, err := parsePGPosition(c.behind)
	if err != nil {
		return err
	}
	if err := c.order(ctx, b.s, b.behind(evidence, from, "")); err != nil {
		return err
	}
	if err := c.known(ctx, b.tx); err != nil {
		return err
	}
	locked, err := list(ctx, b.tx, "SELECT space FROM activitylog_spaces EXCEPT SELECT space FROM activitylog_space_locks")
	if err != nil {
		return err
	}
	for _, space := range locked {
		c.wrong("the space %q has rows and no lock", space)
	}
	return c.schema(ctx, b.tx)
}

// vectorText is the text that PostgreSQL shows of a vector of terms: sorted, each once.
func vectorText(text string) string {
	words := strings.Fields(text)
	slices.Sort(words)
	words = slices.Compact(words)
	return "'" + strings.Join(words, "' '") + "'"
}
