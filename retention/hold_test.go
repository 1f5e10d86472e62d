package retention_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.rules("", month)
			for _, org := range []string{"acme", "globex"} {
				r.record(event(org, "auth.login", org+" login"), event(org, "ai.message.send", org+" message"))
			}
			own, err := r.keeper.SetHold(r.ctx, retention.Hold{ID: "case-7", Org: "acme", Filter: activitylog.CategoryIs("auth"), Reason: "court order"})
			require.NoError(t, err)
			if own.By.ID != "janitor" || own.At.IsZero() || own.Reason != "court order" || own.ID != "case-7" {
				t.Errorf("kept as %+v", own)
			}
			everywhere, err := r.keeper.SetHold(r.ctx, retention.Hold{Filter: parse(t, `"globex message"`)})
			require.NoError(t, err)
			r.clock.set(start.Add(40 * day))
			plan, err := r.keeper.Plan(r.ctx, "")
			require.NoError(t, err)
			if plan.Events != 2 || plan.Held != 2 {
				t.Errorf("the dry run says that %d go and %d are held", plan.Events, plan.Held)
			}
			r.purge("")
			if got := r.left(); !slices.Equal(got, []string{"acme login", "globex message"}) {
				t.Errorf("left %q", got)
			}
			require.NoError(t, r.keeper.LiftHold(r.ctx, "acme", own.ID, "decided"))
			require.NoError(t, r.keeper.LiftHold(r.ctx, "", everywhere.ID, ""))
			r.purge("")
			if got := r.left(); len(got) != 0 {
				t.Errorf("left %q after the holds were lifted", got)
			}
			again, err := r.keeper.SetHold(r.ctx, own)
			require.NoError(t, err)
			if again.ID != "case-7" {
				t.Errorf("set again as %+v", again)
			}
		})
	}
}

func TestHoldErrors(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	h, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme"})
	require.NoError(t, err)
	_, err = r.keeper.SetHold(r.ctx, h)
	require.ErrorIs(t, err, activitylog.ErrInvalid, "twice")
	_, err = r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme", Filter: activitylog.ActorIs(strings.Split(strings.Repeat("x,", 9000), ",")...)})
	require.ErrorIs(t, err, activitylog.ErrInvalid, "a filter that is too long")
	_, err = r.keeper.SetHold(r.ctx, retention.Hold{ID: strings.Repeat("x", 300), Org: "acme"})
	require.ErrorIs(t, err, activitylog.ErrInvalid, "an id that is cut")
	require.ErrorIs(t, r.keeper.LiftHold(r.ctx, "globex", h.ID, ""), activitylog.ErrNotFound, "of another organization")
	require.ErrorIs(t, r.keeper.LiftHold(r.ctx, "", h.ID, ""), activitylog.ErrNotFound, "of the platform")
	require.NoError(t, r.keeper.LiftHold(r.ctx, "acme", h.ID, ""))
	require.ErrorIs(t, r.keeper.LiftHold(r.ctx, "acme", h.ID, ""), activitylog.ErrNotFound, "twice")
	if err := r.keeper.SetRules(t.Context(), "", nil, ""); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("a decision without an actor: %v", err)
	}
	for name, rule := range map[string]retention.Rule{
		"no name": {Max: 1}, "no age": {Name: "a"}, "negative": {Name: "a", Min: -1}, "too long": {Name: "a", Max: 1 << 30}, "maximum below minimum": {Name: "a", Min: 2, Max: 1},
	} {
		if err := r.keeper.SetRules(r.ctx, "", []retention.Rule{rule}, ""); !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	require.ErrorIs(t, r.keeper.SetRules(r.ctx, "", []retention.Rule{month, month}, ""), activitylog.ErrInvalid)
}

