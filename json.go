package activitylog

import (
	"bytes"
	"encoding/base64"
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
	o := openObject(b)
	o.int("schema", schemaVersion)
	o.uuid("id", e.ID)
	o.time("time", e.Time)
	o.time("recorded", e.Recorded)
	o.int("duration_us", e.Duration.Microseconds())
	o.str("org", e.Org)
	o.str("project", e.Project)
	o.str("category", e.Category)
	o.str("action", e.Action)
	o.str("verb", e.Verb)
	o.str("outcome", string(e.Outcome))
	o.str("reason", e.Reason)
	o.str("error_code", e.ErrorCode)
	o.str("severity", string(e.Severity))
	o.str("message", e.Message)
	o.object("actor", func(o *object) { e.Actor.fields(o) })
	o.list("on_behalf_of", len(e.OnBehalfOf), func(o *object, i int) {
		e.OnBehalfOf[i].Actor.fields(o)
		o.str("relation", e.OnBehalfOf[i].Relation)
	})
	o.list("targets", len(e.Targets), func(o *object, i int) { e.Targets[i].fields(o) })
	o.list("changes", len(e.Changes), func(o *object, i int) { e.Changes[i].fields(o) })
	o.object("client", func(o *object) { e.Client.fields(o) })
	o.object("request", func(o *object) { e.Request.fields(o) })
	if e.AI != nil {
		o.key("ai")
		ai := openObject(o.b)
		e.AI.fields(&ai)
		o.b = ai.close()
	}
	o.labels("labels", e.Labels)
	if len(e.Metadata) > 0 {
		o.any("metadata", e.Metadata)
	}
	o.str("retention", e.Retention)
	o.bool("backfill", e.Backfill)
	o.uuid("completes", e.Completes)
	o.time("expires", e.Expires)
	o.list("truncated", len(e.Truncated), func(o *object, i int) {
		o.str("path", e.Truncated[i].Path)
		o.int("bytes", int64(e.Truncated[i].Bytes))
		o.str("sha256", e.Truncated[i].SHA256)
	})
	o.bytes("leaf", e.Leaf)
	o.bytes("opening", e.Opening)
	return o.close()
}

// MarshalJSON returns the form of AppendJSON.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// eventJSON is what UnmarshalJSON reads; AppendJSON writes the same names.
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

func (a *Actor) fields(o *object) {
	o.str("type", string(a.Type))
	o.str("id", a.ID)
	o.str("name", a.Name)
	o.str("email", a.Email)
	o.strs("roles", a.Roles)
	o.str("zone", a.Zone)
	o.str("org", a.Org)
	o.str("version", a.Version)
	o.str("instance", a.Instance)
	o.str("model", a.Model)
}

func (t *Target) fields(o *object) {
	o.str("type", t.Type)
	o.str("id", t.ID)
	o.str("name", t.Name)
	o.str("url", t.URL)
	o.str("parent_type", t.ParentType)
	o.str("parent_id", t.ParentID)
}

func (c *Change) fields(o *object) {
	o.str("path", c.Path)
	o.change("old", c.Old, c.Secret)
	o.change("new", c.New, c.Secret)
	o.bool("secret", c.Secret)
}

func (c *Client) fields(o *object) {
	if c.IP.IsValid() {
		o.str("ip", c.IP.String())
	}
	o.str("ip_kind", c.IPKind)
	o.str("ip_hash", c.IPHash)
	o.str("user_agent", c.UserAgent)
	o.strs("forwarded", c.Forwarded)
	o.str("country", c.Country)
	o.str("region", c.Region)
	o.int("asn", int64(c.ASN))
}

func (r *Request) fields(o *object) {
	o.str("id", r.ID)
	o.str("method", r.Method)
	o.str("route", r.Route)
	o.str("session_id", r.SessionID)
	o.str("credential_id", r.CredentialID)
	o.str("trace_id", r.TraceID)
	o.str("span_id", r.SpanID)
	o.str("correlation_id", r.CorrelationID)
	o.str("causation_id", r.CausationID)
	o.str("origin", r.Origin)
}

