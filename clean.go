package activitylog

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// cleaner makes one event safe to store: a deep copy, valid text, JSON values in one form, everything within Limits.
type cleaner struct {
	limits      Limits
	listed      int // see maxListed
	delegations int // see maxDelegations
	e           *Event
	values      values
	size        int // at least the size of the JSON form
	keysGone    int // keys that the metadata lost
	in          place
	err         error
}

func newCleaner(e Event, limits Limits) *cleaner {
	return &cleaner{limits: limits, listed: maxListed, delegations: maxDelegations, e: &e, values: values{maxCleaned}}
}

// clean makes the event share nothing with that of the caller that can change, and cleans it part by part.
func (c *cleaner) clean() error {
	c.e.Leaf, c.e.Opening = slices.Clone(c.e.Leaf), slices.Clone(c.e.Opening)
	c.notes()
	c.scopes()
	c.texts()
	c.actors()
	c.targets()
	c.changes()
	c.client()
	c.ai()
	c.labels()
	c.metadata()
	return c.err
}

func (c *cleaner) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// place is the part of the event that is being cleaned. Its path is spelled out only where something is cut.
type place struct {
	name  string // empty: the event itself
	index int    // in a list; negative: no list
}

func (p place) path(field string) string {
	switch {
	case p.name == "":
		return field
	case p.index < 0:
		return p.name + "." + field
	}
	return fmt.Sprintf("%s[%d].%s", p.name, p.index, field)
}

func (c *cleaner) cut(path string, original []byte) {
	path = c.in.path(path)
	// A retry of an event that was already cut keeps the first note.
	if len(c.e.Truncated) < maxNotes && !slices.ContainsFunc(c.e.Truncated, func(x Cut) bool { return x.Path == path }) {
		c.e.Truncated = append(c.e.Truncated, cutOf(path, original))
	}
}

// notes cleans the cuts of an event that was recorded before, as in an import.
func (c *cleaner) notes() {
	list := slices.Clone(c.e.Truncated[:min(len(c.e.Truncated), maxNotes)])
	for i := range list {
		list[i].Path = head(cleanText(list[i].Path), 2*c.limits.ID)
		list[i].SHA256 = head(cleanText(list[i].SHA256), c.limits.ID)
	}
	c.e.Truncated = emptyAsNil(list)
}

// scopes cleans what says whose event it is; too long a value is refused, since cut it would be somebody else's.
func (c *cleaner) scopes() {
	for _, f := range []struct {
		name string
		v    *string
	}{{"Org", &c.e.Org}, {"Project", &c.e.Project}, {"Action", &c.e.Action}, {"Category", &c.e.Category}} {
		*f.v = cleanText(*f.v)
		if len(*f.v) > c.limits.ID {
			c.fail(invalid("%s has %d bytes; use a name of at most %d", f.name, len(*f.v), c.limits.ID))
		}
	}
}

// id cleans an identifier or another short text.
func (c *cleaner) id(path string, s *string) {
	if *s == "" {
		return
	}
	*s = cleanText(*s)
	if len(*s) > c.limits.ID {
		c.cut(path, []byte(*s))
		*s = cutID(*s, c.limits.ID)
	}
	c.size += sizeOf(*s)
}

// sizeOf is at least what a field with the text s adds to the JSON form.
func sizeOf(s string) int { return 6*len(s) + 32 }

// text cleans a text for people.
func (c *cleaner) text(path string, s *string, limit int) {
	if *s == "" {
		return
	}
	*s = cleanText(*s)
	if len(*s) > limit {
		c.cut(path, []byte(*s))
		*s = cutText(*s, limit)
	}
	c.size += sizeOf(*s)
}

func (c *cleaner) name(path string, s *string) { c.text(path, s, c.limits.Name) }

// strs copies a list of short texts.
func (c *cleaner) strs(path string, list []string) []string {
	if len(list) == 0 {
		return nil
	}
	if len(list) > c.listed {
		c.cut(path, []byte(strings.Join(list, "\n")))
		list = list[:c.listed]
	}
	list = slices.Clone(list)
	for i := range list {
		c.id(fmt.Sprintf("%s[%d]", path, i), &list[i])
	}
	return list
}

