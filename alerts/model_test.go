package alerts_test

import (
	"testing"

	"github.com/activitylog/activitylog/alerts"
)

func TestCanonicalModel(t *testing.T) {
	t.Parallel()
	tests := []struct{ provider, model, want string }{
		{"openai", "gpt-4o", "openai/gpt@4o"},
		{"openai", " GPT-4o-2024-08-06 ", "openai/gpt@4o"},
		{"azure", "gpt-4o-latest", "openai/gpt@4o"},
		{"", "openai/gpt-4o", "openai/gpt@4o"},
		{"openai", "gpt-4o-mini", "openai/gpt-mini@4o"},
		{"openai", "gpt-4-0613", "openai/gpt@4"},
		{"openai", "o3-mini", "openai/o3-mini"},
		{"anthropic", "claude-3-5-sonnet-20241022", "anthropic/claude-sonnet@3-5"},
		{"anthropic", "claude-sonnet-4-5", "anthropic/claude-sonnet@4-5"},
		{"bedrock", "us.anthropic.claude-3-5-sonnet-20241022-v2:0", "anthropic/claude-sonnet@3-5"},
		{"vertex_ai", "claude-3-5-sonnet@20241022", "anthropic/claude-sonnet@3-5"},
		{"google", "models/gemini-2.5-pro", "google/gemini-pro@2-5"},
		{"", "llama-3.1-70b-instruct", "meta/llama-instruct@3-1-70b"},
		{"acme", "house-model", "acme/house-model"},
		{"", "", "/"},
	}
	for _, tt := range tests {
		if got := alerts.CanonicalModel(tt.provider, tt.model).String(); got != tt.want {
			t.Errorf("CanonicalModel(%q, %q) = %q, not %q", tt.provider, tt.model, got, tt.want)
		}
	}
}
