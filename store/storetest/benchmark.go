package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
)

// benchEvents is how many events the benchmarks of reading work on; with -short a tenth of it.
const benchEvents = 50_000

// Benchmark measures a store: appending in batches of 1, 100 and 1000, and of a log with 50,000 events of one
// organization the first page, a page in the depth, a page of a text search and a count. What is reported as ns/event is
// for each event that was appended or yielded or counted.
func Benchmark(b *testing.B, h Harness) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("Append/%d", size), func(b *testing.B) { benchAppend(b, h.Open(b), size) })
	}
	b.Run("Read", func(b *testing.B) {
		events := benchEvents
		if testing.Short() {
			events /= 10
		}
		store := h.Open(b)
		for n := 0; n < events; n += 1000 {
			if err := store.Append(b.Context(), benchBatch(n, 1000)); err != nil {
				b.Fatal(err)
			}
		}
		deep := sample(0, at(benchTime(events/10)))
		after := activitylog.KeyOf(&deep)
		for _, page := range []struct {
			name string
			q    activitylog.StoreQuery
		}{
			{"FirstPage", activitylog.StoreQuery{}},
			{"DeepPage", activitylog.StoreQuery{After: &after}},
			{"Actor", activitylog.StoreQuery{Filter: activitylog.ActedBy("user 7")}},
			{"Text", activitylog.StoreQuery{Filter: activitylog.Text("item 77")}},
		} {
			page.q.Org, page.q.Limit = "acme", 50
			b.Run(page.name, func(b *testing.B) { benchScan(b, store, page.q) })
		}
		if c, ok := store.(activitylog.Counter); ok {
			b.Run("Count", func(b *testing.B) {
				q := activitylog.StoreQuery{Org: "acme", Filter: activitylog.CategoryIs("auth")}
				var counted int64
				for b.Loop() {
					n, err := c.Count(b.Context(), q, 0)
					if err != nil {
						b.Fatal(err)
					}
					counted += n
				}
				perEvent(b, counted)
			})
		}
	})
}

func benchAppend(b *testing.B, store activitylog.Store, size int) {
	n := 0
	for b.Loop() {
		b.StopTimer()
		batch := benchBatch(n, size)
		n += size
		b.StartTimer()
		if err := store.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	perEvent(b, int64(n))
}

func benchScan(b *testing.B, store activitylog.Store, q activitylog.StoreQuery) {
	var events int64
	for b.Loop() {
		for _, err := range store.Scan(b.Context(), q) {
			if err != nil {
				b.Fatal(err)
			}
			events++
		}
	}
	if events == 0 {
		b.Fatal("the page is empty")
	}
	perEvent(b, events)
}

func perEvent(b *testing.B, events int64) {
	if events > 0 {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
	}
}

func benchTime(n int) time.Time { return start.Add(time.Duration(n) * time.Millisecond) }

// benchBatch is events as hosts have them: mostly in the order of time, of 1000 actors and 4 categories.
func benchBatch(from, size int) []activitylog.Event {
	return samples(from, from+size-1, func(e *activitylog.Event) {
		n := int(e.Time.Sub(start) / time.Second)
		e.Time = benchTime(n)
		e.Actor.ID = fmt.Sprintf("user %d", n%1000)
		e.Category = []string{"auth", "project", "ai", "billing"}[n%4]
		e.Client.UserAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
		e.Request.SessionID = fmt.Sprintf("session %d", n/20)
	})
}
