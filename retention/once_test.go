package retention_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

func TestWriteOnce(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.rules("", month)
			for _, org := range []string{"acme", "globex"} {
				r.record(event(org, "auth.login", org))
			}
			until := start.Add(100 * day)
			require.NoError(t, r.keeper.SetWriteOnce(r.ctx, "acme", until, "17a-4"))
			for _, sooner := range []time.Time{until, until.Add(-time.Second), start.Add(-day)} {
				require.ErrorIs(t, r.keeper.SetWriteOnce(r.ctx, "acme", sooner, ""), activitylog.ErrInvalid)
			}
			kept, err := r.keeper.WriteOnce(r.ctx, "acme")
			require.NoError(t, err)
			require.Equal(t, until, kept)

			r.clock.set(until.Add(-time.Microsecond))
			plan, err := r.keeper.Plan(r.ctx, "")
			require.NoError(t, err)
			if plan.Events != 1 || plan.Held != 1 {
				t.Errorf("the dry run says that %d go and %d are held", plan.Events, plan.Held)
			}
			r.purge("acme")
			r.purge("")
			if got := r.left(); !slices.Equal(got, []string{"acme"}) {
				t.Errorf("left %q", got)
			}
			later := until.Add(10 * day)
			require.NoError(t, r.keeper.SetWriteOnce(r.ctx, "", later, "all of them"))
			r.clock.set(until)
			r.purge("")
			if got := r.left(); !slices.Equal(got, []string{"acme"}) {
				t.Errorf("left %q, which the platform keeps", got)
			}
			r.clock.set(later)
			r.purge("")
			if got := r.left(); len(got) != 0 {
				t.Errorf("left %q behind the time", got)
			}
			told := r.audits("acme", "audit.config.change")
			if len(told) != 1 || told[0].Reason != "17a-4" || told[0].Actor.ID != "janitor" || told[0].Changes[0].New != "2026-06-10T09:00:00Z" {
				t.Errorf("recorded %+v", told)
			}
		})
	}
}

// TestDecisionsComeBetweenSteps sets a hold from another keeper while somebody takes one step after the other.
func TestDecisionsComeBetweenSteps(t *testing.T) {
	t.Parallel()
	r := sqliteRig(t)
	other, err := retention.New(r.log, r.store, &retention.Options{Now: r.clock.Now})
	require.NoError(t, err)
	set := make(chan error)
	seen := false
	for n := 0; !seen; n++ {
		require.NoError(t, t.Context().Err())
		err := r.keeper.Step(r.ctx, "acme", func(_ context.Context, kept activitylog.Filter) error {
			if n == 0 {
				go func() {
					_, err := other.SetHold(r.ctx, retention.Hold{Org: "acme"})
					set <- err
				}()
			}
			seen = kept.Match(&activitylog.Event{})
			return nil
		})
		require.NoError(t, err)
	}
	require.NoError(t, <-set)
}

// TestStepsThatOutlastTheTurn has a step end with its turn twice, and another one always.
func TestStepsThatOutlastTheTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		log, err := activitylog.New(store, nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, log.Close(context.Background())) }()
		keeper, err := retention.New(log, store, nil)
		require.NoError(t, err)
		undone := errors.New("the statement was canceled")
		calls := 0
		step := func(ctx context.Context, slow int) error {
			calls = 0
			return keeper.Step(ctx, "acme", func(ctx context.Context, _ activitylog.Filter) error {
				if calls++; calls > slow {
					return nil
				}
				<-ctx.Done()
				return undone
			})
		}
		require.NoError(t, step(t.Context(), 2))
		require.Equal(t, 3, calls)
		err = step(t.Context(), 100)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, undone)
		require.ErrorContains(t, err, "too slow for a lease of 15s")
		require.Equal(t, 5, calls)
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, step(brief, 100), undone)
		require.Equal(t, 1, calls, "who asked waits no longer")
	})
}
