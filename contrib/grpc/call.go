package grpc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// call is one call that may be recorded.
type call struct {
	i        *Interceptors
	ctx      context.Context // what the handler gets
	method   string
	request  any
	begun    time.Time
	returned bool // the handler did, neither panicking nor ending its goroutine

	mu      sync.Mutex
	skip    bool
	changes []func(*activitylog.Event)
}

type callKey struct{}

func (i *Interceptors) begin(ctx context.Context, method string, request any) *call {
	c := &call{i: i, method: method, request: request, begun: time.Now()}
	ctx = i.http.Context(requestOf(ctx, method))
	c.ctx = context.WithValue(ctx, callKey{}, c)
	return c
}

// Change has f change the event of the call that ctx belongs to, before it is recorded. It is called after the handler
// has returned, in the order of the calls of Change. Without such an event nothing happens. It is safe for concurrent use.
func Change(ctx context.Context, f func(*activitylog.Event)) {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.changes = append(c.changes, f)
	}
}

// Skip keeps the interceptor from recording the call that ctx belongs to, since the handler does it itself.
func Skip(ctx context.Context) {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.skip = true
	}
}

// end records a call whose handler has returned.
func (c *call) end(err error) {
	e := activitylog.Event{Outcome: outcomeOf(status.Code(err))}
	if err != nil {
		s := status.Convert(err)
		e.ErrorCode, e.Reason = s.Code().String(), s.Message()
	}
	c.record(e)
}

// ifPanicking records a panic and lets it go on. What it says may quote anything; its type does not.
func (c *call) ifPanicking() {
	if c.returned {
		return
	}
	e := activitylog.Event{Outcome: activitylog.Failure, ErrorCode: "panic", Reason: "the handler ended its goroutine"}
	v := recover()
	if v != nil {
		e.Reason = fmt.Sprintf("the handler panicked with a %T", v)
	}
	c.record(e)
	if v != nil {
		panic(v)
	}
}

func (c *call) record(e activitylog.Event) {
	c.mu.Lock()
	skip, changes := c.skip, c.changes
	c.mu.Unlock()
	rule := c.i.pick(c.method, e.Outcome)
	if rule == nil || skip {
		return
	}
	e.ID, e.Action, e.Time, e.Duration = uuid.Must(uuid.NewV7()), rule.Action, c.begun, time.Since(c.begun)
	if rule.Fill != nil && c.request != nil {
		rule.Fill(&e, c.request)
	}
	for _, change := range changes {
		change(&e)
	}
	if err := c.store(e); err != nil {
		c.i.opts.OnError(c.ctx, c.method, err)
		return
	}
	if key := c.i.opts.EventIDKey; key != "" {
		if err := grpc.SetTrailer(c.ctx, metadata.Pairs(key, e.ID.String())); err != nil {
			c.i.opts.OnError(c.ctx, c.method, fmt.Errorf("name the event in the trailer: %w", err))
		}
	}
}

// submitTimeout is how long a call waits for a place in the queue.
const submitTimeout = 10 * time.Second

func (c *call) store(e activitylog.Event) error {
	if !c.i.opts.Submit {
		_, err := c.i.log.Record(c.ctx, e)
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), submitTimeout)
	defer cancel()
	_, err := c.i.log.Submit(ctx, e)
	return err
}

// pick returns the first rule that fits, or nil if the call is not recorded.
func (i *Interceptors) pick(method string, o activitylog.Outcome) *Rule {
	for n := range i.opts.Rules {
		r := &i.opts.Rules[n]
		begin, all := strings.CutSuffix(r.Method, "*")
		if method != r.Method && (!all || !strings.HasPrefix(method, begin)) || len(r.Outcomes) > 0 && !slices.Contains(r.Outcomes, o) {
			continue
		}
		if r.Action == "" {
			return nil
		}
		return r
	}
	return nil
}

func outcomeOf(code codes.Code) activitylog.Outcome {
	switch code {
	case codes.OK:
		return activitylog.Success
	case codes.PermissionDenied, codes.Unauthenticated:
		return activitylog.Denied
	}
	return activitylog.Failure
}
