package sqlstore

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// PruneKeys deletes the events with the keys, of any organizations, in one transaction and returns how many there were.
// It is Prune for whoever has looked at the events already. held is how long others may have waited for it, without how
// long it waited for others.
func (s *Store) PruneKeys(ctx context.Context, keys []activitylog.Key) (deleted int, held time.Duration, err error) {
	if len(keys) == 0 {
		return 0, 0, ctx.Err()
	}
	var began time.Time
	err = s.back.change(ctx, func(c changer) error {
		began = time.Now() // again when the transaction is repeated
		deleted, err = c.removeAll(keys)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return deleted, time.Since(began), nil
}

// removeAll takes all terms out of the text index before it deletes any row, since at the savepoint of the trigger of a
// row the index would write out what it gathered so far.
func (x *sqliteChanger) removeAll(keys []activitylog.Key) (int, error) {
	there := make(map[int64]bool, len(keys))
	floor := int64(0)
	for _, k := range keys {
		s, ok, err := x.find(k.Org, k.ID)
		if err != nil {
			return 0, err
		}
		if !ok || s.time != k.Time.UnixMicro() || there[s.key] {
			continue
		}
		if err := x.unindex(s); err != nil {
			return 0, err
		}
		there[s.key], floor = true, max(floor, s.seq)
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if err := x.exec(`DELETE FROM activitylog_events WHERE key = ?`, key); err != nil {
			return 0, err
		}
	}
	return len(there), x.exec(`UPDATE activitylog_numbers SET value = max(value, ?) WHERE name = 'seq_floor'`, floor)
}

func (x *pgChanger) removeAll(keys []activitylog.Key) (int, error) {
	var orgs, times, ids array
	for _, k := range keys {
		orgs.addText(k.Org)
		times.add(strconv.FormatInt(k.Time.UnixMicro(), 10))
		ids.add(k.ID.String())
	}
	// The order is lockOrder; a DELETE by itself takes them as it finds them.
	res, err := x.tx.ExecContext(x.ctx, `WITH locked AS MATERIALIZED (
			SELECT e.org, e.time, e.id FROM activitylog_events e
			JOIN unnest($1::text[], $2::bigint[], $3::uuid[]) AS k (org, time, id)
			ON e.org = k.org COLLATE "C" AND e.time = k.time AND e.id = k.id
			ORDER BY e.id, e.org FOR UPDATE OF e)
		DELETE FROM activitylog_events e USING locked k WHERE e.org = k.org AND e.time = k.time AND e.id = k.id`,
		orgs.String(), times.String(), ids.String())
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// array is an array of PostgreSQL as text, since drivers do not agree on arrays.
type array []byte

// add appends an element of which no character needs quotes.
func (a *array) add(element string) {
	*a = append(append(*a, ','), element...)
}

func (a *array) addText(element string) {
	a.add(`"` + arrayEscaper.Replace(element) + `"`)
}

// String returns the whole array.
func (a array) String() string {
	return "{" + strings.TrimPrefix(string(a), ",") + "}"
}

var arrayEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
