// Package attempt records how something ended: a function, or a transaction of the host.
//
//	err := attempt.Do(ctx, log, activitylog.Event{Action: "project.delete", Targets: targets}, func(ctx context.Context, e *activitylog.Event) error {
//		return projects.Delete(ctx, id)
//	})
//
// nil is a success, an error that wraps fs.ErrPermission was denied, any other error is a failure with its text as the
// reason. A panic is a failure and goes on. InTx does the same around a transaction: a success is recorded in it, a
// failure outside after it was rolled back.
//
// The event is recorded when it has ended. Log.Begin is for what must leave a trace even if the process dies meanwhile.
package attempt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/activitylog/activitylog"
)

// ErrNotRecorded is wrapped by the error of Do and InTx when the event could not be recorded. Do has run its function
// all the same, and returns the error of that too.
var ErrNotRecorded = errors.New("not recorded")

// Do runs f and records e with how it ended and how long it took. f may add to its event what it learns: targets,
// changes, a reason, or an Outcome, which then wins over what its error says. Its maps are never nil. Do returns the
// error of f, unchanged if the event was recorded.
func Do(ctx context.Context, log *activitylog.Log, e activitylog.Event, f func(context.Context, *activitylog.Event) error) error {
	n := begin(ctx, log, e)
	defer n.ifPanicking()
	err := f(ctx, &n.event)
	n.returned = true
	return n.record(err)
}

// ending is what is left to do when an attempt has ended.
type ending struct {
	ctx      context.Context
	log      *activitylog.Log
	event    activitylog.Event
	begun    time.Time
	returned bool // the function did, neither panicking nor ending its goroutine
}

func begin(ctx context.Context, log *activitylog.Log, e activitylog.Event) *ending {
	e = e.Clone()
	if e.Labels == nil {
		e.Labels = map[string]string{}
	}
	if e.Metadata == nil {
		e.Metadata = map[string]any{}
	}
	return &ending{ctx: ctx, log: log, event: e, begun: time.Now()}
}

// conclude fills what err says.
func (n *ending) conclude(err error) {
	e := &n.event
	if e.Duration == 0 {
		e.Duration = time.Since(n.begun)
	}
	if e.Outcome == "" {
		e.Outcome = Outcome(err)
	}
	if err != nil && e.Reason == "" {
		e.Reason = err.Error()
	}
}

// record records the event and returns err, joined with why it could not be recorded.
func (n *ending) record(err error) error {
	n.conclude(err)
	if _, failed := n.log.Record(n.ctx, n.event); failed != nil {
		return errors.Join(err, fmt.Errorf("%w: %w", ErrNotRecorded, failed))
	}
	return err
}

// ifPanicking records a panic and lets it go on. What it says may quote anything; its type does not.
func (n *ending) ifPanicking() {
	if n.returned {
		return
	}
	v := recover()
	n.event.Outcome = activitylog.Failure
	if v == nil {
		n.record(errors.New("the function ended its goroutine"))
		return
	}
	n.record(fmt.Errorf("the function panicked with a %T", v)) // the panic tells more than an error of recording
	panic(v)
}

// Outcome is what an error says: Success for nil, Denied if it wraps fs.ErrPermission, else Failure.
func Outcome(err error) activitylog.Outcome {
	switch {
	case err == nil:
		return activitylog.Success
	case errors.Is(err, fs.ErrPermission):
		return activitylog.Denied
	}
	return activitylog.Failure
}
