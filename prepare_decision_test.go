package activitylog_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/stretchr/testify/require"
)

// TestForgedDecisions records what state is folded from, in every way that a host can record.
func TestForgedDecisions(t *testing.T) {
	t.Parallel()
	log, err := activitylog.New(memory.New(), nil)
	require.NoError(t, err)
	defer log.Close(t.Context())
	forged := func(action string) activitylog.Event {
		return activitylog.Event{Org: "acme", Action: action, Actor: activitylog.Actor{ID: "u1"}}
	}
	for _, action := range []string{decision.Setting, decision.SetHold, decision.LiftHold, decision.Review, decision.Purge, decision.Erase, decision.Prune, "audit.hold", "audit.config.x"} {
		e := forged(action)
		if _, err := log.Record(t.Context(), e); err == nil {
			t.Errorf("%s was recorded", action)
		} else {
			require.ErrorIs(t, err, activitylog.ErrInvalid)
		}
		if _, err := log.RecordAll(t.Context(), []activitylog.Event{forged("auth.login"), e}); err == nil {
			t.Errorf("%s was recorded among others", action)
		}
		if _, err := log.Submit(t.Context(), e); err == nil {
			t.Errorf("%s was queued", action)
		}
		if _, err := log.Begin(t.Context(), e); err == nil {
			t.Errorf("%s was begun", action)
		}
		e.Backfill = true
		if _, err := log.Record(t.Context(), e); err != nil {
			t.Errorf("%s cannot be imported: %v", action, err)
		}
	}
	if _, err := log.Record(decision.With(t.Context()), forged(decision.SetHold)); err != nil {
		t.Errorf("its own package cannot record it: %v", err)
	}
	for _, action := range []string{"audit.view", "audit.holder", "audit.configuration", "hold.set"} {
		if _, err := log.Record(t.Context(), forged(action)); err != nil {
			t.Errorf("%s is refused: %v", action, err)
		}
	}
}
