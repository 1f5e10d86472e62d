package retention_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

var month = retention.Rule{Name: "month", Filter: activitylog.Filter{}, Max: 30}

// stores are the rigs that purges are tested on.
var stores = map[string]func(testing.TB) *rig{"memory": memoryRig, "sqlite": sqliteRig}

func TestPurge(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.rules("", month)
			r.many("acme", "auth.login", "old ", 700)
			r.many("globex", "ai.message.send", "old ", 600)
			unfinished := event("acme", "data.export", "unfinished")
			unfinished.Expires = start.AddDate(1, 0, 0)
			_, err := r.log.Begin(r.ctx, unfinished)
			require.NoError(t, err)
			r.clock.set(start.Add(40 * day))
			r.many("acme", "auth.login", "young ", 50)
			plan, err := r.keeper.Plan(r.ctx, "")
			require.NoError(t, err)
			// Of the setting itself, which is the state, nothing goes.
			want := []retention.PlanPart{{Org: "acme", Category: "auth", Events: 700}, {Org: "acme", Category: "data", Events: 1}, {Org: "globex", Category: "ai", Events: 600}}
			for i := range plan.Parts {
				plan.Parts[i].Oldest, plan.Parts[i].Newest = time.Time{}, time.Time{}
			}
			require.Equal(t, want, plan.Parts)
			var steps []retention.Progress
			report, err := r.keeper.Purge(r.ctx, "", &retention.PurgeOptions{Load: 1, Batch: 100, Progress: func(p retention.Progress) { steps = append(steps, p) }})
			require.NoError(t, err)
			if report.Deleted != 1301 || report.Planned != 1301 || report.More || report.Batches < 13 || len(steps) != report.Batches {
				t.Errorf("report %+v after %d steps", report, len(steps))
			}
			if last := steps[len(steps)-1]; last.Deleted != 1301 || last.Planned != 1301 {
				t.Errorf("progress ends at %+v", last)
			}
			if got := r.left(); len(got) != 50 || got[0] != "young 0" {
				t.Errorf("%d are left: %q", len(got), got)
			}
			for org, n := range map[string]string{"acme": "701", "globex": "600"} {
				records := r.audits(org, "audit.purge")
				require.Len(t, records, 2, org)
				begun, ended := records[0], records[1]
				if ended.Outcome == activitylog.InProgress {
					begun, ended = ended, begun
				}
				if begun.Metadata["planned"] != json.Number(n) || ended.Metadata["deleted"] != json.Number(n) || ended.Completes != begun.ID ||
					ended.Outcome != activitylog.Success || ended.Actor.ID != "janitor" {
					t.Errorf("%s: %s", org, ended.AppendJSON(nil))
				}
			}
			if stats := r.keeper.Stats(); stats.Deleted != 1301 || stats.Purges != 1 {
				t.Errorf("stats %+v", stats)
			}
			if report := r.purge(""); report.Planned != 0 || len(r.audits("acme", "audit.purge")) != 2 {
				t.Errorf("with nothing due: %+v", report)
			}
		})
	}
}

// TestRecordsFirst purges where nothing can be recorded.
func TestRecordsFirst(t *testing.T) {
	t.Parallel()
	store := memory.New()
	r := newRig(t, store)
	r.rules("", month)
	r.many("acme", "auth.login", "old ", 10)
	full := newRig(t, refusing{store})
	full.clock.set(start.Add(40 * day))
	if _, err := full.keeper.Purge(full.ctx, "", quick); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
	if len(r.left()) != 10 {
		t.Errorf("%d of 10 are left", len(r.left()))
	}
}

type refusing struct{ *memory.Store }

var errFull = errors.New("disk full")

func (refusing) Append(context.Context, []activitylog.Event) error { return errFull }

// failing fails to prune after a while, as a process does that dies.
type failing struct {
	*memory.Store
	left *int
}

func (f failing) PruneKeys(ctx context.Context, keys []activitylog.Key) (int, time.Duration, error) {
	if *f.left--; *f.left < 0 {
		return 0, 0, errFull
	}
	return f.Store.PruneKeys(ctx, keys)
}

