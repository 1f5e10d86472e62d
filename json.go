package activitylog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// schemaVersion is the version of the JSON form. It changes only when a reader of an older form would misread a newer one.
const schemaVersion = 1

const timeFormat = "2006-01-02T15:04:05.000000Z"

// AppendJSON appends the JSON form of e to b: snake_case names, absent fields left out, times in UTC with
// microseconds, keys of maps sorted. Equal events give equal bytes.
func (e *Event) AppendJSON(b []byte) []byte {
	o := object{b: b}
	o.within(e.fields)
	return o.b
}

// fields describes the JSON form, for writing and for reading.
func (e *Event) fields(o *object) {
	schema, duration := int64(schemaVersion), e.Duration.Microseconds()
	integer(o, "schema", &schema)
	o.uuid("id", &e.ID)
	o.time("time", &e.Time)
	o.time("recorded", &e.Recorded)
	integer(o, "duration_us", &duration)
	o.str("org", &e.Org)
	o.str("project", &e.Project)
	o.str("category", &e.Category)
	o.str("action", &e.Action)
	o.str("verb", &e.Verb)
	o.str("outcome", (*string)(&e.Outcome))
	o.str("reason", &e.Reason)
	o.str("error_code", &e.ErrorCode)
	o.str("severity", (*string)(&e.Severity))
	o.str("message", &e.Message)
	o.object("actor", e.Actor.fields)
	listOf(o, "on_behalf_of", &e.OnBehalfOf, (*Delegation).fields)
	listOf(o, "targets", &e.Targets, (*Target).fields)
	listOf(o, "changes", &e.Changes, (*Change).fields)
	o.object("client", e.Client.fields)
	o.object("request", e.Request.fields)
	pointer(o, "ai", &e.AI, (*AIUsage).fields)
	o.labels("labels", &e.Labels)
	o.values("metadata", &e.Metadata)
	o.str("retention", &e.Retention)
	o.bool("backfill", &e.Backfill)
	o.uuid("completes", &e.Completes)
	o.time("expires", &e.Expires)
	listOf(o, "truncated", &e.Truncated, (*Cut).fields)
	o.bytes("leaf", &e.Leaf)
	o.bytes("opening", &e.Opening)
	if o.in != nil {
		e.Duration = o.in.microseconds(schema, duration)
	}
}

// MarshalJSON returns the form of AppendJSON.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// eventJSON is what UnmarshalJSON reads if it is not exactly what AppendJSON writes; the names are the same.
type eventJSON struct {
	Schema     int               `json:"schema"`
	ID         uuid.UUID         `json:"id"`
	Time       time.Time         `json:"time"`
	Recorded   time.Time         `json:"recorded"`
	DurationUS int64             `json:"duration_us"`
	Org        string            `json:"org"`
	Project    string            `json:"project"`
	Category   string            `json:"category"`
	Action     string            `json:"action"`
	Verb       string            `json:"verb"`
	Outcome    Outcome           `json:"outcome"`
	Reason     string            `json:"reason"`
	ErrorCode  string            `json:"error_code"`
	Severity   Severity          `json:"severity"`
	Message    string            `json:"message"`
	Actor      Actor             `json:"actor"`
	OnBehalfOf []Delegation      `json:"on_behalf_of"`
	Targets    []Target          `json:"targets"`
	Changes    []Change          `json:"changes"`
	Client     Client            `json:"client"`
	Request    Request           `json:"request"`
	AI         *AIUsage          `json:"ai"`
	Labels     map[string]string `json:"labels"`
	Metadata   map[string]any    `json:"metadata"`
	Retention  string            `json:"retention"`
	Backfill   bool              `json:"backfill"`
	Completes  uuid.UUID         `json:"completes"`
	Expires    time.Time         `json:"expires"`
	Truncated  []Cut             `json:"truncated"`
	Leaf       []byte            `json:"leaf"`
	Opening    []byte            `json:"opening"`
}

// UnmarshalJSON reads the form of AppendJSON. Unknown fields are ignored; a newer schema is refused. Numbers inside
// Metadata and Changes become json.Number.
func (e *Event) UnmarshalJSON(data []byte) error {
	if own, ok := readEvent(data); ok {
		*e = *own
		return nil
	}
	var j eventJSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("activitylog: read event: %w", err)
	}
	if j.Schema > schemaVersion {
		return invalid("event has schema %d, this version reads up to %d", j.Schema, schemaVersion)
	}
	const most = int64(math.MaxInt64 / time.Microsecond)
	if j.DurationUS > most || j.DurationUS < -most {
		return invalid("duration of %d microseconds is out of range", j.DurationUS)
	}
	for _, t := range []time.Time{j.Time, j.Recorded, j.Expires} {
		if y := t.UTC().Year(); y < 0 || y > 9999 { // a zone may lead out of what the form can hold
			return invalid("time %s is out of range", t.Format(time.RFC3339))
		}
	}
	*e = Event{
		ID: j.ID, Time: j.Time.UTC(), Recorded: j.Recorded.UTC(), Duration: time.Duration(j.DurationUS) * time.Microsecond,
		Org: j.Org, Project: j.Project, Category: j.Category, Action: j.Action, Verb: j.Verb,
		Outcome: j.Outcome, Reason: j.Reason, ErrorCode: j.ErrorCode, Severity: j.Severity, Message: j.Message,
		Actor: j.Actor, OnBehalfOf: j.OnBehalfOf, Targets: j.Targets, Changes: j.Changes,
		Client: j.Client, Request: j.Request, AI: j.AI, Labels: j.Labels, Metadata: j.Metadata,
		Retention: j.Retention, Backfill: j.Backfill, Completes: j.Completes, Expires: j.Expires.UTC(),
		Truncated: j.Truncated, Leaf: j.Leaf, Opening: j.Opening,
	}
	return nil
}

