// Package otel joins a log to OpenTelemetry, in one direction: from traces to events.
//
// TraceIDs gives the events of requests the ids of their span, and Event those of a span within:
//
//	m, err := middleware.New(log, &middleware.Options{Trace: otelactivity.TraceIDs, …})
//	_, err = log.Record(ctx, otelactivity.Event(ctx, activitylog.Event{…}))
//
// A Processor records the spans of calls to AI models, which many client libraries make, as events with their usage;
// Usage reads it from any attributes. The names of the attributes are those of the semantic conventions for generative AI,
// which are still in development; older names are understood too.
package otel
