package middleware

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// exchange is one request that may be recorded, and its response. It is the context of the request too, which saves an
// allocation.
type exchange struct {
	context.Context
	m        *Middleware
	request  *http.Request
	first    int // the first rule that may fit
	begun    time.Time
	writer   writer
	id       uuid.UUID
	known    bool // the request holds who asks
	returned bool // the handler did, neither panicking nor ending its goroutine

	mu      sync.Mutex
	skip    bool
	changes []func(*activitylog.Event)
	ended   bool
}

type exchangeKey struct{}

// Value implements context.Context.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

// Change has f change the event of the request that ctx belongs to, before it is recorded. It is called after the
// handler has returned, in the order of the calls of Change, with what the rule and the response have said. Without
// such an event, or when it is too late, nothing happens. It is safe for concurrent use.
func Change(ctx context.Context, f func(*activitylog.Event)) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.mu.Lock()
		defer x.mu.Unlock()
		if !x.ended {
			x.changes = append(x.changes, f)
		}
	}
}

// Skip keeps the middleware from recording the request that ctx belongs to, since the handler does it itself.
func Skip(ctx context.Context) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.skip = true
	}
}

// WithActor is activitylog.WithActor for an authentication that runs behind the middleware: the event of the request
// gets the actor too.
func WithActor(ctx context.Context, a activitylog.Actor, behalf ...activitylog.Delegation) context.Context {
	Change(ctx, func(e *activitylog.Event) { e.Actor, e.OnBehalfOf = a, behalf })
	return activitylog.WithActor(ctx, a, behalf...)
}

// WithOrg is activitylog.WithOrg for a handler behind the middleware: the event of the request gets the organization
// and, unless the rule names one, the project too.
func WithOrg(ctx context.Context, org, project string) context.Context {
	Change(ctx, func(e *activitylog.Event) {
		e.Org = org
		if e.Project == "" {
			e.Project = project
		}
	})
	return activitylog.WithOrg(ctx, org, project)
}

// end records the request. It runs deferred, so that it sees a panic, which it lets go on.
func (x *exchange) end() {
	var reason string
	var panicked any
	if !x.returned {
		if panicked = recover(); panicked == nil {
			reason = "the handler ended its goroutine"
		} else if panicked == http.ErrAbortHandler {
			reason = "the handler aborted the response"
		} else {
			// Not its text, which may quote anything; the server logs that.
			reason = fmt.Sprintf("the handler panicked with a %T", panicked)
		}
	} else {
		x.writer.begin(http.StatusOK)
	}
	x.record(reason)
	if panicked != nil {
		panic(panicked)
	}
}

// record records the request, as a failure if reason says why the handler did not return.
func (x *exchange) record(reason string) {
	x.mu.Lock()
	x.ended = true
	skip, changes := x.skip, x.changes
	x.mu.Unlock()
	if skip {
		return
	}
	e := activitylog.Event{Outcome: outcomeOf(x.writer.status), Reason: reason}
	if reason != "" {
		e.Outcome, e.ErrorCode = activitylog.Failure, "panic"
	} else if x.writer.status >= 400 {
		e.ErrorCode = strconv.Itoa(x.writer.status)
	}
	rule := x.m.pick(x.first, x.request, e.Outcome)
	if rule == nil {
		return
	}
	if !x.known { // Options.Identify panicked
		e.Actor.Type, e.Client = activitylog.Anonymous, x.m.opts.Proxies.Client(x.request)
	}
	rule.apply(&e, pathOf(x.request))
	e.ID, e.Time, e.Duration = x.eventID(), x.begun, x.m.opts.Now().Sub(x.begun)
	if e.Request.Route = routeOf(x.request); e.Request.Route == "" {
		e.Request.Route = rule.Path
	}
	for _, change := range changes {
		change(&e)
	}
	if err := x.store(e); err != nil {
		x.m.opts.OnError(x.request, err)
	}
}

func (x *exchange) store(e activitylog.Event) error {
	ctx := x.request.Context()
	if x.m.opts.Submit {
		// The client may be gone, which must not keep the event out of a full queue.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitTimeout)
		defer cancel()
		_, err := x.m.log.Submit(ctx, e)
		return err
	}
	_, err := x.m.log.Record(ctx, e)
	return err
}

// submitTimeout is how long a request waits for a place in the queue.
const submitTimeout = 10 * time.Second

func outcomeOf(status int) activitylog.Outcome {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return activitylog.Denied
	case status >= 400:
		return activitylog.Failure
	}
	return activitylog.Success
}

// eventID is the id of the event of this request, minted when it is first asked for.
func (x *exchange) eventID() uuid.UUID {
	if x.id == uuid.Nil {
		x.id = uuid.Must(uuid.NewV7())
	}
	return x.id
}

// announce puts the id of the event into the header of the response, if there will be one.
func (x *exchange) announce(status int) {
	name := x.m.opts.EventIDHeader
	if name == "" {
		return
	}
	x.mu.Lock()
	skip := x.skip
	x.mu.Unlock()
	if !skip && x.m.pick(x.first, x.request, outcomeOf(status)) != nil {
		x.writer.Header().Set(name, x.eventID().String())
	}
}
