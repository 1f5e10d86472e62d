package slogevent

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/activitylog/activitylog"
)

// MirrorOptions are the choices of a host. The zero value mirrors all events that the log holds and gets.
type MirrorOptions struct {
	// After is where to begin: activitylog.End for what comes from now on, or a position that Followed was told.
	After activitylog.Position
	// Filter selects events; the zero value selects all.
	Filter activitylog.Filter
	// Followed is told of the position behind each event that was written, so that the host can go on from it later.
	Followed func(activitylog.Position)
	// Level is that of an event; default: Info for the severities up to medium, Warn for high, Error for critical.
	Level func(*activitylog.Event) slog.Level
}

// Mirror writes the events of log to handler, in the order in which they were stored, each with its message, its time
// and a few attributes. It follows the log until ctx ends, and returns why it stopped. A handler that fails stops it
// too. nil options mean defaults.
//
// Escaping is the handler's: those of slog quote what could pass for another line or command a terminal.
func Mirror(ctx context.Context, log *activitylog.Log, handler slog.Handler, opts *MirrorOptions) error {
	o := MirrorOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Level == nil {
		o.Level = levelOf
	}
	for t, err := range log.Watch(ctx, o.After, o.Filter) {
		if err != nil {
			return fmt.Errorf("mirror events: %w", err)
		}
		e := &t.Event
		if level := o.Level(e); handler.Enabled(ctx, level) {
			r := slog.NewRecord(e.Time, level, e.Message, 0)
			r.AddAttrs(attrsOf(e)...)
			if err := handler.Handle(ctx, r); err != nil {
				return fmt.Errorf("mirror event %s: %w", e.ID, err)
			}
		}
		if o.Followed != nil {
			o.Followed(t.Position)
		}
	}
	return ctx.Err()
}

func levelOf(e *activitylog.Event) slog.Level {
	switch e.Severity {
	case activitylog.Critical:
		return slog.LevelError
	case activitylog.High:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// attrsOf says what a reader of many logs needs to find the event again.
func attrsOf(e *activitylog.Event) []slog.Attr {
	attrs := []slog.Attr{slog.String("event_id", e.ID.String())}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("org", e.Org)
	add("project", e.Project)
	add("action", e.Action)
	add("outcome", string(e.Outcome))
	add("severity", string(e.Severity))
	add("error_code", e.ErrorCode)
	add("actor_type", string(e.Actor.Type))
	add("actor_id", e.Actor.ID)
	if len(e.Targets) > 0 {
		add("target_type", e.Targets[0].Type)
		add("target_id", e.Targets[0].ID)
	}
	add("request_id", e.Request.ID)
	add("trace_id", e.Request.TraceID)
	add("span_id", e.Request.SpanID)
	return attrs
}
