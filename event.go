package activitylog

import (
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// SystemOrg is the reserved organization of decisions and notices that concern no single organization.
const SystemOrg = "activitylog"

// Event says who did what, when and where, and how it ended. It is a value: the log copies what it keeps, so the
// caller may change its maps and slices afterwards. Only Org, Action and Actor must be given; the log fills the rest.
type Event struct {
	// ID identifies the event within its organization. Zero: a UUIDv7 is minted. Repeating ID and Time makes a retry safe.
	ID uuid.UUID
	// Time is when it happened, as the host claims it, in UTC microseconds. Zero: the time inside ID, or else now.
	Time time.Time
	// Recorded is when the log took the event. The log sets it; it is no part of the content.
	Recorded time.Time
	// Duration is how long the act took, in whole microseconds. Zero: not measured.
	Duration time.Duration

	Org      string // the tenant; required, or Options.DefaultOrg
	Project  string // the second scope; may be empty
	Category string // empty: the catalogue's, else the first segment of Action
	Action   string // what was tried, as object.verb: "auth.login", never "auth.login_failed"
	Verb     string // create, read, update, delete, execute, access or other; empty: the catalogue's

	Outcome   Outcome  // empty: Success
	Reason    string   // why it failed or was denied, or the actor's own comment
	ErrorCode string   // the source's own code, such as "rate_limited" or "403"
	Severity  Severity // how soon a person should look; empty: the catalogue's, one step up unless it succeeded
	Message   string   // one sentence for people; empty: rendered from the catalogue

	Actor      Actor        // who really acted
	OnBehalfOf []Delegation // whose identity or authority was used; nearest first
	Targets    []Target     // what was acted on; the first is the primary one
	Changes    []Change     // the fields that changed
	Client     Client
	Request    Request
	AI         *AIUsage          // nil: no model was involved
	Labels     map[string]string // indexed, for filters of the host
	Metadata   map[string]any    // any JSON object; numbers come back as json.Number, exactly as given

	Retention string    // retention class; empty: the catalogue's
	Backfill  bool      // imported or written after the fact: detectors judge it as history
	Completes uuid.UUID // the pending event that this one ends; see Log.Begin
	Expires   time.Time // pending events only: when an unfinished operation counts as abandoned
	Truncated []Cut     // what was over a limit and how large it was; set by the log

	Leaf    []byte // evidence, opaque to stores, never changed
	Opening []byte // what opens the evidence, opaque to stores, can be erased
}

// ActorType says what kind of actor acted. Unknown types are kept as given.
type ActorType string

// The actor types.
const (
	User      ActorType = "user"      // a human; the zero value counts as User where an ID is given
	Service   ActorType = "service"   // a service account or API client
	APIKey    ActorType = "api_key"   // a key that stands for itself
	Agent     ActorType = "agent"     // an AI agent
	System    ActorType = "system"    // a scheduler, a migration, the platform itself; ID may be empty
	Support   ActorType = "support"   // staff of the vendor
	Anonymous ActorType = "anonymous" // nobody is signed in; ID may be empty
)

// Actor is who acted. Name and Email are copied in at write time and never joined, so that deleted people keep theirs.
type Actor struct {
	Type     ActorType `json:"type,omitzero"`
	ID       string    `json:"id,omitzero"`
	Name     string    `json:"name,omitzero"`
	Email    string    `json:"email,omitzero"`
	Roles    []string  `json:"roles,omitzero"`    // at the time of the event
	Zone     string    `json:"zone,omitzero"`     // IANA time zone, or a fixed offset as "+05:45", if the host knows it
	Org      string    `json:"org,omitzero"`      // the actor's home, if it is not Event.Org
	Version  string    `json:"version,omitzero"`  // agents: version of the agent
	Instance string    `json:"instance,omitzero"` // agents: the run
	Model    string    `json:"model,omitzero"`    // agents: the model that drives it
}

// The relations of a Delegation.
const (
	Impersonates = "impersonates" // the actor used this identity
	DelegatedBy  = "delegated_by" // the actor acted under this one's authority
)

// Delegation is one link of the chain behind the actor.
type Delegation struct {
	Actor
	Relation string `json:"relation,omitzero"` // Impersonates or DelegatedBy
}

// Target is something that was acted on.
type Target struct {
	Type       string `json:"type,omitzero"`
	ID         string `json:"id,omitzero"`
	Name       string `json:"name,omitzero"`
	URL        string `json:"url,omitzero"`
	ParentType string `json:"parent_type,omitzero"`
	ParentID   string `json:"parent_id,omitzero"`
}

// Change is one field that changed. Old and New are JSON values; nil means absent.
type Change struct {
	Path   string `json:"path,omitzero"`
	Old    any    `json:"old,omitzero"`
	New    any    `json:"new,omitzero"`
	Secret bool   `json:"secret,omitzero"` // the values are never stored, only whether there was one
}

// Client is where the request came from.
type Client struct {
	IP        netip.Addr `json:"ip,omitzero"`
	IPKind    string     `json:"ip_kind,omitzero"`    // empty: the full address; "prefix": the host bits are zero; "hash": IPHash stands for it
	IPHash    string     `json:"ip_hash,omitzero"`    // a keyed hash of the address, where the policy keeps no address
	UserAgent string     `json:"user_agent,omitzero"` // as claimed by the client
	Forwarded []string   `json:"forwarded,omitzero"`  // the claimed proxy chain; untrusted
	Country   string     `json:"country,omitzero"`    // ISO 3166-1 alpha-2
	Region    string     `json:"region,omitzero"`
	ASN       uint32     `json:"asn,omitzero"`
}

// Request ties the event to the request, session and trace that caused it.
type Request struct {
	ID            string `json:"id,omitzero"`
	Method        string `json:"method,omitzero"`
	Route         string `json:"route,omitzero"`
	SessionID     string `json:"session_id,omitzero"`     // never the secret itself
	CredentialID  string `json:"credential_id,omitzero"`  // never the secret itself
	TraceID       string `json:"trace_id,omitzero"`       // W3C
	SpanID        string `json:"span_id,omitzero"`        // W3C
	CorrelationID string `json:"correlation_id,omitzero"` // one operation over several events
	CausationID   string `json:"causation_id,omitzero"`   // the event that caused this one
	Origin        string `json:"origin,omitzero"`         // ui, api, cli, mcp, job, webhook or system
}

// AIUsage is what a model was asked and what it cost. Token counts are as the provider bills them.
type AIUsage struct {
	Operation        string   `json:"operation,omitzero"` // chat, embed, image, tool or agent_run
	Provider         string   `json:"provider,omitzero"`
	Model            string   `json:"model,omitzero"` // the model that answered
	ModelRequested   string   `json:"model_requested,omitzero"`
	PreviousModel    string   `json:"previous_model,omitzero"` // the model before a switch
	InputTokens      int64    `json:"input_tokens,omitzero"`
	OutputTokens     int64    `json:"output_tokens,omitzero"`
	CachedTokens     int64    `json:"cached_tokens,omitzero"`
	CacheWriteTokens int64    `json:"cache_write_tokens,omitzero"`
	ReasoningTokens  int64    `json:"reasoning_tokens,omitzero"`
	CostMicros       *int64   `json:"cost_micros,omitzero"` // millionths of Currency; nil: unknown, which is not zero
	Currency         string   `json:"currency,omitzero"`    // ISO 4217
	PriceVersion     string   `json:"price_version,omitzero"`
	CostEstimated    bool     `json:"cost_estimated,omitzero"`
	ConversationID   string   `json:"conversation_id,omitzero"`
	MessageID        string   `json:"message_id,omitzero"`
	ResponseID       string   `json:"response_id,omitzero"`
	AgentID          string   `json:"agent_id,omitzero"`
	AgentName        string   `json:"agent_name,omitzero"`
	ToolNames        []string `json:"tool_names,omitzero"`
	LatencyMS        int64    `json:"latency_ms,omitzero"`     // until the last token
	FirstTokenMS     int64    `json:"first_token_ms,omitzero"` // until the first token
	Stream           bool     `json:"stream,omitzero"`
	FinishReason     string   `json:"finish_reason,omitzero"`
	PromptSHA256     string   `json:"prompt_sha256,omitzero"`
	ResponseSHA256   string   `json:"response_sha256,omitzero"`
}

// Cut tells that a field was over its limit. The value in the event ends in a visible mark.
type Cut struct {
	Path   string `json:"path"`   // as in the JSON form: "message", "metadata", "changes[3].new"
	Bytes  int    `json:"bytes"`  // of the original
	SHA256 string `json:"sha256"` // of the original, hexadecimal
}
