package otel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/aiusage"
	otelactivity "github.com/activitylog/activitylog/contrib/otel"
	"github.com/activitylog/activitylog/middleware"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

func newLog(t *testing.T) *activitylog.Log {
	t.Helper()
	l, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	return l
}

// events closes the log and returns what it holds.
func events(t *testing.T, l *activitylog.Log) []activitylog.Event {
	t.Helper()
	require.NoError(t, l.Close(t.Context()))
	var list []activitylog.Event
	for e, err := range l.AllOrgs().Events(t.Context(), activitylog.Query{Order: activitylog.Oldest}) {
		require.NoError(t, err)
		list = append(list, e)
	}
	return list
}

func surroundings(ctx context.Context) context.Context {
	return activitylog.WithActor(activitylog.WithOrg(ctx, "acme", "p1"), activitylog.Actor{ID: "u1", Name: "Ana"})
}

func newTracer(t *testing.T, processors ...trace.SpanProcessor) oteltrace.Tracer {
	t.Helper()
	var opts []trace.TracerProviderOption
	for _, p := range processors {
		opts = append(opts, trace.WithSpanProcessor(p))
	}
	provider := trace.NewTracerProvider(opts...)
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider.Tracer("test")
}

func TestTraceIDs(t *testing.T) {
	t.Parallel()
	if trace, span := otelactivity.TraceIDs(t.Context()); trace+span != "" {
		t.Errorf("without a span: %q, %q", trace, span)
	}
	ctx, span := newTracer(t).Start(surroundings(t.Context()), "work")
	defer span.End()
	want := span.SpanContext()

	l := newLog(t)
	m, err := middleware.New(l, &middleware.Options{Trace: otelactivity.TraceIDs, Rules: []middleware.Rule{{Path: "/", Action: "data.view"}}})
	require.NoError(t, err)
	m.Wrap(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	_, err = l.Record(ctx, otelactivity.Event(ctx, activitylog.Event{Action: "data.view"}))
	require.NoError(t, err)
	for _, e := range events(t, l) {
		if e.Request.TraceID != want.TraceID().String() || e.Request.SpanID != want.SpanID().String() {
			t.Errorf("got %+v, want %s and %s", e.Request, want.TraceID(), want.SpanID())
		}
	}
	if e := otelactivity.Event(ctx, activitylog.Event{Request: activitylog.Request{TraceID: "own"}}); e.Request.TraceID != "own" || e.Request.SpanID != "" {
		t.Errorf("an event of another trace became %+v", e.Request)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	type usage = activitylog.AIUsage
	tests := []struct {
		name  string
		attrs []attribute.KeyValue
		want  *usage
	}{
		{"none", nil, nil},
		{"others", []attribute.KeyValue{attribute.String("http.method", "GET")}, nil},
		{"all", []attribute.KeyValue{
			attribute.String("gen_ai.operation.name", "chat"), attribute.String("gen_ai.provider.name", "openai"),
			attribute.String("gen_ai.request.model", "small"), attribute.String("gen_ai.response.model", "small-2026"),
			attribute.Int("gen_ai.usage.input_tokens", 100), attribute.Int("gen_ai.usage.output_tokens", 20),
			attribute.Int("gen_ai.usage.cache_read.input_tokens", 60), attribute.Int("gen_ai.usage.cache_creation.input_tokens", 10),
			attribute.Int("gen_ai.usage.reasoning.output_tokens", 5),
			attribute.String("gen_ai.conversation.id", "c1"), attribute.String("gen_ai.response.id", "r1"),
			attribute.String("gen_ai.agent.id", "a1"), attribute.String("gen_ai.agent.name", "Writer"), attribute.String("gen_ai.tool.name", "search"),
			attribute.StringSlice("gen_ai.response.finish_reasons", []string{"stop", "length"}),
			attribute.String("gen_ai.input.messages", "never read"),
		}, &usage{
			Operation: "chat", Provider: "openai", ModelRequested: "small", Model: "small-2026", InputTokens: 100, OutputTokens: 20,
			CachedTokens: 60, CacheWriteTokens: 10, ReasoningTokens: 5, ConversationID: "c1", ResponseID: "r1", AgentID: "a1",
			AgentName: "Writer", ToolNames: []string{"search"}, FinishReason: "stop",
		}},
		{"older names", []attribute.KeyValue{
			attribute.String("gen_ai.system", "openai"), attribute.Int("gen_ai.usage.prompt_tokens", 100), attribute.Int("gen_ai.usage.completion_tokens", 20),
		}, &usage{Provider: "openai", InputTokens: 100, OutputTokens: 20}},
		{"both names", []attribute.KeyValue{attribute.String("gen_ai.provider.name", "new"), attribute.String("gen_ai.system", "old")}, &usage{Provider: "new"}},
		{"embeddings", []attribute.KeyValue{attribute.String("gen_ai.operation.name", "embeddings")}, &usage{Operation: "embed"}},
		{"unknown operation", []attribute.KeyValue{attribute.String("gen_ai.operation.name", "dream")}, &usage{Operation: "dream"}},
		{"wrong types", []attribute.KeyValue{
			attribute.Int("gen_ai.request.model", 5), attribute.String("gen_ai.usage.input_tokens", "5"), attribute.Int("gen_ai.usage.output_tokens", -5),
			attribute.Int("gen_ai.tool.name", 5), attribute.String("gen_ai.response.finish_reasons", "stop"),
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := otelactivity.Usage(tt.attrs...); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestProcessor(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	prices, err := aiusage.NewPrices(aiusage.Table{Version: "v1", Currency: "USD", Prices: map[string]aiusage.Price{"*": {Input: 1_000_000}}})
	require.NoError(t, err)
	p := otelactivity.NewProcessor(l, &otelactivity.Options{Fill: func(e *activitylog.Event, s trace.ReadOnlySpan) {
		prices.Apply(e.AI, s.EndTime())
		e.Labels = map[string]string{"span": s.Name()}
	}})
	tracer := newTracer(t, p)
	ctx, cancel := context.WithCancel(surroundings(t.Context()))
	span := func(name, operation string, end func(oteltrace.Span)) {
		_, s := tracer.Start(ctx, name, oteltrace.WithAttributes(attribute.String("gen_ai.operation.name", operation)))
		end(s)
		s.End()
	}
	span("chat small", "chat", func(s oteltrace.Span) {
		s.SetAttributes(attribute.String("gen_ai.response.model", "small"), attribute.Int("gen_ai.usage.input_tokens", 7))
	})
	cancel() // the request has ended before its span
	span("chat large", "chat", func(s oteltrace.Span) {
		s.SetStatus(codes.Error, "rate limited")
		s.SetAttributes(attribute.String("error.type", "429"))
	})
	span("search", "execute_tool", func(oteltrace.Span) {})
	span("writer", "invoke_agent", func(oteltrace.Span) {})
	_, other := tracer.Start(ctx, "query")
	other.SetAttributes(attribute.String("gen_ai.operation.name", "chat")) // too late to be one
	other.End()

	list := events(t, l)
	byName := map[string]activitylog.Event{}
	for _, e := range list {
		byName[e.Labels["span"]] = e
		if e.Org != "acme" || e.Actor.ID != "u1" || len(e.Request.TraceID) != 32 || len(e.Request.SpanID) != 16 {
			t.Errorf("got %s", e.AppendJSON(nil))
		}
	}
	require.Len(t, list, 4)
	if e := byName["chat small"]; e.Action != "ai.message.send" || e.Outcome != activitylog.Success || *e.AI.CostMicros != 7 || e.AI.Model != "small" {
		t.Errorf("got %s", e.AppendJSON(nil))
	}
	if e := byName["chat large"]; e.Outcome != activitylog.Failure || e.Reason != "rate limited" || e.ErrorCode != "429" || e.AI.CostMicros != nil {
		t.Errorf("got %s", e.AppendJSON(nil))
	}
	if byName["search"].Action != "agent.tool.call" || byName["writer"].Action != "agent.run.finish" {
		t.Errorf("got actions %s and %s", byName["search"].Action, byName["writer"].Action)
	}
}

func TestProcessorTellsErrors(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var told error
	p := otelactivity.NewProcessor(l, &otelactivity.Options{OnError: func(err error) { told = err }})
	_, s := newTracer(t, p).Start(t.Context(), "chat", oteltrace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	s.End() // without an organization
	if !errors.Is(told, activitylog.ErrInvalid) {
		t.Errorf("told %v", told)
	}
	none := otelactivity.NewProcessor(l, &otelactivity.Options{Action: func(*activitylog.AIUsage) string { return "" }})
	_, s = newTracer(t, none).Start(surroundings(t.Context()), "chat", oteltrace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	s.End()
	if list := events(t, l); len(list) != 0 {
		t.Errorf("recorded %+v", list)
	}
}