func (c *cleaner) texts() {
	e := c.e
	c.id("verb", &e.Verb)
	c.id("outcome", (*string)(&e.Outcome))
	c.id("severity", (*string)(&e.Severity))
	c.id("error_code", &e.ErrorCode)
	c.id("retention", &e.Retention)
	c.name("reason", &e.Reason)
	c.text("message", &e.Message, c.limits.Message)
	r := &e.Request
	c.id("request.id", &r.ID)
	c.id("request.method", &r.Method)
	c.name("request.route", &r.Route)
	c.id("request.session_id", &r.SessionID)
	c.id("request.credential_id", &r.CredentialID)
	c.id("request.trace_id", &r.TraceID)
	c.id("request.span_id", &r.SpanID)
	c.id("request.correlation_id", &r.CorrelationID)
	c.id("request.causation_id", &r.CausationID)
	c.id("request.origin", &r.Origin)
}

func (c *cleaner) actor(a *Actor) {
	c.id("type", (*string)(&a.Type))
	c.id("id", &a.ID)
	c.name("name", &a.Name)
	c.name("email", &a.Email)
	a.Roles = c.strs("roles", a.Roles)
	c.id("zone", &a.Zone)
	c.id("org", &a.Org)
	c.id("version", &a.Version)
	c.id("instance", &a.Instance)
	c.id("model", &a.Model)
}

func (c *cleaner) actors() {
	c.in = place{"actor", -1}
	c.actor(&c.e.Actor)
	c.in = place{}
	if len(c.e.OnBehalfOf) == 0 {
		c.e.OnBehalfOf = nil
		return
	}
	list := c.e.OnBehalfOf
	if len(list) > c.delegations {
		c.cut("on_behalf_of", (&Event{OnBehalfOf: list}).AppendJSON(nil))
		list = list[:c.delegations]
	}
	list = slices.Clone(list)
	for i := range list {
		c.in = place{"on_behalf_of", i}
		c.actor(&list[i].Actor)
		c.id("relation", &list[i].Relation)
	}
	c.in = place{}
	c.e.OnBehalfOf = list
}

func (c *cleaner) targets() {
	list := c.e.Targets
	if len(list) == 0 {
		c.e.Targets = nil
		return
	}
	if len(list) > c.limits.Targets {
		c.cut("targets", (&Event{Targets: list}).AppendJSON(nil))
		list = list[:c.limits.Targets]
	}
	list = slices.Clone(list)
	for i := range list {
		t := &list[i]
		c.in = place{"targets", i}
		c.id("type", &t.Type)
		c.id("id", &t.ID)
		c.name("name", &t.Name)
		c.name("url", &t.URL)
		c.id("parent_type", &t.ParentType)
		c.id("parent_id", &t.ParentID)
	}
	c.in = place{}
	c.e.Targets = list
}

// secretMark stands for a secret value; only that there was one is kept.
const secretMark = "[secret]"

func (c *cleaner) changes() {
	list := c.e.Changes
	if len(list) == 0 {
		c.e.Changes = nil
		return
	}
	list = slices.Clone(list)
	for i := range list {
		ch, path := &list[i], fmt.Sprintf("changes[%d]", i)
		for _, v := range []*any{&ch.Old, &ch.New} {
			if ch.Secret && *v != nil {
				*v = secretMark
			}
			clean, err := c.values.clean(*v, maxDepth)
			if err != nil {
				c.fail(invalid("%s: %v", path, err))
			}
			*v = clean
		}
		c.name(path+".path", &ch.Path)
	}
	if len(list) > c.limits.Changes {
		c.cut("changes", (&Event{Changes: list}).AppendJSON(nil))
		list = list[:c.limits.Changes]
	}
	c.e.Changes = list
	c.cutChanges(c.limits.ChangeValue)
}

func (c *cleaner) cutChanges(limit int) {
	for i := range c.e.Changes {
		ch := &c.e.Changes[i]
		c.value(fmt.Sprintf("changes[%d].old", i), &ch.Old, limit)
		c.value(fmt.Sprintf("changes[%d].new", i), &ch.New, limit)
	}
}

// value cuts a JSON value that is over limit to a text with the beginning of it.
func (c *cleaner) value(path string, v *any, limit int) {
	if s, ok := (*v).(string); ok {
		if len(s) > limit {
			c.cut(path, []byte(s))
			*v = cutText(s, limit)
		}
	} else if j := appendValue(nil, *v); len(j) > limit {
		c.cut(path, j)
		*v = cutText(string(j), limit)
	}
	c.size += sizeOf(textOf(*v))
}

func (c *cleaner) client() {
	cl := &c.e.Client
	if cl.IP.IsValid() {
		// A mapped or zoned address is the same client in another spelling.
		cl.IP = cl.IP.Unmap().WithZone("")
	} else {
		cl.IP = netip.Addr{}
	}
	c.id("client.ip_kind", &cl.IPKind)
	c.id("client.ip_hash", &cl.IPHash)
	c.name("client.user_agent", &cl.UserAgent)
	cl.Forwarded = c.strs("client.forwarded", cl.Forwarded)
	c.id("client.country", &cl.Country)
	c.id("client.region", &cl.Region)
}