// TestHostileHolds sets holds with texts that could be taken for others.
func TestHostileHolds(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for _, text := range []string{"NUL \x00", "bad \xff UTF-8", "\ufeff", "\u202e bidi", "\r\nline", `quote " and \`, "-x", "(a or b)", "*", "\ud7ff", strings.Repeat("é", 100)} {
				h, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme", Filter: activitylog.ActorIs(text), Reason: text})
				require.NoError(t, err, "%q", text)
				holds, err := r.keeper.Holds(r.ctx, "acme")
				require.NoError(t, err)
				if want := activitylog.ActorIs(text).String(); len(holds) != 1 || holds[0].Filter.String() != want {
					t.Errorf("%q is kept as %+v", text, holds)
				}
				require.NoError(t, r.keeper.LiftHold(r.ctx, "acme", h.ID, text))
			}
		})
	}
}

// TestClockOfAnotherHost lifts a hold on a host whose clock is behind that on which it was set.
func TestClockOfAnotherHost(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	h, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme"})
	require.NoError(t, err)
	r.clock.set(start.Add(-10 * time.Minute))
	require.NoError(t, r.keeper.LiftHold(r.ctx, "acme", h.ID, ""))
	holds, err := r.keeper.Holds(r.ctx, "acme")
	require.NoError(t, err)
	require.Empty(t, holds)
	r.rules("", month)
	r.clock.set(start.Add(-20 * time.Minute))
	r.rules("", retention.Rule{Name: "later", Max: 5})
	rules, err := r.keeper.Rules(r.ctx, "")
	require.NoError(t, err)
	if rules[0].Name != "later" {
		t.Errorf("the rules are %v", rules)
	}
}

// TestForgedDecisions writes decisions as others could: by an import and in outcomes that decide nothing.
func TestForgedDecisions(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.rules("", month)
	h, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme", Filter: activitylog.CategoryIs("auth")})
	require.NoError(t, err)
	r.record(event("acme", "auth.login", "held"), event("acme", "x.y", "due"))
	r.clock.set(start.Add(40 * day))
	lift := activitylog.Event{Org: "acme", Action: "audit.hold.lift", Actor: activitylog.Actor{ID: "mallory"}, Targets: []activitylog.Target{{Type: "hold", ID: h.ID}}}
	rules := r.audits(activitylog.SystemOrg, "audit.config.change")[0]
	rules.ID, rules.Time = uuid.Nil, time.Time{}
	rules.Metadata = map[string]any{"value": []any{map[string]any{"name": "forged", "filter": "", "min_days": 9000}}}
	for _, e := range []activitylog.Event{lift, rules} {
		_, err := r.log.Record(r.ctx, e)
		require.ErrorIs(t, err, activitylog.ErrInvalid)
		e.Backfill = true
		r.record(e)
	}
	r.purge("")
	if got := r.left(); !slices.Equal(got, []string{"held"}) {
		t.Errorf("left %q", got)
	}
}

// slow is a store that takes its time to delete.
type slow struct {
	*memory.Store
	begun func()
}

func (s slow) PruneKeys(ctx context.Context, keys []activitylog.Key) (int, time.Duration, error) {
	s.begun()
	time.Sleep(30 * time.Millisecond)
	return s.Store.PruneKeys(ctx, keys)
}

// TestHoldWhilePurging sets a hold in the middle of a step of another process: it must wait for the step, and what it
// means then stays.
func TestHoldWhilePurging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		r := newRig(t, slow{memory.New(), sync.OnceFunc(func() { close(begun) })})
		r.rules("", month)
		r.many("acme", "auth.login", "old ", 100)
		r.clock.set(start.Add(40 * day))
		keeper := func() *retention.Keeper {
			k, err := retention.New(r.log, r.store, &retention.Options{Now: r.clock.Now, Lease: 300 * time.Millisecond})
			require.NoError(t, err)
			return k
		}
		one, other := keeper(), keeper()
		var purging sync.WaitGroup
		purging.Go(func() {
			if _, err := one.Purge(r.ctx, "", &retention.PurgeOptions{Batch: 10, Load: 0.5}); err != nil {
				t.Errorf("purge: %v", err)
			}
		})
		<-begun
		_, err := other.SetHold(r.ctx, retention.Hold{Org: "acme"})
		require.NoError(t, err)
		then := r.left()
		purging.Wait()
		if now := r.left(); !slices.Equal(then, now) || len(now) == 0 || len(now) == 100 {
			t.Errorf("%d were left when the hold was set, and %d now", len(then), len(now))
		}
	})
}

// TestDeadPurger takes the turn of one who died with it, once the lease is over and not before.
func TestDeadPurger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		err := store.Space("activitylog/retention").Update(t.Context(), func(tx activitylog.SpaceTx) error {
			until, err := time.Now().Add(200 * time.Millisecond).MarshalText()
			require.NoError(t, err)
			return tx.Put([]byte("lease"), []byte(`{"owner":"`+uuid.NewString()+`","until":"`+string(until)+`"}`))
		})
		require.NoError(t, err)
		log, err := activitylog.New(store, nil)
		require.NoError(t, err)
		defer log.Close(t.Context())
		k, err := retention.New(log, store, &retention.Options{Lease: time.Second})
		require.NoError(t, err)
		began := time.Now()
		ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "ana"})
		require.NoError(t, k.SetRules(ctx, "", nil, ""))
		if waited := time.Since(began); waited < 200*time.Millisecond || waited > 250*time.Millisecond {
			t.Errorf("waited %v", waited)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, k.SetRules(ended, "", nil, ""), context.Canceled)
	})
}
