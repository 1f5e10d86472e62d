package activitylog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// The logs of these tests sweep by themselves once an operation began, which synctest.Wait lets pass.

func sweep(t *testing.T, l *activitylog.Log) int {
	t.Helper()
	n, err := l.Sweep(t.Context())
	require.NoError(t, err)
	return n
}

func begin(t *testing.T, l *activitylog.Log, message string, expiry time.Duration) *activitylog.Operation {
	t.Helper()
	e := titled(message)
	if expiry > 0 {
		e.Expires = noon.Add(expiry)
	}
	op, err := l.Begin(t.Context(), e)
	require.NoError(t, err)
	synctest.Wait()
	return op
}

// crashed is a store in which a former process, at noon, began operations that it never ended.
func crashed(t *testing.T, names ...string) *memory.Store {
	t.Helper()
	store := memory.New()
	l := logOver(t, store, &activitylog.Options{Now: at(noon)})
	for _, name := range names {
		begin(t, l, name, 0)
	}
	return store
}

func TestSweepClosesWhatACrashLeftOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := crashed(t, "one", "two")
		clock := newHand(noon.Add(15*time.Minute - time.Microsecond))
		l := logOver(t, store, &activitylog.Options{Now: clock.now})
		if n := sweep(t, l); n != 0 {
			t.Errorf("closed %d before they expired", n)
		}
		clock.set(noon.Add(15 * time.Minute))
		if n := sweep(t, l); n != 2 {
			t.Errorf("closed %d, want 2", n)
		}
		list := all(t, l)
		require.Len(t, list, 4)
		e := list[2]
		closes := map[uuid.UUID]bool{list[2].Completes: true, list[3].Completes: true}
		if e.Outcome != activitylog.Unknown || !closes[list[0].ID] || !closes[list[1].ID] || !e.Time.Equal(noon.Add(15*time.Minute)) || !e.Expires.IsZero() {
			t.Errorf("closed by %s", e.AppendJSON(nil))
		}
		if e.Actor.ID != "u1" || e.Action != "project.create" || e.Reason == "" || e.Message != "Ana may have tried to create the project something: "+e.Reason {
			t.Errorf("closed by %s", e.AppendJSON(nil))
		}
		for range 3 {
			clock.set(clock.now().Add(time.Hour))
			if n := sweep(t, l); n != 0 {
				t.Errorf("closed %d again", n)
			}
		}
		if n := len(all(t, l)); n != 4 {
			t.Errorf("%d events, want 4", n)
		}
	})
}

func TestSweepHeedsTheExpiryOfTheEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := newHand(noon)
		l := newLog(t, &activitylog.Options{Now: clock.now, Expiry: time.Hour})
		begin(t, l, "short", time.Minute)
		begin(t, l, "long", 48*time.Hour)
		begin(t, l, "default", 0)
		ended := begin(t, l, "ended", time.Minute)
		_, err := ended.End(t.Context(), nil)
		require.NoError(t, err)
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{30 * time.Second, 0}, {time.Minute, 1}, {59 * time.Minute, 0}, {time.Hour, 1}, {47 * time.Hour, 0}, {48 * time.Hour, 1}, {96 * time.Hour, 0}} {
			clock.set(noon.Add(step.after))
			if n := sweep(t, l); n != step.want {
				t.Errorf("after %v: closed %d, want %d", step.after, n, step.want)
			}
		}
	})
}

func TestSweepClosesDecisions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := newHand(noon)
		l := newLog(t, &activitylog.Options{Now: clock.now, Expiry: time.Hour})
		_, err := l.Begin(decision.With(t.Context()), activitylog.Event{Org: "acme", Action: decision.Purge, Actor: activitylog.Actor{ID: "u1"}})
		require.NoError(t, err)
		clock.set(noon.Add(2 * time.Hour))
		require.Equal(t, 1, sweep(t, l))
	})
}

func TestEndAfterSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := newHand(noon)
		l := newLog(t, &activitylog.Options{Now: clock.now})
		op := begin(t, l, "slow", 0)
		clock.set(noon.Add(time.Hour))
		require.Equal(t, 1, sweep(t, l))
		if _, err := op.End(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		var got []activitylog.Outcome
		for _, e := range all(t, l) {
			if got = append(got, e.Outcome); len(got) > 1 && e.Completes != op.ID() {
				t.Errorf("%s completes %s", e.Outcome, e.Completes)
			}
		}
		if fmt.Sprint(got) != "[pending unknown success]" {
			t.Errorf("outcomes %v", got)
		}
		if n := sweep(t, l); n != 0 {
			t.Errorf("closed %d again", n)
		}
	})
}

func TestSweepsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 50 {
			names = append(names, fmt.Sprint(i))
		}
		store := crashed(t, names...)
		var wg sync.WaitGroup
		for i := range 4 {
			l := logOver(t, store, &activitylog.Options{Now: at(noon.Add(time.Duration(i+20) * time.Minute))})
			for range 2 {
				wg.Go(func() {
					if _, err := l.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if n := len(all(t, logOver(t, store, nil))); n != 100 {
			t.Errorf("%d events, want 50 begun and 50 closed", n)
		}
	})
}

// Processes with different catalogues close an operation with different content; the first one counts.
func TestSweepsWithDifferentCatalogs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := crashed(t, "x")
		c, err := activitylog.DefaultCatalog().With(activitylog.Action{Name: "project.create", Severity: activitylog.High})
		require.NoError(t, err)
		later := activitylog.Options{Now: at(noon.Add(time.Hour))}
		a := logOver(t, store, &later)
		later.Catalog = c
		b := logOver(t, store, &later)
		require.Equal(t, 1, sweep(t, a))
		require.Equal(t, 0, sweep(t, b))
		if n := len(all(t, a)); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	})
}

