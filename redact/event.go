package redact

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/activitylog/activitylog"
)

// Redact takes out of e what the policy says. It has the form of activitylog.Options.Redact, and expects values of
// metadata and changes as that gives them. What it has redacted before it leaves as it is.
func (p *Policy) Redact(e *activitylog.Event) error {
	p.texts(e)
	p.address(&e.Client)
	p.modelTexts(e)
	for i := range e.Changes {
		c := &e.Changes[i]
		kind, denied := p.keys.match(c.Path)
		for _, v := range []*any{&c.Old, &c.New} {
			if denied {
				*v = hidden(kind, *v)
			} else {
				*v = p.value(*v)
			}
		}
		c.Path = p.Text(c.Path)
	}
	for _, k := range slices.Sorted(maps.Keys(e.Labels)) {
		v := p.Text(e.Labels[k])
		if kind, denied := p.keys.match(k); denied {
			v = hidden(kind, e.Labels[k]).(string)
		}
		setUnder(e.Labels, k, p.Text(k), v)
	}
	p.object(e.Metadata)
	if p.opts.Host != nil {
		return p.opts.Host(e)
	}
	return nil
}

// texts looks at every text of an event that is not below. Identifiers are among them: a key used as one is a secret.
func (p *Policy) texts(e *activitylog.Event) {
	p.actor(&e.Actor)
	for i := range e.OnBehalfOf {
		p.actor(&e.OnBehalfOf[i].Actor)
	}
	for i := range e.Targets {
		t := &e.Targets[i]
		p.each(&t.ID, &t.Name, &t.URL, &t.ParentID)
	}
	r, c := &e.Request, &e.Client
	p.each(&e.Reason, &e.ErrorCode, &e.Message, &c.UserAgent,
		&r.ID, &r.Route, &r.SessionID, &r.CredentialID, &r.CorrelationID, &r.CausationID)
	for i := range c.Forwarded {
		p.each(&c.Forwarded[i])
	}
	if u := e.AI; u != nil {
		p.each(&u.Model, &u.ModelRequested, &u.PreviousModel, &u.ConversationID, &u.MessageID, &u.ResponseID,
			&u.AgentID, &u.AgentName, &u.FinishReason)
		for i := range u.ToolNames {
			p.each(&u.ToolNames[i])
		}
	}
}

func (p *Policy) actor(a *activitylog.Actor) {
	p.each(&a.ID, &a.Name, &a.Email, &a.Instance)
	for i := range a.Roles {
		p.each(&a.Roles[i])
	}
}

func (p *Policy) each(texts ...*string) {
	for _, s := range texts {
		*s = p.Text(*s)
	}
}

// value returns a value without the secrets in it. Lists and objects change in place.
func (p *Policy) value(v any) any {
	switch v := v.(type) {
	case string:
		return p.Text(v)
	case []any:
		for i := range v {
			v[i] = p.value(v[i])
		}
	case map[string]any:
		p.object(v)
	}
	return v
}

func (p *Policy) object(m map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := m[k]
		if kind, denied := p.keys.match(k); denied {
			v = hidden(kind, v)
		} else {
			v = p.value(v)
		}
		setUnder(m, k, p.Text(k), v)
	}
}

// setUnder puts v in the place of what was under the name old, or under another name if that held a secret.
func setUnder[V any](m map[string]V, old, name string, v V) {
	if name != old {
		delete(m, old)
		for _, taken := m[name]; taken; _, taken = m[name] {
			name += "+"
		}
	}
	m[name] = v
}

// hidden returns the mark in place of a value with a denied name. What only tells whether there is a secret stays.
func hidden(kind string, v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		if v == "" || marked(v) {
			return v
		}
	case json.Number, []any, map[string]any:
	}
	return markOf(kind)
}
