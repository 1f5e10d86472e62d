package alerts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/internal/decision"
	"github.com/activitylog/activitylog/internal/pgtest"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/store/postgres"
	"github.com/activitylog/activitylog/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestStoresGiveTheSameFigures holds the fold over events to the aggregation of every store, for each of the parts that both
// can tell apart.
func TestStoresGiveTheSameFigures(t *testing.T) {
	t.Parallel()
	rng := random(t)
	lite, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "log.db"), &sqlite.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lite.Close()) })
	pg, err := postgres.Open(t.Context(), pgtest.DSN(t), &postgres.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pg.Close()) })
	_, events := mixed(rng, 6)
	for name, store := range map[string]activitylog.Store{"memory": memory.New(), "sqlite": lite, "postgres": pg} {
		log, err := activitylog.New(store, nil)
		require.NoError(t, err)
		for part := range slices.Chunk(events, 500) {
			_, err := log.RecordAll(decision.With(t.Context()), part) // stories hold decisions too
			require.NoError(t, err)
		}
		var kept []activitylog.Event
		for e, err := range log.Org("acme").Events(t.Context(), activitylog.Query{}) {
			require.NoError(t, err)
			kept = append(kept, e)
		}
		f := fold(kept)
		for _, by := range [][]string{{"actor", "action", "model"}, {"actor_type", "outcome", "provider"}, {"currency"}, {}} {
			want := figuresBy(f, by)
			got := map[string]alerts.Sum{}
			a := activitylog.Aggregation{By: by, Step: alerts.Quarter, Filter: activitylog.Not(activitylog.CategoryIs("audit"))}
			for b, err := range log.Org("acme").Aggregate(t.Context(), a) {
				require.NoError(t, err)
				got[fmt.Sprint(b.Start.Unix(), b.Values)] = alerts.Sum{
					Count: b.Count, CostMicros: b.CostMicros, InputTokens: b.InputTokens, OutputTokens: b.OutputTokens,
					First: alerts.At{Time: b.MinTime.UTC()}, Last: alerts.At{Time: b.MaxTime.UTC()},
				}
			}
			require.Equal(t, want, got, "%s by %v", name, by)
		}
		require.NoError(t, log.Close(t.Context()))
	}
}

// figuresBy are the sums of figures by some of their parts, as a store groups them.
func figuresBy(f *alerts.Figures, by []string) map[string]alerts.Sum {
	out := map[string]alerts.Sum{}
	for c, s := range f.Sums() {
		values := []string{}
		for _, name := range by {
			values = append(values, map[string]string{
				"actor": c.Actor, "action": c.Action, "model": c.Model, "actor_type": string(c.ActorType), "outcome": string(c.Outcome),
				"provider": c.Provider, "currency": c.Currency,
			}[name])
		}
		key := fmt.Sprint(c.Start.Unix(), values)
		sum, ok := out[key]
		if !ok || s.First.Time.Before(sum.First.Time) {
			sum.First = alerts.At{Time: s.First.Time}
		}
		if !ok || s.Last.Time.After(sum.Last.Time) {
			sum.Last = alerts.At{Time: s.Last.Time}
		}
		sum.Count += s.Count
		sum.CostMicros += s.CostMicros
		sum.InputTokens += s.InputTokens
		sum.OutputTokens += s.OutputTokens
		out[key] = sum
	}
	return out
}