func TestGoesOn(t *testing.T) {
	t.Parallel()
	left := 3
	r := newRig(t, failing{memory.New(), &left})
	r.rules("", month)
	r.many("acme", "auth.login", "old ", 500)
	r.clock.set(start.Add(40 * day))
	report, err := r.keeper.Purge(r.ctx, "", &retention.PurgeOptions{Load: 1, Batch: 10})
	if !errors.Is(err, errFull) || report.Deleted != 30 || len(r.left()) != 470 {
		t.Errorf("%+v, %v; %d are left", report, err, len(r.left()))
	}
	ended := r.audits("acme", "audit.purge")
	if i := slices.IndexFunc(ended, func(e activitylog.Event) bool { return e.Outcome == activitylog.Failure }); i < 0 || ended[i].Metadata["deleted"] != json.Number("30") {
		t.Errorf("recorded %v", ended)
	}
	left = 1000
	if report := r.purge(""); report.Deleted != 470 || len(r.left()) != 0 {
		t.Errorf("then %+v", report)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.rules("", month)
	r.many("acme", "auth.login", "old ", 3000)
	r.clock.set(start.Add(40 * day))
	report, err := r.keeper.Purge(r.ctx, "", &retention.PurgeOptions{Load: 0.001, Batch: 20, Time: 50 * time.Millisecond})
	if err != nil || !report.More || report.Deleted >= 3000 {
		t.Errorf("%+v, %v", report, err)
	}
	ctx, cancel := context.WithCancel(r.ctx)
	report, err = r.keeper.Purge(ctx, "", &retention.PurgeOptions{Load: 1, Batch: 20, Progress: func(retention.Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) || report.Deleted != 20 {
		t.Errorf("%+v, %v", report, err)
	}
	for _, o := range []retention.PurgeOptions{{Batch: -1}, {Load: 1.1}, {Load: -1}, {Time: -1}, {Step: -1}} {
		if _, err := r.keeper.Purge(r.ctx, "", &o); !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestSameIDInTwoOrganizations records one id in both, of which only one is due.
func TestSameIDInTwoOrganizations(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := uuid.Must(uuid.NewV7())
			for _, org := range []string{"acme", "globex"} {
				e := event(org, "auth.login", "shared by "+org)
				e.ID = id
				r.record(e, event(org, "auth.login", "other of "+org))
			}
			r.rules("acme", month)
			r.clock.set(start.Add(40 * day))
			r.purge("")
			if got := r.left(); !slices.Equal(got, []string{"other of globex", "shared by globex"}) {
				t.Errorf("left %q", got)
			}
		})
	}
}

// plain is a store that can only do what it must, and prune.
type plain struct {
	activitylog.Store
	activitylog.Pruner
}

func TestStoreWithoutSpaces(t *testing.T) {
	t.Parallel()
	store := memory.New()
	r := newRig(t, plain{store, store})
	r.rules("", month)
	r.many("acme", "auth.login", "old ", 100)
	r.clock.set(start.Add(40 * day))
	if report := r.purge(""); report.Deleted != 100 {
		t.Errorf("%+v", report)
	}
	bare := newRig(t, struct{ activitylog.Store }{store})
	if _, err := bare.keeper.Purge(bare.ctx, "", nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a store that cannot prune: %v", err)
	}
}

// TestStateStays purges everything and looks whether the log still knows what was decided.
func TestStateStays(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for i := range 5 {
				r.rules("", retention.Rule{Name: fmt.Sprint("version ", i), Filter: activitylog.Filter{}, Max: 1})
				r.rules("acme", retention.Rule{Name: fmt.Sprint("own ", i), Filter: activitylog.Filter{}, Max: 1})
			}
			kept, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme", Filter: activitylog.ActorIs("nobody"), Reason: "case 7"})
			require.NoError(t, err)
			gone, err := r.keeper.SetHold(r.ctx, retention.Hold{Org: "acme", Filter: activitylog.ActorIs("nobody")})
			require.NoError(t, err)
			require.NoError(t, r.keeper.LiftHold(r.ctx, "acme", gone.ID, "over"))
			for range 3 { // the records of a purge go by the next
				r.clock.set(r.clock.Now().Add(10 * day))
				r.purge("")
			}
			for org, want := range map[string]string{"": "version 4", "acme": "own 4", "globex": ""} {
				rules, err := r.keeper.Rules(r.ctx, org)
				require.NoError(t, err)
				if len(rules) > 0 && rules[0].Name != want || len(rules) == 0 && want != "" {
					t.Errorf("the rules of %q are %v", org, rules)
				}
			}
			holds, err := r.keeper.Holds(r.ctx, "acme")
			require.NoError(t, err)
			require.Len(t, holds, 1)
			require.Equal(t, kept, holds[0])
			if n := len(r.audits("acme", "audit.config.change")); n != 1 {
				t.Errorf("%d settings are left, with those that were replaced", n)
			}
		})
	}
}

// TestTwoPurges purges at once, as two processes do: all goes, and the records count each event once.
func TestTwoPurges(t *testing.T) {
	t.Parallel()
	for name, newRig := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.rules("", month)
			r.many("acme", "auth.login", "old ", 400)
			r.many("globex", "auth.login", "old ", 400)
			r.clock.set(start.Add(40 * day))
			var purging sync.WaitGroup
			for range 3 {
				k, err := retention.New(r.log, r.store, &retention.Options{Now: r.clock.Now, Lease: 250 * time.Millisecond})
				require.NoError(t, err)
				purging.Go(func() {
					if _, err := k.Purge(r.ctx, "", &retention.PurgeOptions{Load: 0.5, Batch: 20}); err != nil {
						t.Errorf("purge: %v", err)
					}
				})
			}
			purging.Wait()
			if len(r.left()) > 0 {
				t.Errorf("%d are left", len(r.left()))
			}
			for _, org := range []string{"acme", "globex"} {
				var sum int64
				for _, e := range r.audits(org, "audit.purge") {
					if n, ok := e.Metadata["deleted"].(json.Number); ok {
						one, err := n.Int64()
						require.NoError(t, err)
						sum += one
					}
				}
				if sum != 400 {
					t.Errorf("the records of %s count %d", org, sum)
				}
			}
		})
	}
}
