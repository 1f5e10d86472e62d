package redact

import (
	"maps"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// The names under which helpers of this module put the texts of a model into metadata.
const (
	PromptKey = "prompt"
	AnswerKey = "answer"
)

// textNames are names of metadata that hold what was said to a model or by it.
var textNames = map[string]string{
	PromptKey: "prompt", "prompts": "prompt", "system_prompt": "prompt", "prompt_text": "prompt",
	"gen_ai.prompt": "prompt", "gen_ai.input.messages": "prompt", "gen_ai.system_instructions": "prompt",
	"gen_ai.tool.call.arguments": "prompt",
	AnswerKey:                    "answer", "completion": "answer", "completions": "answer", "response_text": "answer", "answer_text": "answer",
	"gen_ai.completion": "answer", "gen_ai.output.messages": "answer", "gen_ai.tool.call.result": "answer",
}

// Texts returns the names of metadata that count as texts of a model, sorted.
func Texts() []string { return slices.Sorted(maps.Keys(textNames)) }

// modelTexts takes out what was said to a model and by it, or gives the event the retention class of such texts.
func (p *Policy) modelTexts(e *activitylog.Event) {
	for k, v := range e.Metadata {
		kind, ok := textNames[strings.ToLower(k)]
		switch {
		case !ok:
		case p.opts.KeepTexts:
			e.Retention = p.opts.TextRetention
		default:
			e.Metadata[k] = hidden(kind, v)
		}
	}
}
