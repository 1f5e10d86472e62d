package activitytest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/store/memory"
)

// Recorder is a log in memory with assertions on what was recorded. It is safe for concurrent use.
type Recorder struct {
	// Log is what the application under test records into. It is closed when the test ends.
	Log *activitylog.Log

	t testing.TB
}

// New returns a recorder for one test. nil options mean defaults. Unlike other stores in memory its own takes part in
// transactions, but does not see how they end: what RecordTx recorded counts, committed or not.
func New(t testing.TB, opts *activitylog.Options) *Recorder {
	t.Helper()
	log, err := activitylog.New(store{memory.New()}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := log.Close(ctx); err != nil {
			t.Errorf("the log did not close: %v", err)
		}
	})
	return &Recorder{Log: log, t: t}
}

// store is a store in memory for RecordTx too.
type store struct{ *memory.Store }

func (s store) AppendTx(ctx context.Context, _ activitylog.Tx, events []activitylog.Event) error {
	return s.Append(ctx, events)
}

// Events returns what was recorded, in the order in which it was stored. Submitted events are there when their Pending
// says so.
func (r *Recorder) Events() []activitylog.Event {
	r.t.Helper()
	var list []activitylog.Event
	var after activitylog.Position
	for {
		tailed, next, err := r.Log.Tail(context.Background(), after, 1000)
		if err != nil {
			r.t.Fatal(err)
		}
		if len(tailed) == 0 {
			return list
		}
		for _, t := range tailed {
			list = append(list, t.Event)
		}
		after = next
	}
}

// Exactly fails the test unless these events were recorded, in this order, and no others. Without any it asserts that
// nothing was recorded.
func (r *Recorder) Exactly(want ...Event) {
	r.t.Helper()
	got := r.Events()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = want[i].difference(&got[i]) == ""
	}
	if !ok {
		r.fail("exactly, in this order", want, got, match(want, got))
	}
}

// InAnyOrder fails the test unless these events were recorded, in any order, and no others.
func (r *Recorder) InAnyOrder(want ...Event) {
	r.t.Helper()
	got := r.Events()
	if of := match(want, got); len(got) != len(want) || hasMissing(of) {
		r.fail("exactly, in any order", want, got, of)
	}
}

// Includes fails the test unless these events were recorded, among others.
func (r *Recorder) Includes(want ...Event) {
	r.t.Helper()
	got := r.Events()
	if of := match(want, got); hasMissing(of) {
		r.fail("among others", want, got, of)
	}
}

// match returns for each wanted event the index of one that is as wanted, each taken once, or -1.
func match(want []Event, got []activitylog.Event) []int {
	of, owner := make([]int, len(want)), make([]int, len(got))
	for i := range of {
		of[i] = -1
	}
	for i := range owner {
		owner[i] = -1
	}
	// A wanted event that says little must not take what one that says more needs: others move aside.
	var place func(w int, tried []bool) bool
	place = func(w int, tried []bool) bool {
		for g := range got {
			if tried[g] || want[w].difference(&got[g]) != "" {
				continue
			}
			tried[g] = true
			if owner[g] < 0 || place(owner[g], tried) {
				owner[g], of[w] = w, g
				return true
			}
		}
		return false
	}
	for w := range want {
		place(w, make([]bool, len(got)))
	}
	return of
}

func hasMissing(of []int) bool {
	for _, g := range of {
		if g < 0 {
			return true
		}
	}
	return false
}

// fail says what was wanted, what is missing and why, and what was recorded.
func (r *Recorder) fail(how string, want []Event, got []activitylog.Event, of []int) {
	r.t.Helper()
	var b strings.Builder
	b.WriteString("want " + how + ":")
	if len(want) == 0 {
		b.WriteString("\n\tnothing")
	}
	for w := range want {
		b.WriteString("\n\t" + want[w].String())
		if of[w] < 0 {
			b.WriteString("\n\t\tmissing" + want[w].nearest(got))
		}
	}
	b.WriteString("\ngot:")
	if len(got) == 0 {
		b.WriteString("\n\tnothing")
	}
	for i := range got {
		b.WriteString("\n\t" + Of(&got[i]).String())
	}
	r.t.Error(b.String())
}
