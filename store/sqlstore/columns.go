package sqlstore

import (
	"database/sql"
	"fmt"
	"net/netip"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// columns are the columns that both databases have, in the order of values and scanRow.
const columns = `org, id, time, recorded, project, category, action, outcome, severity, actor_type, actor_id, ` +
	`model, provider, currency, cost, tokens_in, tokens_out, tokens_cached, tokens_cache_write, tokens_reasoning, ` +
	`ip, data, leaf, opening`

const columnCount = 24

// selected are the columns with the alias of the events.
const selected = `e.org, e.id, e.time, e.recorded, e.project, e.category, e.action, e.outcome, e.severity, e.actor_type, e.actor_id, ` +
	`e.model, e.provider, e.currency, e.cost, e.tokens_in, e.tokens_out, e.tokens_cached, e.tokens_cache_write, e.tokens_reasoning, ` +
	`e.ip, e.data, e.leaf, e.opening`

// appendValues appends the values of the columns. id is the id as the database wants it.
func appendValues(args []any, e *activitylog.Event, id any) []any {
	u := e.AI
	if u == nil {
		u = &activitylog.AIUsage{}
	}
	var cost any
	if u.CostMicros != nil {
		cost = *u.CostMicros
	}
	return append(args, e.Org, id, e.Time.UnixMicro(), e.Recorded.UnixMicro(), e.Project, e.Category, e.Action,
		string(e.Outcome), string(e.Severity), string(e.Actor.Type), e.Actor.ID,
		u.Model, u.Provider, u.Currency, cost, u.InputTokens, u.OutputTokens, u.CachedTokens, u.CacheWriteTokens, u.ReasoningTokens,
		ipText(e.Client.IP), rest(e), bytesOrNull(e.Leaf), bytesOrNull(e.Opening))
}

func ipText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

func bytesOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// rest is the JSON form of what has no column.
func rest(e *activitylog.Event) string {
	r := *e
	r.Org, r.ID, r.Time, r.Recorded = "", uuid.Nil, time.Time{}, time.Time{}
	r.Project, r.Category, r.Action, r.Outcome, r.Severity = "", "", "", "", ""
	r.Actor.Type, r.Actor.ID = "", ""
	r.Client.IP = netip.Addr{}
	r.Leaf, r.Opening = nil, nil
	if e.AI != nil {
		u := *e.AI
		u.Model, u.Provider, u.Currency, u.CostMicros = "", "", "", nil
		u.InputTokens, u.OutputTokens, u.CachedTokens, u.CacheWriteTokens, u.ReasoningTokens = 0, 0, 0, 0, 0
		r.AI = &u
	}
	return string(r.AppendJSON(make([]byte, 0, 512)))
}

// DamagedError tells of a row that is no event, as nothing that this package wrote can be.
type DamagedError struct {
	Org string
	ID  uuid.UUID
	Err error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the row of event %s is damaged: %v", e.ID, e.Err)
}

// Unwrap returns what reading the row met.
func (e *DamagedError) Unwrap() error { return e.Err }

// Damaged names the event.
func (e *DamagedError) Damaged() (org string, id uuid.UUID) { return e.Org, e.ID }

// row is one scanned event with room for the columns of one database behind the common ones.
type row struct {
	event activitylog.Event
	extra []int64
}

// scanRow reads the common columns, then extra ones that are numbers, and then more.
func scanRow(rows *sql.Rows, extra int, more ...any) (row, error) {
	var (
		r                                     = row{extra: make([]int64, extra)}
		org, project, category, action        string
		outcome, severity, actorType, actorID string
		model, provider, currency, ip         string
		id                                    uuid.UUID
		t, recorded                           int64
		cost                                  sql.NullInt64
		tokens                                [5]int64
		data                                  sql.RawBytes
		leaf, opening                         []byte
	)
	dest := []any{&org, &id, &t, &recorded, &project, &category, &action, &outcome, &severity, &actorType, &actorID,
		&model, &provider, &currency, &cost, &tokens[0], &tokens[1], &tokens[2], &tokens[3], &tokens[4],
		&ip, &data, &leaf, &opening}
	for i := range r.extra {
		dest = append(dest, &r.extra[i])
	}
	dest = append(dest, more...)
	if err := rows.Scan(dest...); err != nil {
		return row{}, &DamagedError{org, id, err}
	}
	e := &r.event
	if err := e.UnmarshalJSON(data); err != nil {
		return row{}, &DamagedError{org, id, err}
	}
	e.Org, e.ID, e.Time, e.Recorded = org, id, time.UnixMicro(t).UTC(), time.UnixMicro(recorded).UTC()
	e.Project, e.Category, e.Action = project, category, action
	e.Outcome, e.Severity = activitylog.Outcome(outcome), activitylog.Severity(severity)
	e.Actor.Type, e.Actor.ID = activitylog.ActorType(actorType), actorID
	if ip != "" {
		addr, err := netip.ParseAddr(ip)
		if err != nil {
			return row{}, &DamagedError{org, id, err}
		}
		e.Client.IP = addr
	}
	if e.AI != nil {
		u := e.AI
		u.Model, u.Provider, u.Currency = model, provider, currency
		u.InputTokens, u.OutputTokens, u.CachedTokens, u.CacheWriteTokens, u.ReasoningTokens =
			tokens[0], tokens[1], tokens[2], tokens[3], tokens[4]
		if cost.Valid {
			u.CostMicros = &cost.Int64
		}
	}
	if len(leaf) > 0 {
		e.Leaf = leaf
	}
	if len(opening) > 0 {
		e.Opening = opening
	}
	return r, nil
}
