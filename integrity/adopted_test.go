package integrity_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
	"github.com/activitylog/activitylog/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// adopted records n events of acme without evidence, as before there were keys.
func (r *rig) adopted(n int) {
	r.t.Helper()
	plain, err := activitylog.New(r.store, nil)
	require.NoError(r.t, err)
	events := make([]activitylog.Event, n)
	for i := range events {
		events[i] = event("acme", i)
	}
	_, err = plain.RecordAll(r.ctx, events)
	require.NoError(r.t, err)
}

// TestAdoptedEventsAreErased erases events that came without evidence before and after they were sealed.
func TestAdoptedEventsAreErased(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		erase := func(request string, parts activitylog.Parts) {
			t.Helper()
			require.Equal(t, 1, r.erase(integrity.Erasure{Org: "acme", Filter: activitylog.RequestIs(request), Parts: parts, Ground: "asked for it"}))
		}
		r.adopted(9)
		erase("r1", activitylog.ActorPart|activitylog.ContentPart)
		r.seal()
		if got := r.clean(); got.Adopted != 9 || got.Erased != 0 {
			t.Errorf("erased before: %+v", got)
		}
		erase("r2", activitylog.ActorPart)
		erase("r3", activitylog.AllParts)
		if got := r.clean(); got.Erased != 2 {
			t.Errorf("erased after: %+v", got)
		}
		r.seal()
		r.clean()
		bundle := r.bundle(integrity.BundleOptions{Hide: activitylog.TargetPart})
		require.NotContains(t, string(bundle["events.ndjson"]), "Secret plan")
		report := r.verifyBundle(bundle)
		require.Empty(t, report.Findings)
		if report.Hidden == 0 || report.Erased != 2 {
			t.Errorf("with hidden parts: %+v", report)
		}
		if code, said := python(t, "--public", r.public, bundle.save(t)); code != clean {
			t.Errorf("Python ends with %d: %s", code, said)
		}
		// What is not hidden is checked all the same.
		bundle["events.ndjson"] = bytes.Replace(bundle["events.ndjson"], []byte("some words"), []byte("same words"), 1)
		if got := r.verifyBundle(bundle); got.Verdict() != integrity.Tampered {
			t.Errorf("edited: %v", got.Findings)
		}
		if code, said := python(t, "--public", r.public, bundle.save(t)); code != tampered {
			t.Errorf("edited: Python ends with %d: %s", code, said)
		}
		pack := r.verifyEvidence(r.evidence(integrity.EvidenceOptions{Org: "acme", Filter: parseFilter(t, "request:r4,r5")}))
		if len(pack.Findings) > 0 || pack.Partly != 0 || pack.Rows != 2 {
			t.Errorf("evidence: %+v", pack)
		}
		// Nothing that stays would let anybody try what was erased: the salts went with it.
		for e, err := range r.log.Org("acme").Events(r.ctx, activitylog.Query{Filter: activitylog.ActionIs("project.update")}) {
			require.NoError(t, err)
			if gone := e.Actor.ID == "[erased]" && len(e.Targets) > 0 && e.Targets[0].ID == "[erased]"; gone != (len(e.Opening) == 0) {
				t.Errorf("the opening of %+v", e)
			}
		}
		n, err := r.store.(activitylog.Eraser).Erase(r.ctx, activitylog.StoreQuery{Org: "acme", Filter: activitylog.LabelIs("team", "blue"), Limit: 1}, activitylog.ActorPart)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		if got := r.verify().Findings; len(got) != 1 || !strings.Contains(got[0].What, "emptied, and no record") && !strings.Contains(got[0].What, "lost more") {
			t.Errorf("erased quietly: %v", got)
		}
	})
}

// TestAdoptingWhileErasing seals events without evidence while parts of them are erased, by two at once.
func TestAdoptingWhileErasing(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, r *rig) {
		for range 3 {
			r.adopted(20)
			var all sync.WaitGroup
			for _, parts := range []activitylog.Parts{activitylog.ActorPart, activitylog.TargetPart} {
				all.Go(func() {
					_, err := integrity.Erase(r.ctx, r.log, r.store, integrity.Erasure{Org: "acme", Filter: activitylog.ActionIs("project.update"), Parts: parts, Ground: "x"})
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Go(func() {
				if _, err := r.sealer.Seal(r.ctx); err != nil {
					t.Error(err)
				}
			})
			all.Wait()
		}
		r.seal()
		for _, f := range r.verify().Findings { // those of later rounds came without evidence although there were keys
			if f.Check != "adopted" {
				t.Errorf("got %v", f)
			}
		}
		for e, err := range r.log.Org("acme").Events(r.ctx, activitylog.Query{Filter: activitylog.ActionIs("project.update")}) {
			require.NoError(t, err)
			if e.Actor.ID != "[erased]" || e.Targets[0].ID != "[erased]" {
				t.Fatalf("one erasure undid the other: %+v", e)
			}
		}
	})
}

// closedStore is a store that gives no event an opening.
type closedStore struct{ *sqlstore.Store }

func (closedStore) SetOpenings() {}

// closed is a log over such a store.
func closed(t testing.TB) *rig {
	r := sqliteRig(t)
	r.store = closedStore{r.store.(*sqlstore.Store)}
	r.reopen()
	return r
}

// TestAdoptingWithoutOpenings seals what can be fixed, and says what is open.
func TestAdoptingWithoutOpenings(t *testing.T) {
	t.Parallel()
	r := closed(t)
	r.adopted(1)
	r.seal()
	got := r.verify().Findings
	if len(got) != 1 || got[0].Verdict != integrity.Undecided || !strings.HasSuffix(got[0].What, "it leaves open: actor, target, network, metadata, text") {
		t.Errorf("got %v", got)
	}
	r.erase(integrity.Erasure{Org: "acme", Filter: activitylog.ActorIs("u1"), Ground: "x"})
	r.seal()
	attack{"give it an opening", func(a *attacker) {
		a.exec("UPDATE activitylog_events SET opening = ? WHERE leaf IS NULL", []byte{1, 0})
	},
		"changed after it was sealed, in: opening"}.against(t, r, r.verify)
}

func TestAttacksOnAdoptedEvents(t *testing.T) {
	t.Parallel()
	for _, x := range []attack{
		{"give it evidence", func(a *attacker) { a.set(3, "leaf = ?", []byte("x")) }, "in: evidence"},
		{"edit the project", func(a *attacker) { a.set(3, "project = 'p2'") }, "in: data that is never erased"},
		{"edit who acted", func(a *attacker) { a.set(3, "actor_id = 'u2'") }, "in: actor"},
		{"take the opening", func(a *attacker) { a.set(3, "opening = NULL") }, "in: actor, target, network, metadata, text"},
		{"damage the opening", func(a *attacker) { a.set(3, "opening = ?", []byte("x")) }, "in: opening"},
		{"edit a salt", func(a *attacker) {
			opening := a.bytes("SELECT opening FROM activitylog_events WHERE id = ?", a.nth(3))
			a.set(3, "opening = ?", flip(opening, 3))
		}, "in: actor"},
		{"delete it", func(a *attacker) { a.remove(3) }, "the row is gone, and no purge tells why"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := sqliteRig(t)
			r.adopted(5)
			r.seal()
			x.against(t, r, r.verify)
		})
	}
}
