package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/activitylog/activitylog"
)

// PruneKeys deletes the events with the keys, of any organizations, in one transaction and returns how many there were.
// It is Prune for whoever has looked at the events already.
func (s *Store) PruneKeys(ctx context.Context, keys []activitylog.Key) (deleted int, err error) {
	if len(keys) == 0 {
		return 0, ctx.Err()
	}
	err = s.back.change(ctx, func(c changer) error {
		deleted, err = c.removeAll(keys)
		return err
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}

func (x *sqliteChanger) removeAll(keys []activitylog.Key) (n int, err error) {
	for _, k := range keys {
		done, err := x.remove(&activitylog.Event{Org: k.Org, ID: k.ID, Time: k.Time})
		if err != nil {
			return 0, err
		}
		if done {
			n++
		}
	}
	return n, nil
}

func (x *pgChanger) removeAll(keys []activitylog.Key) (int, error) {
	orgs, times, ids := []byte{'{'}, []byte{'{'}, []byte{'{'}
	for i, k := range keys {
		if i > 0 {
			orgs, times, ids = append(orgs, ','), append(times, ','), append(ids, ',')
		}
		orgs = append(orgs, `"`+arrayEscaper.Replace(k.Org)+`"`...)
		times = strconv.AppendInt(times, k.Time.UnixMicro(), 10)
		ids = append(ids, k.ID.String()...)
	}
	// As text, since drivers do not agree on arrays.
	res, err := x.tx.ExecContext(x.ctx, `DELETE FROM activitylog_events e
		USING unnest($1::text[], $2::bigint[], $3::uuid[]) AS k (org, time, id)
		WHERE e.org = k.org COLLATE "C" AND e.time = k.time AND e.id = k.id`,
		string(append(orgs, '}')), string(append(times, '}')), string(append(ids, '}')))
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

var arrayEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
