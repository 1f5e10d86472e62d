package sqlstore

import (
	"context"
	"database/sql"
	"net/netip"
	"time"

	"github.com/activitylog/activitylog"
)

// briefly are the columns of TailBrief, before the place of a row.
const briefly = "e.org, e.id, e.time, e.category, e.action, e.outcome, e.actor_type, e.actor_id, " +
	"e.model, e.provider, e.currency, e.cost, e.tokens_in, e.tokens_out, e.ip, e.data"

// TailBrief is Tail for activitylog.Log.TailBrief.
func (s *Store) TailBrief(ctx context.Context, after activitylog.Position, limit int,
	more func(*activitylog.Event) bool, f func(*activitylog.Event, activitylog.Position)) (activitylog.Position, error) {
	return s.back.tailEach(ctx, after, limit, briefly, func(w *builder, each func(*activitylog.Event, int64)) error {
		return s.eachBrief(ctx, w, more, each)
	}, f)
}

// eachBrief reads the rows of a query and calls f with each event and its place, which is a number.
func (s *Store) eachBrief(ctx context.Context, w *builder, more func(*activitylog.Event) bool, f func(e *activitylog.Event, place int64)) error {
	rows, err := s.query(ctx, w)
	if err != nil {
		return err
	}
	defer rows.Close()
	var (
		e, c               activitylog.Event // what the columns say
		u                  activitylog.AIUsage
		id, data           sql.RawBytes
		ip                 string
		t, place           int64
		cost               sql.NullInt64
		outcome, actorType = (*string)(&c.Outcome), (*string)(&c.Actor.Type)
	)
	dest := []any{&c.Org, &id, &t, &c.Category, &c.Action, outcome, actorType, &c.Actor.ID,
		&u.Model, &u.Provider, &u.Currency, &cost, &u.InputTokens, &u.OutputTokens, &ip, &data, &place}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if c.ID, err = scanID(id); err != nil {
			return &DamagedError{Org: c.Org, Err: err}
		}
		if err := e.UnmarshalBrief(data, more(&c)); err != nil {
			return &DamagedError{c.Org, c.ID, err}
		}
		e.Org, e.ID, e.Time = c.Org, c.ID, time.UnixMicro(t).UTC()
		e.Category, e.Action, e.Outcome = c.Category, c.Action, c.Outcome
		e.Actor.Type, e.Actor.ID = c.Actor.Type, c.Actor.ID
		if ip != "" {
			if e.Client.IP, err = netip.ParseAddr(ip); err != nil {
				return &DamagedError{c.Org, c.ID, err}
			}
		}
		if a := e.AI; a != nil {
			*a = u
			if cost.Valid {
				n := cost.Int64
				a.CostMicros = &n
			}
		}
		f(&e, place)
	}
	return rows.Err()
}
