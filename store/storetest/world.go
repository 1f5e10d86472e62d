package storetest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
)

// seedVariable is the environment variable that repeats a random test.
const seedVariable = "ACTIVITYLOG_SEED"

// seed is what all that is random in a test follows from.
func seed(tb testing.TB) uint64 {
	text := os.Getenv(seedVariable)
	if text == "" {
		return rand.Uint64()
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		tb.Fatalf("storetest: %s=%q is no number", seedVariable, text)
	}
	return n
}

// source makes the random numbers of one part of a test, which do not depend on those of other parts.
func source(seed uint64, part ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, part...)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// world is a growing number of random events and the truth about them.
type world struct {
	rng   *rand.Rand
	truth oracle
	log   *activitylog.Log // completes and cleans events as that of a host does, into news
	news  *arrivals
	now   time.Time
}

// arrivals is a Store that only takes.
type arrivals struct{ oracle }

func (a *arrivals) Append(_ context.Context, events []activitylog.Event) error {
	a.events = append(a.events, events...)
	return nil
}

func newWorld(rng *rand.Rand) (*world, error) {
	w := &world{rng: rng, news: &arrivals{}, now: epoch.Add(-300 * time.Hour)}
	log, err := activitylog.New(w.news, &activitylog.Options{Now: w.clock})
	w.log = log
	return w, err
}

// clock goes on in uneven steps, so that Recorded is another order than Time.
func (w *world) clock() time.Time {
	w.now = w.now.Add(time.Duration(w.rng.IntN(3)) * time.Duration(w.rng.IntN(900)) * 1001 * time.Millisecond)
	return w.now
}

// grow makes n events and returns them, in no order.
func (w *world) grow(ctx context.Context, n int) ([]activitylog.Event, error) {
	given := make([]activitylog.Event, n)
	for i := range given {
		given[i] = randomEvent(w.rng)
		if i > 0 && chance(w.rng, 15) { // the same id in another organization, at times also at the same time
			given[i].ID = given[i-1].ID
			if chance(w.rng, 2) {
				given[i].Time = given[i-1].Time
			}
			given[i].Org = "twin of " + given[i-1].Org
		}
	}
	w.news.events = nil
	if _, err := w.log.RecordAll(ctx, given); err != nil {
		return nil, err
	}
	w.truth.add(w.news.events...)
	return w.news.events, nil
}

// batches cuts events, shuffled, into batches of random sizes, and gives some of them twice.
func batches(rng *rand.Rand, events []activitylog.Event) [][]activitylog.Event {
	events = append([]activitylog.Event(nil), events...)
	for range len(events) / 20 {
		events = append(events, oneOf(rng, events))
	}
	rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	var list [][]activitylog.Event
	for len(events) > 0 {
		n := min(len(events), 1+rng.IntN(1+rng.IntN(60)))
		list = append(list, events[:n])
		events = events[n:]
	}
	return list
}
