package integrity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/retention"
	"github.com/stretchr/testify/require"
)

const canary = "Zanzibar-Canary-77"

func TestErasedPersonLeavesProofs(t *testing.T) {
	t.Parallel()
	for _, parts := range []activitylog.Parts{activitylog.AllParts, activitylog.ActorPart, activitylog.ContentPart | activitylog.ClientPart} {
		t.Run(fmt.Sprint(parts), func(t *testing.T) {
			t.Parallel()
			everyStore(t, func(t *testing.T, r *rig) {
				r.record("acme", 50)
				person := activitylog.WithActor(r.ctx, activitylog.Actor{ID: "p1", Name: canary, Email: canary + "@example.org"})
				for n := range 250 {
					e := event("acme", n)
					e.Reason, e.Client.UserAgent = canary, canary
					_, err := r.log.Record(person, e)
					require.NoError(t, err)
				}
				r.seal()
				r.record("globex", 5)
				require.Equal(t, 250, r.erase(integrity.Erasure{
					Org: "acme", Filter: activitylog.ActorIs("p1"), Parts: parts, Ground: "GDPR art. 17, request 12",
				}))
				if report := r.clean(); report.Erased != 250 {
					t.Errorf("before its record is sealed: %+v", report)
				}
				r.seal()
				if report := r.verifyDeeply(); len(report.Findings) > 0 || report.Erased != 250 {
					t.Errorf("after: %+v", report)
				}
				for e, err := range r.log.Org("acme").Events(r.ctx, activitylog.Query{}) {
					require.NoError(t, err)
					if parts == activitylog.AllParts && strings.Contains(string(e.AppendJSON(nil)), canary) {
						t.Fatalf("left: %s", e.AppendJSON(nil))
					}
				}
			})
		})
	}
}

func TestErasureNeedsAGround(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	for _, x := range []integrity.Erasure{{Org: "acme"}, {Ground: "x"}, {Org: "acme", Ground: "x", Parts: activitylog.ActorPart | activitylog.OpeningPart}, {Org: "acme", Ground: "x", Parts: 1 << 6}} {
		if _, err := integrity.Erase(r.ctx, r.log, r.store, x); err == nil {
			t.Errorf("%+v was taken", x)
		}
	}
}

// TestErasureIsRefused holds events, or keeps all that an organization wrote.
func TestErasureIsRefused(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		keeper, err := retention.New(r.log, r.store, nil)
		require.NoError(t, err)
		for _, org := range []string{"acme", "globex", "initech"} {
			r.record(org, 10)
		}
		_, err = keeper.SetHold(r.ctx, retention.Hold{ID: "case-7", Org: "acme", Filter: activitylog.RequestIs("r3")})
		require.NoError(t, err)
		until := time.Now().Add(time.Hour)
		require.NoError(t, keeper.SetWriteOnce(r.ctx, "globex", until, "17a-4"))
		erase := func(org string) (int, error) {
			return integrity.Erase(r.ctx, r.log, r.store, integrity.Erasure{Org: org, Filter: activitylog.ActorIs("u1"), Ground: "x"})
		}
		for org, want := range map[string]string{"acme": "kept by a hold", "globex": "until " + until.UTC().Format(time.RFC3339)} {
			n, err := erase(org)
			require.ErrorIs(t, err, retention.ErrKept)
			require.ErrorContains(t, err, want)
			require.Zero(t, n)
			require.Empty(t, r.events(org, "audit.erase"))
		}
		n, err := erase("initech")
		require.NoError(t, err)
		require.Equal(t, 10, n)
		require.NoError(t, keeper.LiftHold(r.ctx, "acme", "case-7", ""))
		_, err = keeper.SetHold(r.ctx, retention.Hold{ID: "case-8", Org: "acme", Filter: activitylog.ActionIs("none.such")})
		require.NoError(t, err)
		n, err = erase("acme")
		require.NoError(t, err)
		require.Equal(t, 13, n)
		holds, err := keeper.Holds(r.ctx, "acme")
		require.NoError(t, err)
		if len(holds) != 1 || holds[0].ID != "case-8" || holds[0].By.ID != "[erased]" {
			t.Errorf("holds that an erased person decided: %+v", holds)
		}
		r.seal()
		if report := r.clean(); report.Erased < 20 {
			t.Errorf("got %+v", report)
		}
	})
}
