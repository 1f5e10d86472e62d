package activitylog

import (
	"context"
	"slices"
)

// carrier is a context that knows one thing about the events recorded under it. Being a context itself, and one for
// each thing, it costs a request one small allocation.
type carrier[T any] struct {
	context.Context
	value T
}

type carrierKey[T any] struct{}

// Value implements context.Context.
func (c *carrier[T]) Value(key any) any {
	if key == (carrierKey[T]{}) {
		return &c.value
	}
	return c.Context.Value(key)
}

// carried returns what ctx knows of T, or zero.
func carried[T any](ctx context.Context) (value T) {
	if v, ok := ctx.Value(carrierKey[T]{}).(*T); ok {
		return *v
	}
	return value
}

type scope struct{ org, project string }

type authorship struct {
	actor      Actor
	onBehalfOf []Delegation
}

// WithOrg returns a context whose events belong to an organization and, if project is not empty, to a project, unless
// they name their own.
func WithOrg(ctx context.Context, org, project string) context.Context {
	return &carrier[scope]{ctx, scope{org, project}}
}

// WithActor returns a context whose events were done by a, for those in behalf (nearest first), unless they name their own actor.
func WithActor(ctx context.Context, a Actor, behalf ...Delegation) context.Context {
	return &carrier[authorship]{ctx, authorship{a, slices.Clone(behalf)}}
}

// WithClient returns a context whose events came from c, unless they name their own client.
func WithClient(ctx context.Context, c Client) context.Context {
	return &carrier[Client]{ctx, c}
}

// WithRequest returns a context whose events belong to r. Fields that an event sets itself win one by one.
func WithRequest(ctx context.Context, r Request) context.Context {
	return &carrier[Request]{ctx, r}
}

// fill completes e from the context.
func fill(ctx context.Context, e *Event) {
	s := carried[scope](ctx)
	if e.Org == "" || e.Org == s.org && e.Project == "" {
		if e.Org == "" {
			e.Org = s.org
		}
		if e.Project == "" {
			e.Project = s.project
		}
	}
	if e.Actor.ID == "" && e.Actor.Type == "" {
		by := carried[authorship](ctx)
		e.Actor = by.actor
		if e.OnBehalfOf == nil {
			e.OnBehalfOf = by.onBehalfOf
		}
	}
	if c := &e.Client; !c.IP.IsValid() && c.IPHash == "" && c.UserAgent == "" && c.Forwarded == nil {
		*c = carried[Client](ctx)
	}
	r, d := &e.Request, carried[Request](ctx)
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
