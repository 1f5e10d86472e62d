package aiusage

import (
	"context"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/attempt"
)

// Caller records calls of models.
type Caller struct {
	Log    *activitylog.Log
	Prices *Prices // nil: no cost is filled in

	// KeepTexts puts Call.Prompt and Call.Answer into the metadata, as "prompt" and "answer". A redaction policy takes
	// them out again unless it keeps texts too.
	KeepTexts bool
	// Now is the clock by which a price table is chosen; default time.Now.
	Now func() time.Time
}

// Call is what the function of a call fills in.
type Call struct {
	// Usage is what was used: at least Model and the counts of tokens. What it leaves empty is filled: Operation with
	// "chat", LatencyMS with the time that the function took, and the cost by the prices.
	Usage *activitylog.AIUsage
	// Event is what will be recorded. Its maps are never nil.
	Event *activitylog.Event
	// Prompt and Answer are the texts, which are dropped unless Caller.KeepTexts is set.
	Prompt, Answer string

	begun time.Time
}

// FirstToken notes that the first token of a stream has come. Only the first call counts.
func (c *Call) FirstToken() {
	if c.Usage.FirstTokenMS == 0 {
		c.Usage.FirstTokenMS = max(1, time.Since(c.begun).Milliseconds())
	}
}

// Do runs f, which calls the model, and records e with what it used and how it ended, also if it failed. An empty action
// is "ai.message.send". What e.AI holds already is kept. Errors are those of attempt.Do.
func (c *Caller) Do(ctx context.Context, e activitylog.Event, f func(context.Context, *Call) error) error {
	if e.Action == "" {
		e.Action = "ai.message.send"
	}
	if e.AI == nil {
		e.AI = &activitylog.AIUsage{}
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return attempt.Do(ctx, c.Log, e, func(ctx context.Context, e *activitylog.Event) error {
		call := &Call{Usage: e.AI, Event: e, begun: time.Now()}
		err := f(ctx, call)
		e.AI = call.Usage
		u := e.AI
		if u == nil { // the host said that no model was involved
			return err
		}
		if u.Operation == "" {
			u.Operation = "chat"
		}
		if u.LatencyMS == 0 {
			u.LatencyMS = time.Since(call.begun).Milliseconds()
		}
		if c.Prices != nil {
			c.Prices.Apply(u, now())
		}
		if c.KeepTexts {
			for key, text := range map[string]string{"prompt": call.Prompt, "answer": call.Answer} {
				if text != "" {
					e.Metadata[key] = text
				}
			}
		}
		return err
	})
}
