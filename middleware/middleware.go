package middleware

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/activitylog/activitylog"
)

// Options are the choices of a host. The zero value fills the context and records nothing.
type Options struct {
	// Identify tells who is asking; a request without an actor is anonymous. It runs before the handler. Where nil, the
	// actor and organization stay those that the context already has, or that handlers set with WithActor and Change.
	Identify func(*http.Request) Identity
	// Proxies are believed about the address of the client. The zero value believes nobody.
	Proxies Proxies
	// Rules say which requests are recorded. The first that fits wins; without one the request is not recorded.
	Rules []Rule
	// Origin is Request.Origin of all events unless Identify gives one: "ui", "api", "mcp" or "webhook".
	Origin string

	// RequestIDHeader is the header that brings an id of the request; default X-Request-Id. An id of more than 128
	// bytes or with other characters than letters, digits and . _ - : / + = @ is replaced by a random one.
	RequestIDHeader string
	// EventIDHeader is the header of the response that names the event of the request. Empty: none. It is sent before
	// the event is stored, so that it promises no more than where to look.
	EventIDHeader string

	// Trace tells the ids of the trace and span that a context belongs to, such as TraceIDs of the OpenTelemetry bridge.
	// Where it is nil or tells none they come from the header traceparent.
	Trace func(context.Context) (traceID, spanID string)

	// Submit queues events instead of waiting until they are durable. See activitylog.Log.Submit.
	Submit bool
	// OnError is told of events that could not be recorded or queued, when the response has already begun. nil: they
	// are logged by slog.
	OnError func(*http.Request, error)
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Identity is who is asking, and for whom.
type Identity struct {
	Org, Project string
	Actor        activitylog.Actor // without Type and ID: anonymous
	OnBehalfOf   []activitylog.Delegation
	SessionID    string // never the secret itself
	CredentialID string // never the secret itself
	Origin       string // empty: Options.Origin
}

// Middleware wraps handlers. It is safe for concurrent use.
type Middleware struct {
	log   *activitylog.Log
	opts  Options
	rules []rule
}

// New returns a middleware that records into log. nil options mean defaults. Without rules log may be nil.
func New(log *activitylog.Log, opts *Options) (*Middleware, error) {
	m := &Middleware{log: log}
	if opts != nil {
		m.opts = *opts
	}
	o := &m.opts
	if err := o.Proxies.prepare(); err != nil {
		return nil, err
	}
	if o.RequestIDHeader == "" {
		o.RequestIDHeader = "X-Request-Id"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnError == nil {
		o.OnError = logError
	}
	for i := range o.Rules {
		r, err := o.Rules[i].compile()
		if err != nil {
			return nil, fmt.Errorf("middleware: rule %d of %d: %w", i+1, len(o.Rules), err)
		}
		m.rules = append(m.rules, r)
	}
	if log == nil && len(m.rules) > 0 {
		return nil, fmt.Errorf("middleware: %w: rules need a log to record into", activitylog.ErrInvalid)
	}
	return m, nil
}

func logError(r *http.Request, err error) {
	slog.ErrorContext(r.Context(), "activity of a request was not recorded", "method", r.Method, "error", err)
}

// Context returns the context of r with what Wrap would put into it, for what is served in another way. It records nothing.
func (m *Middleware) Context(r *http.Request) context.Context { return m.surround(r.Context(), r, "") }

// Wrap returns a handler that does what next does, and records it. It has the form that routers expect of middleware.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := m.candidate(r)
		if first < 0 {
			next.ServeHTTP(w, r.WithContext(m.surround(r.Context(), r, "")))
			return
		}
		x := &exchange{Context: r.Context(), m: m, first: first, begun: m.opts.Now()}
		x.request, x.writer = r, writer{ResponseWriter: w, x: x}
		defer x.end()
		r = r.WithContext(m.surround(x, r, m.rules[first].Path))
		x.request, x.known = r, true
		next.ServeHTTP(x.writer.dress(), r)
		x.returned = true
	})
}
