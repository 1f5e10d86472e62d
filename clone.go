package activitylog

import (
	"maps"
	"slices"
)

// Clone returns a copy of e that shares nothing that can be changed.
func (e *Event) Clone() Event {
	c := *e
	c.Actor.Roles = slices.Clone(e.Actor.Roles)
	c.OnBehalfOf = slices.Clone(e.OnBehalfOf)
	for i := range c.OnBehalfOf {
		c.OnBehalfOf[i].Roles = slices.Clone(c.OnBehalfOf[i].Roles)
	}
	c.Targets = slices.Clone(e.Targets)
	c.Changes = slices.Clone(e.Changes)
	for i := range c.Changes {
		ch := &c.Changes[i]
		ch.Old, ch.New = cloneValue(ch.Old), cloneValue(ch.New)
	}
	c.Client.Forwarded = slices.Clone(e.Client.Forwarded)
	if e.AI != nil {
		u := *e.AI
		if u.CostMicros != nil {
			cost := *u.CostMicros
			u.CostMicros = &cost
		}
		u.ToolNames = slices.Clone(u.ToolNames)
		c.AI = &u
	}
	c.Labels = maps.Clone(e.Labels)
	if e.Metadata != nil {
		c.Metadata = cloneValue(e.Metadata).(map[string]any)
	}
	c.Truncated = slices.Clone(e.Truncated)
	c.Leaf, c.Opening = slices.Clone(e.Leaf), slices.Clone(e.Opening)
	return c
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = cloneValue(x)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = cloneValue(x)
		}
		return m
	}
	return v
}
