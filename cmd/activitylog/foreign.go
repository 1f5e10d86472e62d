package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
)

// fields are those of a line that is not ours. What is understood is taken out, so that metadata remain.
type fields map[string]any

// answers are fields that name what a detector should find. Stored, they would tell it.
var answers = []string{
	"label", "incident", "incident_id", "technique", "tactic", "rule", "rule_id", "rule_name", "case", "anomaly", "is_anomaly",
	"attack", "is_attack", "attack_id", "attack_type", "malicious", "is_malicious", "alert", "is_alert", "verdict",
	"ground_truth", "expected", "expected_result", "detection", "scenario", "mitre", "mitre_attack",
}

// ofRule are fields that describe the rule, where there is one, rather than the event.
var ofRule = []string{"severity", "threshold", "tags", "dedup", "dedup_period", "reference", "runbook", "description"}

var errCounted = errors.New(`has a "count" or "value": it is a sum over events that were counted elsewhere, and a log holds the events themselves`)

func (c *converter) foreign(f fields) (e activitylog.Event, err error) {
	if f["count"] != nil || f["value"] != nil {
		return e, errCounted
	}
	if f["rule"] != nil {
		f.drop(ofRule)
	}
	f.drop(answers)

	e.Backfill = true
	e.Org = c.org
	if own := f.peek("org"); c.ownOrgs && own != "" || own == c.org {
		e.Org = f.text("org")
	}
	if e.Org == "" {
		return e, errors.New("names no organization; give --org for such lines")
	}
	if e.Time, err = c.timeOf(f); err != nil {
		return e, err
	}
	if e.Action = f.text("action"); e.Action == "" {
		if e.Action = c.action; e.Action == "" {
			return e, errors.New("has no action; give --action for such lines, or leave them out with --skip-bad")
		}
	}
	category := f.text("category")
	if _, known := c.catalog.Lookup(e.Action); !known {
		e.Category = category
	}
	e.Actor = actorOf(f.text("actor"))
	e.Actor.Zone = zoneOf(f)
	e.Project, e.Reason, e.Message = f.text("project"), f.text("reason"), f.text("message")
	if e.Outcome = activitylog.Outcome(f.text("outcome")); e.Outcome == activitylog.InProgress {
		e.Outcome = activitylog.Unknown // what has not ended in the file will not end here
	}
	if s := strings.ToLower(f.peek("severity")); slices.Contains([]string{"info", "low", "medium", "high", "critical"}, s) {
		e.Severity = activitylog.Severity(s)
		delete(f, "severity")
	}
	if target := f.text("target"); target != "" {
		e.Targets = []activitylog.Target{{ID: target}}
	}
	e.Client = clientOf(f)
	e.Request.ID, e.Request.SessionID = f.text("request_id"), f.text("session_id")
	if m := f.peek("method"); slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, m) {
		e.Request.Method = f.text("method")
	}
	failed := e.Outcome == activitylog.Failure || e.Outcome == activitylog.Denied
	switch code := f.peek("error"); {
	case code == "" && failed:
		e.ErrorCode = f.peek("status")
	case strings.Contains(code, " ") && e.Reason == "":
		e.Reason = f.text("error")
	default:
		e.ErrorCode = f.text("error")
	}
	if e.AI, err = usageOf(f); err != nil {
		return e, err
	}
	if len(f) > 0 {
		e.Metadata = f
	}
	return e, nil
}

func (c *converter) timeOf(f fields) (time.Time, error) {
	s := f.text("time")
	if s == "" {
		if c.time.IsZero() {
			return c.time, errors.New("has no time; give --time for such lines, or leave them out with --skip-bad")
		}
		return c.time, nil
	}
	t, err := parseTime(s)
	if err != nil {
		return t, fmt.Errorf("has a time that cannot be read: %w", err)
	}
	return t, nil
}

func (f fields) drop(names []string) {
	for _, name := range names {
		delete(f, name)
	}
}

// peek returns a text or a number as text; anything else is "".
func (f fields) peek(name string) string {
	switch v := f[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// text is peek, and takes the field out.
func (f fields) text(name string) string {
	s := f.peek(name)
	if s != "" || f[name] == nil || f[name] == "" {
		delete(f, name)
	}
	return s
}

// actorOf reads the kind of an actor from the front of its id. The id stays whole, so that "service:ana" is not "ana".
func actorOf(id string) activitylog.Actor {
	kind, name, _ := strings.Cut(id, ":")
	t := activitylog.ActorType(kind)
	switch {
	case id == "":
		return activitylog.Actor{Type: activitylog.Anonymous}
	case name == "":
		t = activitylog.User
	case kind == "ip":
		t = activitylog.Anonymous
	case !slices.Contains([]activitylog.ActorType{activitylog.Service, activitylog.APIKey, activitylog.Agent, activitylog.System,
		activitylog.Support, activitylog.Anonymous}, t):
		t = activitylog.User
	}
	return activitylog.Actor{Type: t, ID: id}
}

// zoneOf is the zone of the actor, as the offset that a line gives in minutes. What is no offset that a clock could
// show stays metadata, so that nothing is lost.
func zoneOf(f fields) string {
	const east, west = 14 * 60, -12 * 60 // the farthest that are in use
	text := f.peek("tz_offset_min")
	m, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(m) != text || m < west || m > east {
		return ""
	}
	delete(f, "tz_offset_min")
	sign := '+'
	if m < 0 {
		sign, m = '-', -m
	}
	return fmt.Sprintf("%c%02d:%02d", sign, m/60, m%60)
}

// clientOf takes an address only where it is one; "AWS Internal" and the like stay metadata, as does an address with a
// port, which would be lost.
func clientOf(f fields) activitylog.Client {
	var c activitylog.Client
	c.UserAgent = f.text("user_agent")
	if ip, err := netip.ParseAddr(f.peek("ip")); err == nil {
		c.IP = ip
		delete(f, "ip")
	} else if ip, err := netip.ParseAddrPort(f.peek("ip")); err == nil {
		c.IP = ip.Addr()
	}
	return c
}

// usageOf takes what a line says about a model; nil if it says nothing.
func usageOf(f fields) (*activitylog.AIUsage, error) {
	var u activitylog.AIUsage
	u.Model, u.Provider = f.text("model"), f.text("provider")
	some := u.Model != ""
	for _, t := range []struct {
		name string
		v    *int64
	}{{"tokens_in", &u.InputTokens}, {"tokens_out", &u.OutputTokens}} {
		if n, err := strconv.ParseInt(f.peek(t.name), 10, 64); err == nil && n >= 0 {
			*t.v, some = n, true
			delete(f, t.name)
		}
	}
	if cost := f.peek("cost"); cost != "" {
		micros, exact, err := parseMicros(cost)
		if err != nil {
			return nil, errors.New("cost is no amount of money such as 0.0125")
		}
		u.CostMicros, u.Currency, some = &micros, f.text("currency"), true
		if exact {
			delete(f, "cost") // else the amount remains in the metadata, to the last digit
		}
	}
	if !some {
		if u.Provider != "" {
			f["provider"] = u.Provider
		}
		return nil, nil
	}
	return &u, nil
}
