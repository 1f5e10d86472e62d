package slogevent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"github.com/activitylog/activitylog"
)

// Key is the key of the attribute that marks a record.
const Key = "activity"

// Mark makes the record, or all of a logger that it is given to by With, an event of the action. Other handlers show it
// as activity=action. Within a group it marks nothing.
func Mark(action string, targets ...activitylog.Target) slog.Attr {
	return slog.Any(Key, mark{action, targets})
}

type mark struct {
	action  string
	targets []activitylog.Target
}

// LogValue implements slog.LogValuer.
func (m mark) LogValue() slog.Value { return slog.StringValue(m.action) }

// HandlerOptions are the choices of a host. The zero value is ready to use.
type HandlerOptions struct {
	// Level is the lowest of records that become events, whatever the next handler wants to see; default slog.LevelInfo.
	Level slog.Leveler
	// Submit queues events instead of waiting until they are durable. See activitylog.Log.Submit.
	Submit bool
}

// Handler records marked records and hands all on to the next handler.
//
// The message of the record is that of the event. An attribute with an error is its reason and makes the outcome
// Failure, or Denied if the error wraps fs.ErrPermission; so does the level Error without one. A record that cannot be
// recorded is told to the next handler at level Error.
type Handler struct {
	log   *activitylog.Log
	opts  HandlerOptions
	next  slog.Handler
	mark  *mark
	attrs []placed
	group []string
}

// placed is an attribute that With gave, and the groups that were open then.
type placed struct {
	group []string
	attr  slog.Attr
}

// NewHandler returns a handler that records into log. nil options mean defaults.
func NewHandler(log *activitylog.Log, next slog.Handler, opts *HandlerOptions) *Handler {
	h := &Handler{log: log, next: next}
	if opts != nil {
		h.opts = *opts
	}
	if h.opts.Level == nil {
		h.opts.Level = slog.LevelInfo
	}
	return h
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.opts.Level.Level() || h.next.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		if m, ok := a.Value.Any().(mark); ok && a.Key == Key && len(h.group) == 0 {
			c.mark = &m
			continue
		}
		c.attrs = append(c.attrs, placed{h.group, a})
	}
	c.next = h.next.WithAttrs(attrs)
	return &c
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.group = append(slices.Clip(h.group), name)
	c.next = h.next.WithGroup(name)
	return &c
}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	var err error
	if h.next.Enabled(ctx, r.Level) {
		err = h.next.Handle(ctx, r)
	}
	if r.Level < h.opts.Level.Level() {
		return err
	}
	e, marked := h.event(r)
	if !marked {
		return err
	}
	if failed := h.record(ctx, e); failed != nil {
		// slog drops what a handler returns.
		note := slog.NewRecord(r.Time, slog.LevelError, "activity was not recorded", r.PC)
		note.AddAttrs(slog.String("action", e.Action), slog.Any("error", failed))
		return errors.Join(err, failed, h.next.Handle(ctx, note))
	}
	return err
}

func (h *Handler) record(ctx context.Context, e activitylog.Event) error {
	if h.opts.Submit {
		_, err := h.log.Submit(ctx, e)
		return err
	}
	_, err := h.log.Record(ctx, e)
	return err
}

// event makes an event of a record, if it is marked.
func (h *Handler) event(r slog.Record) (activitylog.Event, bool) {
	m := h.mark
	e := activitylog.Event{Time: r.Time, Message: r.Message, Metadata: map[string]any{}}
	if r.Level >= slog.LevelError {
		e.Outcome = activitylog.Failure
	}
	for _, p := range h.attrs {
		add(&e, p.group, p.attr)
	}
	r.Attrs(func(a slog.Attr) bool {
		if own, ok := a.Value.Any().(mark); ok && a.Key == Key && len(h.group) == 0 {
			m = &own
		} else {
			add(&e, h.group, a)
		}
		return true
	})
	if m == nil {
		return e, false
	}
	e.Action, e.Targets = m.action, m.targets
	return e, true
}

// add puts an attribute into the metadata, below its groups.
func add(e *activitylog.Event, group []string, a slog.Attr) {
	v := a.Value.Resolve()
	if err, ok := v.Any().(error); ok && e.Reason == "" {
		e.Reason, e.Outcome = err.Error(), activitylog.Failure
		if errors.Is(err, fs.ErrPermission) {
			e.Outcome = activitylog.Denied
		}
		return
	}
	if a.Key == "" && v.Kind() != slog.KindGroup {
		return // as slog asks of handlers
	}
	m := e.Metadata
	for _, name := range group {
		inner, ok := m[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[name] = inner
		}
		m = inner
	}
	put(m, a.Key, v)
}

func put(m map[string]any, key string, v slog.Value) {
	switch v.Kind() {
	case slog.KindGroup:
		inner := m
		if key != "" { // else its attributes stand where it would
			inner = map[string]any{}
		}
		for _, a := range v.Group() {
			put(inner, a.Key, a.Value.Resolve())
		}
		if key != "" && len(inner) > 0 {
			m[key] = inner
		}
	case slog.KindDuration:
		m[key] = v.Duration().String()
	case slog.KindAny:
		m[key] = plain(v.Any())
	default:
		m[key] = v.Any()
	}
}

// plain is v if it can be stored, or its text: an odd attribute must not keep an event out of the log.
func plain(v any) any {
	if err, ok := v.(error); ok {
		return err.Error()
	}
	if _, err := json.Marshal(v); err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return v
}
