package otel_test

import (
	"context"
	"fmt"
	"log"

	"github.com/activitylog/activitylog"
	otelactivity "github.com/activitylog/activitylog/contrib/otel"
	"github.com/activitylog/activitylog/store/memory"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

func Example() {
	ctx := activitylog.WithOrg(context.Background(), "acme", "")
	ctx = activitylog.WithActor(ctx, activitylog.Actor{ID: "u1", Name: "Ana"})
	activity, err := activitylog.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(otelactivity.NewProcessor(activity, nil)))
	defer provider.Shutdown(ctx)

	// What an instrumented client library does.
	_, span := provider.Tracer("client").Start(ctx, "chat small", oteltrace.WithAttributes(attribute.String("gen_ai.operation.name", "chat")))
	span.SetAttributes(attribute.String("gen_ai.response.model", "small"), attribute.Int("gen_ai.usage.input_tokens", 120))
	span.End()

	if err := activity.Close(ctx); err != nil { // writes what is queued
		log.Fatal(err)
	}
	for e, err := range activity.Org("acme").Events(ctx, activitylog.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Message, e.AI.InputTokens)
	}
	// Output: Ana sent a message with small 120
}