// SameContent tells whether o says the same as e. When the log took them (Recorded) and their evidence (Leaf, Opening)
// do not count: a retry gets new ones.
func (e *Event) SameContent(o *Event) bool {
	a, b := *e, *o
	for _, x := range []*Event{&a, &b} {
		x.Recorded, x.Leaf, x.Opening = time.Time{}, nil, nil
	}
	return bytes.Equal(a.AppendJSON(nil), b.AppendJSON(nil))
}

func (d *Delegation) fields(o *object) {
	d.Actor.fields(o)
	o.str("relation", &d.Relation)
}

func (a *Actor) fields(o *object) {
	o.str("type", (*string)(&a.Type))
	o.str("id", &a.ID)
	o.str("name", &a.Name)
	o.str("email", &a.Email)
	o.strs("roles", &a.Roles)
	o.str("zone", &a.Zone)
	o.str("org", &a.Org)
	o.str("version", &a.Version)
	o.str("instance", &a.Instance)
	o.str("model", &a.Model)
}

func (t *Target) fields(o *object) {
	o.str("type", &t.Type)
	o.str("id", &t.ID)
	o.str("name", &t.Name)
	o.str("url", &t.URL)
	o.str("parent_type", &t.ParentType)
	o.str("parent_id", &t.ParentID)
}

func (c *Change) fields(o *object) {
	o.str("path", &c.Path)
	o.change("old", &c.Old, c.Secret)
	o.change("new", &c.New, c.Secret)
	o.bool("secret", &c.Secret)
}

func (c *Client) fields(o *object) {
	o.addr("ip", &c.IP)
	o.str("ip_kind", &c.IPKind)
	o.str("ip_hash", &c.IPHash)
	o.str("user_agent", &c.UserAgent)
	o.strs("forwarded", &c.Forwarded)
	o.str("country", &c.Country)
	o.str("region", &c.Region)
	integer(o, "asn", &c.ASN)
}

func (r *Request) fields(o *object) {
	o.str("id", &r.ID)
	o.str("method", &r.Method)
	o.str("route", &r.Route)
	o.str("session_id", &r.SessionID)
	o.str("credential_id", &r.CredentialID)
	o.str("trace_id", &r.TraceID)
	o.str("span_id", &r.SpanID)
	o.str("correlation_id", &r.CorrelationID)
	o.str("causation_id", &r.CausationID)
	o.str("origin", &r.Origin)
}

func (u *AIUsage) fields(o *object) {
	o.str("operation", &u.Operation)
	o.str("provider", &u.Provider)
	o.str("model", &u.Model)
	o.str("model_requested", &u.ModelRequested)
	o.str("previous_model", &u.PreviousModel)
	integer(o, "input_tokens", &u.InputTokens)
	integer(o, "output_tokens", &u.OutputTokens)
	integer(o, "cached_tokens", &u.CachedTokens)
	integer(o, "cache_write_tokens", &u.CacheWriteTokens)
	integer(o, "reasoning_tokens", &u.ReasoningTokens)
	o.micros("cost_micros", &u.CostMicros)
	o.str("currency", &u.Currency)
	o.str("price_version", &u.PriceVersion)
	o.bool("cost_estimated", &u.CostEstimated)
	o.str("conversation_id", &u.ConversationID)
	o.str("message_id", &u.MessageID)
	o.str("response_id", &u.ResponseID)
	o.str("agent_id", &u.AgentID)
	o.str("agent_name", &u.AgentName)
	o.strs("tool_names", &u.ToolNames)
	integer(o, "latency_ms", &u.LatencyMS)
	integer(o, "first_token_ms", &u.FirstTokenMS)
	o.bool("stream", &u.Stream)
	o.str("finish_reason", &u.FinishReason)
	o.str("prompt_sha256", &u.PromptSHA256)
	o.str("response_sha256", &u.ResponseSHA256)
}

func (c *Cut) fields(o *object) {
	o.str("path", &c.Path)
	integer(o, "bytes", &c.Bytes)
	o.str("sha256", &c.SHA256)
}

// appendValue appends a JSON value as values.clean leaves it; other types go through encoding/json.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendString(b, v)
	case json.Number:
		if v == "" {
			return append(b, '0')
		}
		if !validNumber(v) {
			return appendString(b, string(v))
		}
		return append(b, v...)
	case []any:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, x)
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		var room [16]string
		for i, k := range sortedKeys(v, room[:0]) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendValue(b, v[k])
		}
		return append(b, '}')
	}
	if t, err := json.Marshal(v); err == nil {
		return append(b, t...)
	}
	return appendString(b, fmt.Sprint(v))
}