// Whoever asks for a sweep leaves no traces of their own in what it records.
func TestSweepTakesNothingFromItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := logOver(t, crashed(t, "x"), &activitylog.Options{Now: at(noon.Add(time.Hour))})
		ctx := activitylog.WithClient(t.Context(), activitylog.Client{IP: netip.MustParseAddr("192.0.2.1")})
		ctx = activitylog.WithRequest(activitylog.WithOrg(ctx, "acme", "p9"), activitylog.Request{ID: "r1"})
		_, err := l.Sweep(ctx)
		require.NoError(t, err)
		if e := all(t, l)[1]; e.Client.IP.IsValid() || e.Request.ID != "" || e.Project != "" {
			t.Errorf("closed by %s", e.AppendJSON(nil))
		}
	})
}

// One operation that cannot be closed does not keep the others open, and is not forgotten.
func TestSweepGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		former := logOver(t, store, &activitylog.Options{Now: at(noon)})
		for _, action := range []string{"project.create", "no.longer.known", "project.update"} {
			_, err := former.Begin(t.Context(), event(func(e *activitylog.Event) { e.Action = action }))
			require.NoError(t, err)
		}
		clock := newHand(noon.Add(time.Hour))
		strict := logOver(t, store, &activitylog.Options{Now: clock.now, Strict: true})
		for i, want := range []int{2, 0} {
			if n, err := strict.Sweep(t.Context()); n != want || !errors.Is(err, activitylog.ErrUnknownAction) {
				t.Errorf("sweep %d closed %d, %v, want %d and ErrUnknownAction", i+1, n, err, want)
			}
			clock.set(clock.now().Add(24 * time.Hour))
		}
		lax := logOver(t, store, &activitylog.Options{Now: clock.now})
		if n := sweep(t, lax); n != 1 {
			t.Errorf("closed %d, want the one that was left", n)
		}
	})
}

// A sweep remembers how far back it need not look, for all processes; clocks may be apart by five minutes.
func TestSweepSeesOperationsOfSlowClocks(t *testing.T) {
	t.Parallel()
	for name, capable := range map[string]bool{"with spaces": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var store activitylog.Store = memory.New()
				if !capable {
					store = plain{store}
				}
				fast, slow := newHand(noon), newHand(noon.Add(-4*time.Minute))
				a := logOver(t, store, &activitylog.Options{Now: fast.now})
				b := logOver(t, store, &activitylog.Options{Now: slow.now})
				require.Equal(t, 0, sweep(t, a))
				begin(t, b, "by a slow clock", 0)
				fast.set(noon.Add(time.Hour))
				if n := sweep(t, a); n != 1 {
					t.Errorf("closed %d, want 1", n)
				}
				third := logOver(t, store, &activitylog.Options{Now: fast.now})
				if n := sweep(t, third); n != 0 {
					t.Errorf("a third log closed %d again", n)
				}
			})
		})
	}
}

// noting is a store that notes the filters it is asked for.
type noting struct {
	*memory.Store
	filters []string
}

func (n *noting) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	n.filters = append(n.filters, q.Filter.String())
	return n.Store.Scan(ctx, q)
}

// Where the store has spaces, a new process does not look through all of the past.
func TestSweepStartsWhereTheLastOneEnded(t *testing.T) {
	t.Parallel()
	store := &noting{Store: memory.New()}
	for _, want := range []string{"1700-01-01T00:00:00Z", "2026-03-04T11:55:00Z", "2026-03-04T11:55:00Z"} {
		l := logOver(t, store, &activitylog.Options{Now: at(noon)})
		require.Equal(t, 0, sweep(t, l))
		if got := store.filters[len(store.filters)-1]; got != "outcome:pending time:>="+want {
			t.Errorf("looked for %s, want since %s", got, want)
		}
	}
}

func TestLogSweepsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		former, err := activitylog.New(store, &activitylog.Options{Expiry: time.Minute})
		require.NoError(t, err)
		_, err = former.Begin(t.Context(), titled("crashed"))
		require.NoError(t, err)
		require.NoError(t, former.Close(t.Context()))
		time.Sleep(time.Hour)

		l := logOver(t, store, nil)
		op, err := l.Begin(t.Context(), titled("ours"))
		require.NoError(t, err)
		synctest.Wait()
		if list := all(t, l); len(list) != 3 {
			t.Errorf("%d events, want the crashed one closed at once", len(list))
		}
		time.Sleep(15*time.Minute + 59*time.Second)
		synctest.Wait()
		list := all(t, l)
		if len(list) != 4 || list[3].Completes != op.ID() || list[3].Outcome != activitylog.Unknown {
			t.Errorf("%d events, want ours closed within a minute of its expiry", len(list))
		}
	})
}
