package grpc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// Options are the choices of a host. The zero value fills the context and records nothing.
type Options struct {
	// Middleware says how the context is filled, as for net/http: Identify, Proxies, Origin, RequestIDHeader and Trace.
	// The request that it sees has the metadata of the call as its header. The rest of it is not used.
	Middleware middleware.Options
	// Rules say which calls are recorded. The first that fits wins.
	Rules []Rule
	// EventIDKey is the key of the trailer that names the event of the call. Empty: none.
	EventIDKey string
	// Submit queues events instead of waiting until they are durable.
	Submit bool
	// OnError is told of events that could not be recorded or queued. nil: they are logged by slog.
	OnError func(ctx context.Context, method string, err error)
}

// Rule says which calls are recorded, and as what.
type Rule struct {
	// Method is the full method, "/package.Service/Method", or one that ends in * for all that begin so.
	Method string
	// Outcomes are those that it fits; empty: all.
	Outcomes []activitylog.Outcome
	// Action is that of the event. Empty: what fits is not recorded.
	Action string
	// Fill adds to the event what the request says, such as targets. It is called for unary calls, before the handler.
	// nil: nothing.
	Fill func(e *activitylog.Event, request any)
}

// Interceptors are the interceptors of a server. They are safe for concurrent use.
type Interceptors struct {
	log  *activitylog.Log
	opts Options
	http *middleware.Middleware
}

// New returns interceptors that record into log. nil options mean defaults. Without rules log may be nil.
func New(log *activitylog.Log, opts *Options) (*Interceptors, error) {
	i := &Interceptors{log: log}
	if opts != nil {
		i.opts = *opts
	}
	for n, r := range i.opts.Rules {
		if !strings.HasPrefix(r.Method, "/") || strings.Contains(strings.TrimSuffix(r.Method, "*"), "*") {
			return nil, fmt.Errorf("grpc: rule %d of %d: %w: method %q; use /package.Service/Method, with * only at its end",
				n+1, len(i.opts.Rules), activitylog.ErrInvalid, r.Method)
		}
	}
	if log == nil && len(i.opts.Rules) > 0 {
		return nil, fmt.Errorf("grpc: %w: rules need a log to record into", activitylog.ErrInvalid)
	}
	if i.opts.OnError == nil {
		i.opts.OnError = func(ctx context.Context, method string, err error) {
			slog.ErrorContext(ctx, "activity of a call was not recorded", "method", method, "error", err)
		}
	}
	i.opts.Middleware.Rules = nil
	var err error
	i.http, err = middleware.New(nil, &i.opts.Middleware)
	return i, err
}

// Unary returns the interceptor of calls with one request and one response.
func (i *Interceptors) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		c := i.begin(ctx, info.FullMethod, request)
		defer c.ifPanicking()
		response, err := handler(c.ctx, request)
		c.returned = true
		c.end(err)
		return response, err
	}
}

// Stream returns the interceptor of streams. A stream is one event.
func (i *Interceptors) Stream() grpc.StreamServerInterceptor {
	return func(server any, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		c := i.begin(s.Context(), info.FullMethod, nil)
		defer c.ifPanicking()
		err := handler(server, stream{s, c.ctx})
		c.returned = true
		c.end(err)
		return err
	}
}

// stream is a stream with another context.
type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

// requestOf is a call in the form of a request of net/http.
func requestOf(ctx context.Context, method string) *http.Request {
	r := &http.Request{Method: http.MethodPost, Pattern: method, URL: &url.URL{Path: method}, Header: http.Header{}, Proto: "HTTP/2.0", ProtoMajor: 2}
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		r.RemoteAddr = p.Addr.String()
	}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for key, values := range md {
			r.Header[http.CanonicalHeaderKey(key)] = values
		}
	}
	return r.WithContext(ctx)
}
