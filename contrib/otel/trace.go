package otel

import (
	"context"

	"github.com/activitylog/activitylog"
	"go.opentelemetry.io/otel/trace"
)

// TraceIDs returns the ids of the span that ctx belongs to, or nothing. It has the form of middleware.Options.Trace.
func TraceIDs(ctx context.Context) (traceID, spanID string) {
	s := trace.SpanContextFromContext(ctx)
	if !s.IsValid() {
		return "", ""
	}
	return s.TraceID().String(), s.SpanID().String()
}

// Event returns e with the ids of the span that ctx belongs to, unless e names a trace itself.
func Event(ctx context.Context, e activitylog.Event) activitylog.Event {
	if e.Request.TraceID == "" {
		e.Request.TraceID, e.Request.SpanID = TraceIDs(ctx)
	}
	return e
}
