package otel

import (
	"github.com/activitylog/activitylog"
	"go.opentelemetry.io/otel/attribute"
)

// operations are the names of gen_ai.operation.name in the words of AIUsage.Operation. Others are kept.
var operations = map[string]string{
	"chat": "chat", "text_completion": "chat", "generate_content": "chat", "embeddings": "embed",
	"execute_tool": "tool", "invoke_agent": "agent_run", "create_agent": "agent_run",
}

const operationKey attribute.Key = "gen_ai.operation.name"

// Usage reads what a model was asked and used from the attributes of a span. It returns nil where no attribute is about
// generative AI. There is no cost among them; see aiusage.Prices. Texts are not read.
func Usage(attrs ...attribute.KeyValue) *activitylog.AIUsage {
	var u activitylog.AIUsage
	found := false
	for _, a := range attrs {
		set, ok := readers[a.Key]
		if ok && set(&u, a.Value) {
			found = true
		}
	}
	if !found {
		return nil
	}
	return &u
}

// readers take over the value of an attribute, if it is of the type that it should be.
var readers = map[attribute.Key]func(*activitylog.AIUsage, attribute.Value) bool{
	operationKey: func(u *activitylog.AIUsage, v attribute.Value) bool {
		if u.Operation = operations[v.AsString()]; u.Operation == "" {
			u.Operation = v.AsString()
		}
		return v.Type() == attribute.STRING
	},
	"gen_ai.provider.name":   text(func(u *activitylog.AIUsage) *string { return &u.Provider }),
	"gen_ai.system":          text(func(u *activitylog.AIUsage) *string { return &u.Provider }),
	"gen_ai.request.model":   text(func(u *activitylog.AIUsage) *string { return &u.ModelRequested }),
	"gen_ai.response.model":  text(func(u *activitylog.AIUsage) *string { return &u.Model }),
	"gen_ai.conversation.id": text(func(u *activitylog.AIUsage) *string { return &u.ConversationID }),
	"gen_ai.response.id":     text(func(u *activitylog.AIUsage) *string { return &u.ResponseID }),
	"gen_ai.agent.id":        text(func(u *activitylog.AIUsage) *string { return &u.AgentID }),
	"gen_ai.agent.name":      text(func(u *activitylog.AIUsage) *string { return &u.AgentName }),

	"gen_ai.usage.input_tokens":                count(func(u *activitylog.AIUsage) *int64 { return &u.InputTokens }),
	"gen_ai.usage.prompt_tokens":               count(func(u *activitylog.AIUsage) *int64 { return &u.InputTokens }),
	"gen_ai.usage.output_tokens":               count(func(u *activitylog.AIUsage) *int64 { return &u.OutputTokens }),
	"gen_ai.usage.completion_tokens":           count(func(u *activitylog.AIUsage) *int64 { return &u.OutputTokens }),
	"gen_ai.usage.cache_read.input_tokens":     count(func(u *activitylog.AIUsage) *int64 { return &u.CachedTokens }),
	"gen_ai.usage.cache_creation.input_tokens": count(func(u *activitylog.AIUsage) *int64 { return &u.CacheWriteTokens }),
	"gen_ai.usage.reasoning.output_tokens":     count(func(u *activitylog.AIUsage) *int64 { return &u.ReasoningTokens }),

	"gen_ai.tool.name": func(u *activitylog.AIUsage, v attribute.Value) bool {
		if v.Type() == attribute.STRING && v.AsString() != "" {
			u.ToolNames = append(u.ToolNames, v.AsString())
		}
		return v.Type() == attribute.STRING
	},
	"gen_ai.response.finish_reasons": func(u *activitylog.AIUsage, v attribute.Value) bool {
		if list := v.AsStringSlice(); len(list) > 0 {
			u.FinishReason = list[0]
		}
		return v.Type() == attribute.STRINGSLICE
	},
}

func text(field func(*activitylog.AIUsage) *string) func(*activitylog.AIUsage, attribute.Value) bool {
	return func(u *activitylog.AIUsage, v attribute.Value) bool {
		if v.Type() != attribute.STRING {
			return false
		}
		if f := field(u); *f == "" {
			*f = v.AsString()
		}
		return true
	}
}

func count(field func(*activitylog.AIUsage) *int64) func(*activitylog.AIUsage, attribute.Value) bool {
	return func(u *activitylog.AIUsage, v attribute.Value) bool {
		if v.Type() != attribute.INT64 || v.AsInt64() < 0 {
			return false
		}
		if f := field(u); *f == 0 {
			*f = v.AsInt64()
		}
		return true
	}
}
