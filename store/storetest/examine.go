package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/activitylog/activitylog"
)

var examineCases = []testCase{
	{name: "examine/goes on", must: "an ExamineLimitError ends a Scan; a Scan after At continues it, " +
		"so that all parts together are exactly the events that q selects", run: examineGoesOn},
	{name: "examine/unbounded", must: "with q.Examine 0 there is no bound: Scan must yield exactly the events that q selects",
		run: func(s *subject) {
			want := hay(2000)
			s.append(want.events...)
			for _, f := range needles() {
				s.yields(activitylog.StoreQuery{Filter: f}, want)
			}
		}},
}

// hay is n events of which few match any of the needles.
func hay(n int) oracle {
	return list(samples(1, n, func(e *activitylog.Event) {
		i, _ := strconv.Atoi(e.Targets[0].ID)
		e.Metadata = map[string]any{"in": map[string]any{"k": json.Number(strconv.Itoa(i % 96))}}
		if i%301 == 0 {
			e.Request.CredentialID, e.Reason, e.Labels = "key", "needle in between", map[string]string{"rare": "yes"}
			e.Client.IP = filled(1).Client.IP
		}
		if i%5 == 0 {
			e.Org = "globex"
		}
	})...)
}

// needles are filters of which some store may have no index.
func needles() []activitylog.Filter {
	return []activitylog.Filter{
		activitylog.MetaIs("in.k", "13"), activitylog.MetaIs("nowhere"), activitylog.LabelIs("rare"),
		activitylog.Text("needle"),
		activitylog.Text(`"in between"`), activitylog.ActorIs("nobody"), activitylog.CostAtLeast(1),
		activitylog.Not(activitylog.Any(activitylog.LabelIs("env", "prod"), activitylog.ProjectIs("api"))),
		activitylog.All(activitylog.Not(activitylog.MetaIs("in.k", "13")),
			activitylog.Any(activitylog.MetaIs("in.k", "13"), activitylog.LabelIs("rare"))),
		activitylog.Any(),
	}
}

func examineGoesOn(s *subject) {
	want := hay(900)
	s.append(want.events...)
	for _, f := range needles() {
		for i, order := range orders {
			for _, q := range []activitylog.StoreQuery{
				{Filter: f, Order: order, Examine: 1 + 12*i},
				{Filter: f, Order: order, Examine: 100, Limit: 1},
				{Filter: f, Order: order, Examine: 3000},
				{Filter: f, Order: order, Examine: 50, Limit: 7, Org: "globex"},
			} {
				s.pieces(q, want)
			}
		}
	}
}

// pieces puts a scan together from parts that end where the store gives up.
func (s *subject) pieces(q activitylog.StoreQuery, want oracle) {
	whole := want.selected(activitylog.StoreQuery{Org: q.Org, Filter: q.Filter, Order: q.Order})
	var got []activitylog.Event
	for range len(want.events) + len(whole) + 2 {
		part, err := collect(s.ctx, s.store, q)
		got = append(got, part...)
		limit := &activitylog.ExamineLimitError{}
		switch {
		case errors.As(err, &limit):
			if limit.Examined <= 0 {
				s.fatalf("the error says that %d rows were examined", limit.Examined)
			}
			if q.After != nil && !behind(limit.At, *q.After, q.Order) {
				s.fatalf("the scan gives up at or before the place where it began: %s", describe(q))
			}
			q.After = &limit.At
		case err != nil:
			s.fatalf("%s: %v", describe(q), err)
		case q.Limit > 0 && len(part) > q.Limit:
			s.fatalf("%d events: %s", len(part), describe(q))
		case q.Limit > 0 && len(part) == q.Limit:
			k := activitylog.KeyOf(&part[len(part)-1])
			q.After = &k
		default:
			q.After = nil
			s.same(got, whole, fmt.Sprintf("parts of a scan with Examine %d, %s", q.Examine, describe(q)))
			return
		}
	}
	s.fatalf("a scan with Examine %d does not come to its end: %s", q.Examine, describe(q))
}
