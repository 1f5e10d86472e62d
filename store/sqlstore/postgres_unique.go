package sqlstore

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/activitylog/activitylog"
)

// lock is the number of the advisory lock of an id.
func (i identity) lock() int64 {
	h := fnv.New64a()
	h.Write(i.id[:])
	h.Write([]byte(i.org))
	return int64(h.Sum64())
}

// lockAll makes transactions with one id wait for each other where no unique index does. Sorted: no deadlock.
func lockAll(ctx context.Context, tx activitylog.Tx, locks []int64) error {
	slices.Sort(locks)
	var list array
	for _, n := range locks {
		list.add(strconv.FormatInt(n, 10))
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(n) FROM unnest($1::bigint[]) AS n`, list.String())
	return err
}

// unknown leaves out the rows whose ids are stored. In partitions the primary key holds the time and would take the
// same id with another one, within a batch as well.
func (b *postgres) unknown(ctx context.Context, tx activitylog.Tx, rows []pgRow) ([]pgRow, error) {
	locks := make([]int64, 0, len(rows))
	first := map[identity]*activitylog.Event{}
	var unique []pgRow
	for _, r := range rows {
		id := identity{r.event.Org, r.event.ID}
		if e := first[id]; e != nil {
			if !e.SameContent(r.event) {
				return nil, &activitylog.ConflictError{ID: id.id}
			}
			continue
		}
		first[id] = r.event
		unique = append(unique, r)
		locks = append(locks, id.lock())
	}
	if err := lockAll(ctx, tx, locks); err != nil {
		return nil, err
	}
	stored := map[identity]bool{}
	for part := range slices.Chunk(unique, 500) {
		found, err := b.compare(ctx, tx, part)
		if err != nil {
			return nil, err
		}
		for id := range found {
			stored[id] = true
		}
	}
	return slices.DeleteFunc(unique, func(r pgRow) bool { return stored[identity{r.event.Org, r.event.ID}] }), nil
}