func (c *cleaner) ai() {
	if c.e.AI == nil {
		return
	}
	u := *c.e.AI
	c.e.AI = &u
	if u.CostMicros != nil {
		cost := *u.CostMicros
		u.CostMicros = &cost
	}
	for _, f := range []struct {
		name string
		v    *string
	}{
		{"operation", &u.Operation}, {"provider", &u.Provider}, {"model", &u.Model}, {"model_requested", &u.ModelRequested},
		{"previous_model", &u.PreviousModel}, {"currency", &u.Currency}, {"price_version", &u.PriceVersion},
		{"conversation_id", &u.ConversationID}, {"message_id", &u.MessageID}, {"response_id", &u.ResponseID},
		{"agent_id", &u.AgentID}, {"agent_name", &u.AgentName}, {"finish_reason", &u.FinishReason},
		{"prompt_sha256", &u.PromptSHA256}, {"response_sha256", &u.ResponseSHA256},
	} {
		if *f.v != "" {
			c.id("ai."+f.name, f.v)
		}
	}
	u.ToolNames = c.strs("ai.tool_names", u.ToolNames)
}

func (c *cleaner) labels() {
	if len(c.e.Labels) == 0 {
		c.e.Labels = nil
		return
	}
	m := make(map[string]string, len(c.e.Labels))
	keys := slices.Sorted(maps.Keys(c.e.Labels))
	if len(keys) > c.limits.Labels {
		c.cut("labels", (&Event{Labels: c.e.Labels}).AppendJSON(nil))
		keys = keys[:c.limits.Labels]
	}
	for _, k := range keys {
		v, short := c.e.Labels[k], cleanText(k)
		if len(short) > c.limits.ID {
			short = cutID(short, c.limits.ID)
			c.cut("labels."+short+" (key)", []byte(cleanText(k)))
		}
		short = freeKey(m, short)
		c.size += sizeOf(short)
		c.id("labels."+short, &v)
		m[short] = v
	}
	c.e.Labels = m
}

func (c *cleaner) metadata() {
	if len(c.e.Metadata) == 0 {
		c.e.Metadata = nil
		return
	}
	v, err := c.values.clean(c.e.Metadata, maxDepth)
	if err != nil {
		c.fail(invalid("metadata: %v", err))
		c.e.Metadata = nil
		return
	}
	c.e.Metadata = v.(map[string]any)
	c.cutMetadata(c.limits.Metadata)
}

// fit brings the event as a whole within its limit: first at the cost of the parts that can be large, then of all.
func (c *cleaner) fit() {
	const others = 2048 // what the log and the catalogue add, and what is no text
	if c.size+sizeOf(c.e.Message)+others <= c.limits.Event || !c.over() {
		return
	}
	for limit := c.limits.ChangeValue / 2; limit >= 64 && c.over(); limit /= 2 {
		c.cutChanges(limit)
	}
	for limit := c.limits.Metadata / 2; limit >= 64 && c.over(); limit /= 2 {
		c.cutMetadata(limit)
	}
	for n := len(c.e.Targets) / 2; n >= 1 && c.over(); n /= 2 {
		c.cut("targets", (&Event{Targets: c.e.Targets}).AppendJSON(nil))
		c.e.Targets = c.e.Targets[:n]
	}
	for n := len(c.e.Changes) / 2; n >= 1 && c.over(); n /= 2 {
		c.cut("changes", (&Event{Changes: c.e.Changes}).AppendJSON(nil))
		c.e.Changes = c.e.Changes[:n]
	}
	for c.over() && c.tighten() {
		c.texts()
		c.actors()
		c.targets()
		c.client()
		c.ai()
		c.labels()
	}
}

// over tells whether the event is over its limit. What tells of cuts does not count, and evidence comes later.
func (c *cleaner) over() bool {
	e := *c.e
	e.Truncated, e.Leaf, e.Opening = nil, nil, nil
	return len(e.AppendJSON(nil)) > c.limits.Event
}

// tighten halves the limits of what every event has, as far as they go.
func (c *cleaner) tighten() bool {
	before := *c
	for _, n := range []*int{&c.limits.ID, &c.limits.Name, &c.limits.Message} {
		*n = max(64, *n/2)
	}
	for _, n := range []*int{&c.limits.Labels, &c.limits.Targets, &c.listed, &c.delegations} {
		*n = max(1, *n/2)
	}
	return c.limits != before.limits || c.listed != before.listed || c.delegations != before.delegations
}
