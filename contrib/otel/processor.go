package otel

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// Options are the choices of a host. The zero value is ready to use.
type Options struct {
	// Action names the action of an event with some usage, or nothing to leave it out. Default: "agent.tool.call" for
	// tools, "agent.run.finish" for runs of agents, "ai.message.send" for all else.
	Action func(*activitylog.AIUsage) string
	// Fill adds to the event what the host knows, such as the cost (aiusage.Prices.Apply). nil: nothing.
	Fill func(e *activitylog.Event, span trace.ReadOnlySpan)
	// OnError is told of events that were not taken. nil: they are logged by slog. What is lost behind the queue is told
	// to activitylog.Options.OnLoss.
	OnError func(error)
}

// Processor records spans about generative AI when they end: those that begin with the attribute gen_ai.operation.name,
// as the conventions ask. Organization, actor and request come from the context in which the span began. Events are
// queued by Log.Submit. It is safe for concurrent use.
type Processor struct {
	log  *activitylog.Log
	opts Options

	mu    sync.Mutex
	begun map[spanKey]context.Context
}

// spanKey tells a span from all others.
type spanKey struct {
	trace oteltrace.TraceID
	span  oteltrace.SpanID
}

func keyOf(s trace.ReadOnlySpan) spanKey {
	c := s.SpanContext()
	return spanKey{c.TraceID(), c.SpanID()}
}

// NewProcessor returns a processor for sdk/trace.WithSpanProcessor. nil options mean defaults.
func NewProcessor(log *activitylog.Log, opts *Options) *Processor {
	p := &Processor{log: log, begun: map[spanKey]context.Context{}}
	if opts != nil {
		p.opts = *opts
	}
	if p.opts.Action == nil {
		p.opts.Action = actionOf
	}
	if p.opts.OnError == nil {
		p.opts.OnError = func(err error) { slog.Error("activity of a span was not recorded", "error", err) }
	}
	return p
}

func actionOf(u *activitylog.AIUsage) string {
	switch u.Operation {
	case "tool":
		return "agent.tool.call"
	case "agent_run":
		return "agent.run.finish"
	}
	return "ai.message.send"
}

// OnStart implements trace.SpanProcessor.
func (p *Processor) OnStart(parent context.Context, s trace.ReadWriteSpan) {
	for _, a := range s.Attributes() {
		if a.Key == operationKey {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.begun[keyOf(s)] = context.WithoutCancel(parent)
			return
		}
	}
}

// OnEnd implements trace.SpanProcessor.
func (p *Processor) OnEnd(s trace.ReadOnlySpan) {
	key := keyOf(s)
	p.mu.Lock()
	ctx, ok := p.begun[key]
	delete(p.begun, key)
	p.mu.Unlock()
	if !ok {
		return
	}
	u := Usage(s.Attributes()...)
	if u == nil {
		return
	}
	action := p.opts.Action(u)
	if action == "" {
		return
	}
	e := activitylog.Event{
		Action: action, AI: u, Time: s.EndTime(), Duration: s.EndTime().Sub(s.StartTime()),
		Request: activitylog.Request{TraceID: key.trace.String(), SpanID: key.span.String()},
	}
	u.LatencyMS = e.Duration.Milliseconds()
	if s.Status().Code == codes.Error {
		e.Outcome, e.Reason, e.ErrorCode = activitylog.Failure, s.Status().Description, errorType(s.Attributes())
	}
	if p.opts.Fill != nil {
		p.opts.Fill(&e, s)
	}
	// A span ends where the host works: a full queue may hold it up, but not for long.
	ctx, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	if _, err := p.log.Submit(ctx, e); err != nil {
		p.opts.OnError(fmt.Errorf("record span %s: %w", key.span, err))
	}
}

const submitTimeout = time.Second

func errorType(attrs []attribute.KeyValue) string {
	for _, a := range attrs {
		if a.Key == "error.type" {
			return a.Value.AsString()
		}
	}
	return ""
}

// Shutdown implements trace.SpanProcessor. The log stays open; closing it writes what is queued.
func (*Processor) Shutdown(context.Context) error { return nil }

// ForceFlush implements trace.SpanProcessor.
func (*Processor) ForceFlush(context.Context) error { return nil }
