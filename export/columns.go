package export

import (
	"encoding/base64"

	"github.com/activitylog/activitylog"
)

type event = activitylog.Event

// column is one column. Exactly one of text and value is set; a text is defused and quoted, a value writes its own cell.
type column struct {
	name  string
	text  func(*event) string
	value func(*values, []byte, *event) []byte
	extra bool // only on request
}

// Columns returns the names of all columns, in the order of the documentation.
func Columns() []string { return names(func(column) bool { return true }) }

// DefaultColumns returns the names of the columns that a CSV has unless it is told otherwise.
func DefaultColumns() []string { return names(func(c column) bool { return !c.extra }) }

func names(which func(column) bool) []string {
	var list []string
	for _, c := range columns {
		if which(c) {
			list = append(list, c.name)
		}
	}
	return list
}

// columns is stable: names and meanings stay, new columns come as extra ones at the end of their group.
var columns = []column{
	{name: "id", value: func(v *values, b []byte, e *event) []byte { return v.id(b, e.ID) }},
	{name: "time", value: func(v *values, b []byte, e *event) []byte { return v.time(b, e.Time) }},
	{name: "org", text: func(e *event) string { return e.Org }},
	{name: "project", text: func(e *event) string { return e.Project }},
	{name: "category", text: func(e *event) string { return e.Category }},
	{name: "action", text: func(e *event) string { return e.Action }},
	{name: "verb", text: func(e *event) string { return e.Verb }},
	{name: "outcome", text: func(e *event) string { return string(e.Outcome) }},
	{name: "severity", text: func(e *event) string { return string(e.Severity) }},
	{name: "message", text: func(e *event) string { return e.Message }},
	{name: "reason", text: func(e *event) string { return e.Reason }},
	{name: "error_code", text: func(e *event) string { return e.ErrorCode }},
	{name: "duration_us", value: func(v *values, b []byte, e *event) []byte { return v.number(b, e.Duration.Microseconds()) }},

	{name: "actor_type", text: func(e *event) string { return string(e.Actor.Type) }},
	{name: "actor_id", text: func(e *event) string { return e.Actor.ID }},
	{name: "actor_name", text: func(e *event) string { return e.Actor.Name }},
	{name: "actor_email", text: func(e *event) string { return e.Actor.Email }},
	{name: "actor_roles", value: jsonRoles, extra: true},
	{name: "actor_zone", text: func(e *event) string { return e.Actor.Zone }, extra: true},
	{name: "actor_org", text: func(e *event) string { return e.Actor.Org }, extra: true},
	{name: "actor_version", text: func(e *event) string { return e.Actor.Version }, extra: true},
	{name: "actor_instance", text: func(e *event) string { return e.Actor.Instance }, extra: true},
	{name: "actor_model", text: func(e *event) string { return e.Actor.Model }, extra: true},
	{name: "on_behalf_of", value: jsonOnBehalfOf},

	{name: "target_type", text: target(func(t *activitylog.Target) string { return t.Type })},
	{name: "target_id", text: target(func(t *activitylog.Target) string { return t.ID })},
	{name: "target_name", text: target(func(t *activitylog.Target) string { return t.Name })},
	{name: "target_url", text: target(func(t *activitylog.Target) string { return t.URL }), extra: true},
	{name: "target_parent_type", text: target(func(t *activitylog.Target) string { return t.ParentType }), extra: true},
	{name: "target_parent_id", text: target(func(t *activitylog.Target) string { return t.ParentID }), extra: true},
	{name: "more_targets", value: jsonMoreTargets},
	{name: "changes", value: jsonChanges},

	{name: "ip", value: func(_ *values, b []byte, e *event) []byte { return appendIP(b, e) }},
	{name: "ip_kind", text: func(e *event) string { return e.Client.IPKind }, extra: true},
	{name: "ip_hash", text: func(e *event) string { return e.Client.IPHash }, extra: true},
	{name: "user_agent", text: func(e *event) string { return e.Client.UserAgent }},
	{name: "forwarded", value: jsonForwarded, extra: true},
	{name: "country", text: func(e *event) string { return e.Client.Country }},
	{name: "region", text: func(e *event) string { return e.Client.Region }, extra: true},
	{name: "asn", value: func(v *values, b []byte, e *event) []byte { return v.number(b, int64(e.Client.ASN)) }, extra: true},

	{name: "request_id", text: func(e *event) string { return e.Request.ID }},
	{name: "method", text: func(e *event) string { return e.Request.Method }, extra: true},
	{name: "route", text: func(e *event) string { return e.Request.Route }, extra: true},
	{name: "session_id", text: func(e *event) string { return e.Request.SessionID }},
	{name: "credential_id", text: func(e *event) string { return e.Request.CredentialID }, extra: true},
	{name: "trace_id", text: func(e *event) string { return e.Request.TraceID }, extra: true},
	{name: "span_id", text: func(e *event) string { return e.Request.SpanID }, extra: true},
	{name: "correlation_id", text: func(e *event) string { return e.Request.CorrelationID }},
	{name: "causation_id", text: func(e *event) string { return e.Request.CausationID }, extra: true},
	{name: "origin", text: func(e *event) string { return e.Request.Origin }},

	{name: "ai_operation", text: ai(func(u *usage) string { return u.Operation }), extra: true},
	{name: "provider", text: ai(func(u *usage) string { return u.Provider })},
	{name: "model", text: ai(func(u *usage) string { return u.Model })},
	{name: "model_requested", text: ai(func(u *usage) string { return u.ModelRequested }), extra: true},
	{name: "previous_model", text: ai(func(u *usage) string { return u.PreviousModel })},
	{name: "input_tokens", value: count(func(u *usage) int64 { return u.InputTokens })},
	{name: "output_tokens", value: count(func(u *usage) int64 { return u.OutputTokens })},
	{name: "cached_tokens", value: count(func(u *usage) int64 { return u.CachedTokens }), extra: true},
	{name: "cache_write_tokens", value: count(func(u *usage) int64 { return u.CacheWriteTokens }), extra: true},
	{name: "reasoning_tokens", value: count(func(u *usage) int64 { return u.ReasoningTokens }), extra: true},
	{name: "cost", value: cost},
	{name: "currency", text: ai(func(u *usage) string { return u.Currency })},
	{name: "price_version", text: ai(func(u *usage) string { return u.PriceVersion }), extra: true},
	{name: "cost_estimated", value: flag(func(u *usage) bool { return u.CostEstimated }), extra: true},
	{name: "conversation_id", text: ai(func(u *usage) string { return u.ConversationID }), extra: true},
	{name: "message_id", text: ai(func(u *usage) string { return u.MessageID }), extra: true},
	{name: "response_id", text: ai(func(u *usage) string { return u.ResponseID }), extra: true},
	{name: "agent_id", text: ai(func(u *usage) string { return u.AgentID }), extra: true},
	{name: "agent_name", text: ai(func(u *usage) string { return u.AgentName }), extra: true},
	{name: "tool_names", value: jsonToolNames, extra: true},
	{name: "latency_ms", value: count(func(u *usage) int64 { return u.LatencyMS }), extra: true},
	{name: "first_token_ms", value: count(func(u *usage) int64 { return u.FirstTokenMS }), extra: true},
	{name: "stream", value: flag(func(u *usage) bool { return u.Stream }), extra: true},
	{name: "finish_reason", text: ai(func(u *usage) string { return u.FinishReason }), extra: true},
	{name: "prompt_sha256", text: ai(func(u *usage) string { return u.PromptSHA256 }), extra: true},
	{name: "response_sha256", text: ai(func(u *usage) string { return u.ResponseSHA256 }), extra: true},

	{name: "labels", value: jsonLabels},
	{name: "metadata", value: jsonMetadata},
	{name: "retention", text: func(e *event) string { return e.Retention }, extra: true},
	{name: "backfill", value: func(v *values, b []byte, e *event) []byte { return v.bool(b, e.Backfill) }},
	{name: "completes", value: func(v *values, b []byte, e *event) []byte { return v.id(b, e.Completes) }, extra: true},
	{name: "expires", value: func(v *values, b []byte, e *event) []byte { return v.time(b, e.Expires) }, extra: true},
	{name: "truncated", value: jsonTruncated},
	{name: "recorded", value: func(v *values, b []byte, e *event) []byte { return v.time(b, e.Recorded) }, extra: true},
	{name: "leaf", text: func(e *event) string { return base64.StdEncoding.EncodeToString(e.Leaf) }, extra: true},
	{name: "opening", text: func(e *event) string { return base64.StdEncoding.EncodeToString(e.Opening) }, extra: true},
}

type usage = activitylog.AIUsage

func target(get func(*activitylog.Target) string) func(*event) string {
	return func(e *event) string {
		if len(e.Targets) == 0 {
			return ""
		}
		return get(&e.Targets[0])
	}
}

func ai(get func(*usage) string) func(*event) string {
	return func(e *event) string {
		if e.AI == nil {
			return ""
		}
		return get(e.AI)
	}
}

func count(get func(*usage) int64) func(*values, []byte, *event) []byte {
	return func(v *values, b []byte, e *event) []byte {
		if e.AI == nil {
			return b
		}
		return v.number(b, get(e.AI))
	}
}

func flag(get func(*usage) bool) func(*values, []byte, *event) []byte {
	return func(v *values, b []byte, e *event) []byte { return v.bool(b, e.AI != nil && get(e.AI)) }
}

func cost(v *values, b []byte, e *event) []byte {
	if e.AI == nil {
		return b
	}
	return v.cost(b, e.AI.CostMicros)
}

// appendIP appends the client's address. A zone could hold anything, so that such an address is a text.
func appendIP(b []byte, e *event) []byte {
	ip := e.Client.IP
	if ip.Zone() != "" {
		return appendText(b, ip.String())
	}
	return ip.AppendTo(b)
}
