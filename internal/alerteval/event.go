package alerteval

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"

	"github.com/google/uuid"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// events makes the figures of a file of events.
func (s *set) events(c *activitylog.Catalog) *alerts.Figures {
	f := &alerts.Figures{}
	for i := range s.rows {
		e := s.event(c, i)
		f.Add(&e)
	}
	return f
}

// event is a row as the log would keep it. Labels and whatever else names an answer stay behind.
func (s *set) event(c *activitylog.Catalog, i int) activitylog.Event {
	r := &s.rows[i]
	e := activitylog.Event{
		ID: idOf(s.name, i), Time: r.time, Org: s.name, Action: r.action, Category: r.text["category"], Outcome: activitylog.Outcome(r.outcome),
		Actor: activitylog.Actor{ID: r.actor, Type: actorType(r.actor), Zone: zoneOf(r)}, ErrorCode: r.text["error"], Reason: r.text["reason"],
	}
	if e.Outcome == "" {
		e.Outcome = activitylog.Success
	}
	if a, ok := c.Lookup(e.Action); ok {
		e.Verb = a.Verb
	}
	if ip, err := netip.ParseAddr(r.text["ip"]); err == nil {
		e.Client.IP = ip
	}
	e.Client.UserAgent = r.text["user_agent"]
	if t := r.text["target"]; t != "" {
		e.Targets = []activitylog.Target{{Type: r.text["target_type"], ID: t}}
	}
	e.AI = usageOf(r)
	return e
}

// usageOf is nil where a row says nothing of a model.
func usageOf(r *row) *activitylog.AIUsage {
	cost, priced := r.number["cost"]
	in, out := r.number["tokens_in"], r.number["tokens_out"]
	if r.text["model"] == "" && !priced && in == 0 && out == 0 {
		return nil
	}
	u := &activitylog.AIUsage{Model: r.text["model"], Provider: r.text["provider"], InputTokens: int64(in), OutputTokens: int64(out)}
	if priced && math.Abs(cost) < 1e9 {
		micros := int64(math.Round(cost * 1e6))
		u.CostMicros, u.Currency = &micros, "USD"
	}
	return u
}

// zoneOf writes an offset in minutes as a zone; empty: unknown.
func zoneOf(r *row) string {
	m, ok := r.number["tz_offset_min"]
	if !ok || math.Abs(m) > 14*60 || m != math.Trunc(m) {
		return ""
	}
	sign := '+'
	if m < 0 {
		sign, m = '-', -m
	}
	return fmt.Sprintf("%c%02d:%02d", sign, int(m)/60, int(m)%60)
}

// idOf is the id of a row: the same at each run.
func idOf(name string, i int) uuid.UUID {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(i))
	sum := sha256.Sum256(append([]byte(name), n[:]...))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = 0x80|id[6]&0x0f, 0x80|id[8]&0x3f
	return id
}
