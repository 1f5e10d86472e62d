package activitylog

import (
	"context"
	"slices"
)

type contextKey struct{}

// surroundings are what a context knows about the events recorded under it. They are a context themselves, which saves
// each request the allocations of boxing them.
type surroundings struct {
	context.Context
	org, project string
	actor        Actor
	onBehalfOf   []Delegation
	client       Client
	request      Request
}

// Value implements context.Context.
func (s *surroundings) Value(key any) any {
	if key == (contextKey{}) {
		return s
	}
	return s.Context.Value(key)
}

func with(ctx context.Context, change func(*surroundings)) context.Context {
	s := &surroundings{}
	if outer, ok := ctx.Value(contextKey{}).(*surroundings); ok {
		*s = *outer
	}
	s.Context = ctx
	change(s)
	return s
}

// WithOrg returns a context whose events belong to an organization and, if project is not empty, to a project, unless
// they name their own.
func WithOrg(ctx context.Context, org, project string) context.Context {
	return with(ctx, func(s *surroundings) { s.org, s.project = org, project })
}

// WithActor returns a context whose events were done by a, for those in behalf (nearest first), unless they name their own actor.
func WithActor(ctx context.Context, a Actor, behalf ...Delegation) context.Context {
	return with(ctx, func(s *surroundings) { s.actor, s.onBehalfOf = a, slices.Clone(behalf) })
}

// WithClient returns a context whose events came from c, unless they name their own client.
func WithClient(ctx context.Context, c Client) context.Context {
	return with(ctx, func(s *surroundings) { s.client = c })
}

// WithRequest returns a context whose events belong to r. Fields that an event sets itself win one by one.
func WithRequest(ctx context.Context, r Request) context.Context {
	return with(ctx, func(s *surroundings) { s.request = r })
}

// fill completes e from the context.
func fill(ctx context.Context, e *Event) {
	s, ok := ctx.Value(contextKey{}).(*surroundings)
	if !ok {
		return
	}
	if e.Org == "" || e.Org == s.org && e.Project == "" {
		if e.Org == "" {
			e.Org = s.org
		}
		if e.Project == "" {
			e.Project = s.project
		}
	}
	if e.Actor.ID == "" && e.Actor.Type == "" {
		e.Actor = s.actor
		if e.OnBehalfOf == nil {
			e.OnBehalfOf = s.onBehalfOf
		}
	}
	if c := &e.Client; !c.IP.IsValid() && c.IPHash == "" && c.UserAgent == "" && c.Forwarded == nil {
		*c = s.client
	}
	r, d := &e.Request, &s.request
	for _, f := range []struct {
		v *string
		d string
	}{
		{&r.ID, d.ID}, {&r.Method, d.Method}, {&r.Route, d.Route}, {&r.SessionID, d.SessionID},
		{&r.CredentialID, d.CredentialID}, {&r.CorrelationID, d.CorrelationID}, {&r.CausationID, d.CausationID},
		{&r.Origin, d.Origin},
	} {
		if *f.v == "" {
			*f.v = f.d
		}
	}
	if r.TraceID == "" { // else the span would be one of another trace
		r.TraceID = d.TraceID
		if r.SpanID == "" {
			r.SpanID = d.SpanID
		}
	}
}
