package retention

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
)

// TestVerdicts holds that what is said of a group is true of each of its events, and that something is said at all.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ACTIVITYLOG_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("ACTIVITYLOG_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	at := func() time.Time { return time.UnixMicro(int64(rng.IntN(8))) }
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	var filter func(depth int) activitylog.Filter
	filter = func(depth int) activitylog.Filter {
		switch n := rng.IntN(10); {
		case n == 0 && depth > 0:
			return activitylog.Not(filter(depth - 1))
		case n < 4 && depth > 0:
			return activitylog.All(filter(depth-1), filter(depth-1), filter(depth-1))
		case n < 6 && depth > 0:
			return activitylog.Any(filter(depth-1), filter(depth-1))
		case n < 7:
			return orgIs(pick("acme", "globex"))
		case n < 8:
			return activitylog.CategoryIs(pick("auth", "ai"))
		case n < 9:
			return []activitylog.Filter{activitylog.Since(at()), activitylog.Before(at()), activitylog.RecordedBefore(at())}[rng.IntN(3)]
		}
		return activitylog.ActionIs(pick("auth.login", "ai.message.send"))
	}
	said := map[verdict]int{}
	for range 20_000 {
		f := filter(3)
		g := group{org: pick("acme", "globex"), category: pick("auth", "ai"), first: at(), taken: at()}
		g.last, g.until = g.first.Add(time.Duration(rng.IntN(3))*time.Microsecond), g.taken.Add(time.Duration(rng.IntN(3))*time.Microsecond)
		v := meansAll(f.Expr(), g)
		said[v]++
		for range 20 {
			e := activitylog.Event{Org: g.org, Category: g.category, Action: pick("auth.login", "ai.message.send"), Time: between(rng, g.first, g.last), Recorded: between(rng, g.taken, g.until)}
			if m := f.Match(&e); v == all && !m || v == none && m {
				t.Fatalf("%s of %s: verdict %d, but %v for %s recorded %s", f, fmt.Sprint(g), v, m, e.Time, e.Recorded)
			}
		}
	}
	if said[all] < 2000 || said[none] < 2000 || said[unknown] < 2000 {
		t.Errorf("verdicts %v", said)
	}
}

func between(rng *rand.Rand, first, last time.Time) time.Time {
	return first.Add(time.Duration(rng.Int64N(int64(last.Sub(first))+1)) / time.Microsecond * time.Microsecond)
}
