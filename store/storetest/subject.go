package storetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
)

// need is what a case needs beyond Append and Scan.
type need int

const (
	counts need = 1 << iota
	aggregates
	prunes
	prunesKeys
	erases
	tails
	keepsSpaces
	appendsTx
	reopens
	conflicts
	snapshots
	tailsEvidence
	tailsBrief
	checks
	proves
)

// subject is the store under test in one case.
type subject struct {
	tb    testing.TB
	h     Harness
	ctx   context.Context
	store activitylog.Store
	lag   time.Duration // how long a store may hold back what followers should see
	wrong string        // what the case found; empty: nothing
}

func newSubject(tb testing.TB, h Harness) *subject {
	return &subject{tb: tb, h: h, ctx: tb.Context(), store: h.Open(tb), lag: 20 * time.Second}
}

// lacks says what of n the store does not offer, or "".
func (s *subject) lacks(n need) string {
	_, counter := s.store.(activitylog.Counter)
	_, aggregator := s.store.(activitylog.Aggregator)
	_, pruner := s.store.(activitylog.Pruner)
	_, keyPruner := s.store.(keyPruner)
	_, eraser := s.store.(activitylog.Eraser)
	_, tailer := s.store.(activitylog.Tailer)
	_, spacer := s.store.(activitylog.Spacer)
	_, snapshot := s.store.(snapshotter)
	_, evidence := s.store.(evidenceTailer)
	_, brief := s.store.(briefTailer)
	_, durable := s.store.(prover)
	_, txAppender := s.store.(activitylog.TxAppender)
	for _, x := range []struct {
		need    need
		offered bool
		missing string
	}{
		{counts, counter, "the store is no Counter"},
		{aggregates, aggregator, "the store is no Aggregator"},
		{prunes, pruner, "the store is no Pruner"},
		{prunesKeys, keyPruner, "the store has no PruneKeys"},
		{erases, eraser, "the store is no Eraser"},
		{tails, tailer, "the store is no Tailer"},
		{keepsSpaces, spacer, "the store is no Spacer"},
		{appendsTx, txAppender, "the store is no TxAppender"},
		{reopens, s.h.Reopen != nil, "Harness.Reopen is nil"},
		{snapshots, snapshot, "the store has no Snapshot"},
		{tailsEvidence, evidence, "the store has no TailEvidence"},
		{tailsBrief, brief, "the store has no TailBrief"},
		{checks, n&checks != 0 && s.offersCheck(), "its snapshots have no Check"},
		{proves, durable, "the store has no Durability"},
		{conflicts, !s.h.NoConflict, "Harness.NoConflict is set"},
	} {
		if n&x.need != 0 && !x.offered {
			return x.missing
		}
	}
	return ""
}

// check runs a case and returns what it found wrong, or "". The case has a goroutine of its own, so that a store that
// hangs in spite of its context fails rather than stops the test binary.
func (s *subject) check(c testCase, patience time.Duration) string {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	s.ctx = ctx
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(s)
	}()
	hung := time.NewTimer(patience + patience/10)
	defer hung.Stop()
	select {
	case <-done:
		return s.wrong
	case <-hung.C:
		return fmt.Sprintf("the store hangs: the case does not end after %v", patience)
	}
}

// fatalf ends the case. It may be called by the goroutine of the case only.
func (s *subject) fatalf(format string, args ...any) {
	s.wrong = caller() + ": " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// caller is the place in the case that found something wrong.
func caller() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		base := filepath.Base(f.File)
		if !strings.Contains(f.Function, ".(*subject).") || !more {
			return fmt.Sprintf("%s:%d", base, f.Line)
		}
	}
}

// ok ends the case if there is an error.
func (s *subject) ok(err error, doing string, args ...any) {
	if err != nil {
		s.fatalf("%s: %v", fmt.Sprintf(doing, args...), err)
	}
}

// append appends one batch, which must work.
func (s *subject) append(events ...activitylog.Event) {
	s.ok(s.store.Append(s.ctx, events), "append %d events", len(events))
}

// refuse appends one batch, which must fail with a ConflictError that names the event.
func (s *subject) refuse(err error, e *activitylog.Event) {
	conflict := &activitylog.ConflictError{}
	if !errors.As(err, &conflict) {
		s.fatalf("got error %v instead of a ConflictError", err)
	}
	if conflict.ID != e.ID {
		s.fatalf("the ConflictError names event %s; the one that conflicts is %s", conflict.ID, e.ID)
	}
}

// scan returns what a query yields, which must be events and no error.
func (s *subject) scan(q activitylog.StoreQuery) []activitylog.Event {
	events, err := collect(s.ctx, s.store, q)
	s.ok(err, "scan %s", describe(q))
	return events
}

// collect reads a scan to its end and checks how it ends.
func collect(ctx context.Context, store activitylog.Store, q activitylog.StoreQuery) ([]activitylog.Event, error) {
	var events []activitylog.Event
	var end error
	for e, err := range store.Scan(ctx, q) {
		switch {
		case end != nil:
			return nil, fmt.Errorf("the scan went on after it had yielded the error %v", end)
		case err != nil:
			end = err
			if e.ID != (activitylog.Event{}).ID {
				return nil, fmt.Errorf("the scan yielded event %s together with the error %v", e.ID, err)
			}
		default:
			events = append(events, e)
		}
	}
	return events, end
}

// holds compares the whole store with the list.
func (s *subject) holds(want oracle) {
	for _, order := range orders {
		s.yields(activitylog.StoreQuery{Order: order}, want)
	}
}

// yields compares what a query yields with what the list says.
func (s *subject) yields(q activitylog.StoreQuery, want oracle) {
	s.same(s.scan(q), want.selected(q), "scan "+describe(q))
}

// same compares events one by one.
func (s *subject) same(got, want []activitylog.Event, what string) {
	if d := differentLists(got, want); d != "" {
		s.fatalf("%s: %s", what, d)
	}
}

// together calls f(0) to f(n-1) at once and ends the case with the first error.
func (s *subject) together(n int, f func(i int) error) {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	s.ok(errors.Join(errs...), "%d goroutines at once", n)
}
