package activitylog

import "bytes"

// UnmarshalBrief reads of an event in the form of AppendJSON at least what figures are made of: who did what to what, when,
// how it ended and with which model. With more it also reads why it failed, the names of targets and the metadata. What
// only people read, what ties events to requests and to each other, and the evidence are left out, and not looked at,
// damaged or not.
func (e *Event) UnmarshalBrief(data []byte, more bool) error {
	*e = Event{}
	r := jsonReader{b: data, more: more}
	r.object(&object{in: &r}, e.briefFields)
	if !r.failed && r.at == len(data) {
		return nil
	}
	*e = Event{}
	return e.UnmarshalJSON(data)
}

// briefFields are those of fields, in their order.
func (e *Event) briefFields(o *object) {
	r := o.in
	schema, duration := int64(schemaVersion), int64(0)
	integer(o, "schema", &schema)
	r.want(schema == schemaVersion)
	o.uuid("id", &e.ID)
	o.time("time", &e.Time)
	r.skip("recorded")
	integer(o, "duration_us", &duration)
	o.str("org", &e.Org)
	r.skip("project")
	o.str("category", &e.Category)
	o.str("action", &e.Action)
	o.str("verb", &e.Verb)
	o.str("outcome", (*string)(&e.Outcome))
	r.only(o, "reason", &e.Reason)
	r.only(o, "error_code", &e.ErrorCode)
	r.skip("severity")
	r.skip("message")
	o.object("actor", func(o *object) { e.Actor.briefFields(o, &e.Actor.Roles, &e.Actor.Zone) })
	listOf(o, "on_behalf_of", &e.OnBehalfOf, (*Delegation).briefFields)
	listOf(o, "targets", &e.Targets, (*Target).briefFields)
	listOf(o, "changes", &e.Changes, (*Change).fields)
	o.object("client", e.Client.briefFields)
	r.skip("request")
	pointer(o, "ai", &e.AI, (*AIUsage).briefFields)
	r.skip("labels")
	if r.more {
		o.values("metadata", &e.Metadata)
	} else {
		r.skip("metadata")
	}
	r.skip("retention")
	o.bool("backfill", &e.Backfill)
	r.skip("completes")
	r.skip("expires")
	r.skip("truncated")
	r.skip("leaf")
	r.skip("opening")
}

func (a *Actor) briefFields(o *object, roles *[]string, zone *string) {
	r := o.in
	o.str("type", (*string)(&a.Type))
	o.str("id", &a.ID)
	r.skip("name")
	r.skip("email")
	if roles != nil {
		o.strs("roles", roles)
		o.str("zone", zone)
	} else {
		r.skip("roles")
		r.skip("zone")
	}
	r.skip("org")
	r.skip("version")
	r.skip("instance")
	r.skip("model")
}

func (d *Delegation) briefFields(o *object) {
	d.Actor.briefFields(o, nil, nil)
	o.str("relation", &d.Relation)
}

func (t *Target) briefFields(o *object) {
	r := o.in
	o.str("type", &t.Type)
	o.str("id", &t.ID)
	r.only(o, "name", &t.Name)
	r.skip("url")
	r.skip("parent_type")
	r.skip("parent_id")
}

func (c *Client) briefFields(o *object) {
	r := o.in
	o.addr("ip", &c.IP)
	r.skip("ip_kind")
	r.skip("ip_hash")
	o.str("user_agent", &c.UserAgent)
	r.skip("forwarded")
	r.skip("country")
	r.skip("region")
	r.skip("asn")
}

func (u *AIUsage) briefFields(o *object) {
	r := o.in
	r.skip("operation")
	o.str("provider", &u.Provider)
	o.str("model", &u.Model)
	r.skip("model_requested")
	r.skip("previous_model")
	integer(o, "input_tokens", &u.InputTokens)
	integer(o, "output_tokens", &u.OutputTokens)
	r.skip("cached_tokens")
	r.skip("cache_write_tokens")
	r.skip("reasoning_tokens")
	o.micros("cost_micros", &u.CostMicros)
	o.str("currency", &u.Currency)
	for _, k := range []string{"price_version", "cost_estimated", "conversation_id", "message_id", "response_id", "agent_id", "agent_name", "tool_names",
		"latency_ms", "first_token_ms", "stream", "finish_reason", "prompt_sha256", "response_sha256"} {
		r.skip(k)
	}
}

// only reads a text that belongs to the longer form, and skips it in the shorter.
func (r *jsonReader) only(o *object, k string, v *string) {
	if r.more {
		o.str(k, v)
	} else {
		r.skip(k)
	}
}

// skip passes over a field, if it comes next.
func (r *jsonReader) skip(k string) {
	if r.key(k) {
		r.skipValue()
	}
}

// skipValue passes over any value, up to what follows it. It looks at no more than where the value ends.
func (r *jsonReader) skipValue() {
	depth := 0
	for ; r.at < len(r.b); r.at++ {
		switch r.b[r.at] {
		case '"':
			if r.skipString(); r.failed {
				return
			}
			r.at-- // the loop goes on behind it
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
		case ',':
			if depth == 0 {
				return
			}
		}
	}
	r.failed = true
}

// skipString passes over a string.
func (r *jsonReader) skipString() {
	for r.at++; r.at < len(r.b); {
		n := bytes.IndexByte(r.b[r.at:], '"')
		if n < 0 {
			break
		}
		end := r.at + n
		slashes := 0
		for i := end - 1; i >= r.at && r.b[i] == '\\'; i-- {
			slashes++
		}
		r.at = end + 1
		if slashes%2 == 0 {
			return
		}
	}
	r.failed = true
}