func (u *AIUsage) fields(o *object) {
	o.str("operation", u.Operation)
	o.str("provider", u.Provider)
	o.str("model", u.Model)
	o.str("model_requested", u.ModelRequested)
	o.str("previous_model", u.PreviousModel)
	o.int("input_tokens", u.InputTokens)
	o.int("output_tokens", u.OutputTokens)
	o.int("cached_tokens", u.CachedTokens)
	o.int("cache_write_tokens", u.CacheWriteTokens)
	o.int("reasoning_tokens", u.ReasoningTokens)
	if u.CostMicros != nil {
		o.key("cost_micros")
		o.b = strconv.AppendInt(o.b, *u.CostMicros, 10)
	}
	o.str("currency", u.Currency)
	o.str("price_version", u.PriceVersion)
	o.bool("cost_estimated", u.CostEstimated)
	o.str("conversation_id", u.ConversationID)
	o.str("message_id", u.MessageID)
	o.str("response_id", u.ResponseID)
	o.str("agent_id", u.AgentID)
	o.str("agent_name", u.AgentName)
	o.strs("tool_names", u.ToolNames)
	o.int("latency_ms", u.LatencyMS)
	o.int("first_token_ms", u.FirstTokenMS)
	o.bool("stream", u.Stream)
	o.str("finish_reason", u.FinishReason)
	o.str("prompt_sha256", u.PromptSHA256)
	o.str("response_sha256", u.ResponseSHA256)
}

// object writes one JSON object and leaves absent values out. It exists because encoding/json is several times slower
// and this runs for every event that is recorded, compared or exported.
type object struct {
	b     []byte
	start int
}

func openObject(b []byte) object {
	b = append(b, '{')
	return object{b, len(b)}
}

func (o *object) close() []byte { return append(o.b, '}') }

func (o *object) key(k string) {
	if len(o.b) > o.start {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

func (o *object) str(k, v string) {
	if v != "" {
		o.key(k)
		o.b = appendString(o.b, v)
	}
}

func (o *object) int(k string, v int64) {
	if v != 0 {
		o.key(k)
		o.b = strconv.AppendInt(o.b, v, 10)
	}
}

func (o *object) bool(k string, v bool) {
	if v {
		o.key(k)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) uuid(k string, v uuid.UUID) {
	if v != uuid.Nil {
		o.key(k)
		o.b = append(o.b, '"')
		t, _ := v.MarshalText()
		o.b = append(append(o.b, t...), '"')
	}
}

func (o *object) time(k string, v time.Time) {
	if !v.IsZero() {
		o.key(k)
		o.b = append(o.b, '"')
		o.b = v.UTC().AppendFormat(o.b, timeFormat)
		o.b = append(o.b, '"')
	}
}

func (o *object) bytes(k string, v []byte) {
	if len(v) > 0 {
		o.key(k)
		o.b = append(o.b, '"')
		o.b = base64.StdEncoding.AppendEncode(o.b, v)
		o.b = append(o.b, '"')
	}
}

func (o *object) strs(k string, v []string) {
	if len(v) == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i, s := range v {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, s)
	}
	o.b = append(o.b, ']')
}

func (o *object) labels(k string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '{')
	var room [16]string
	for i, name := range sortedKeys(m, room[:0]) {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(appendString(o.b, name), ':')
		o.b = appendString(o.b, m[name])
	}
	o.b = append(o.b, '}')
}

func (o *object) any(k string, v any) {
	o.key(k)
	o.b = appendValue(o.b, v)
}

// change writes one value of a Change; a secret one never, even before the log has cleaned it.
func (o *object) change(k string, v any, secret bool) {
	if v == nil {
		return
	}
	if secret {
		v = secretMark
	}
	o.any(k, v)
}

func (o *object) object(k string, fields func(*object)) {
	before := len(o.b)
	o.key(k)
	in := openObject(o.b)
	fields(&in)
	if len(in.b) == in.start {
		o.b = o.b[:before]
		return
	}
	o.b = in.close()
}

func (o *object) list(k string, n int, fields func(o *object, i int)) {
	if n == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i := range n {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		in := openObject(o.b)
		fields(&in, i)
		o.b = in.close()
	}
	o.b = append(o.b, ']')
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
