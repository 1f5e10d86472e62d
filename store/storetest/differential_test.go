package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
)

// TestDifferentialTeeth lets the differential test find mistakes among many, with a fixed seed each.
func TestDifferentialTeeth(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"knows a place by its time alone", "leaves ties in any order", "begins at After",
		"yields one more than Limit", "takes time for unsigned",
		"compares organizations without case", "finds ids in every organization", "gives up one event too far",
		"gives up where it began",
		"holds milliseconds", "forgets the zone of delegations", "takes null for absent", "reads numbers as floats",
		"compares actors with LIKE", "compares actions without case", "takes every beginning of an action for a prefix",
		"knows top-level keys of metadata only", "compares numbers in metadata as numbers", "takes empty labels for absent",
		"ranks unknown severities highest", "has three values of truth", "ignores Not",
		"compares type and id of targets apart",
		"compares addresses as text", "leaves out the bound of Since", "takes unknown costs for zero",
		"takes an empty list for any value",
		"searches with case and accents", "searches inside of words", "does not split ideographs",
		"has no longest word", "does not search addresses", "counts what the index proposes", "counts without a limit",
		"groups without case", "begins steps at whole hours",
	} {
		f := faultNamed(t, name)
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			const filters = 4000
			reports := differ(t, f, filters)
			if len(reports) == 0 {
				t.Fatalf("%d random filters do not notice a store that %s", filters, f.name)
			}
			t.Log(reports[0])
		})
	}
}

// differ looks for a fault with up to n filters and returns what the first wrong shard reports.
func differ(t *testing.T, f fault, n int) []string {
	d := newDifferential(t, 42, map[string]activitylog.Store{"faulty": open(f)})
	d.most = 1
	for round := range differentialRounds {
		if err := d.change(t.Context(), round, 80); err != nil {
			return []string{err.Error()}
		}
		for shard := range differentialShards {
			if reports := d.ask(t.Context(), round, shard, n/16); len(reports) > 0 {
				return reports
			}
		}
	}
	return nil
}

func faultNamed(t *testing.T, name string) fault {
	for _, list := range [][]fault{appendFaults, scanFaults, filterFaults, figureFaults, pruneFaults} {
		for _, f := range list {
			if f.name == name {
				return f
			}
		}
	}
	t.Fatalf("there is no fault %q", name)
	return fault{}
}

// TestReport holds that a wrong answer is reported small, complete and the same again.
func TestReport(t *testing.T) {
	t.Parallel()
	f := faultNamed(t, "compares actions without case")
	first := differ(t, f, 4000)
	if len(first) == 0 {
		t.Fatal("there is no report")
	}
	if again := differ(t, f, 4000); !slices.Equal(again, first) {
		t.Errorf("the same seed gives another report:\n%s\n%s", first, again)
	}
	report := first[0]
	_, rest, _ := strings.Cut(report, "filter:  {")
	filter, _, _ := strings.Cut(rest, "}\n")
	if !strings.Contains(filter, "action:") || strings.Count(filter, ":") > 1 {
		t.Errorf("the filter is not small: %s", filter)
	}
	for _, part := range []string{"faulty answers wrongly", `{"schema":1,"id":"`, "drawn:", "asked:", "ACTIVITYLOG_SEED=42"} {
		if !strings.Contains(report, part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
}

// TestRandomFilters holds that random filters use every field and operator, nest, and hit.
func TestRandomFilters(t *testing.T) {
	t.Parallel()
	w, err := newWorld(source(1, t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.grow(t.Context(), 300)
	if err != nil {
		t.Fatal(err)
	}
	a := asker{source(2, t.Name()), events}
	used := map[string]int{}
	const n = 1500
	hits := 0
	for range n {
		f := a.tree(3).filter()
		count(used, f.Expr())
		if found := w.truth.selected(activitylog.StoreQuery{Filter: f, Limit: 1}); len(found) > 0 {
			hits++
		}
	}
	if hits < n/4 || hits > n*9/10 {
		t.Errorf("%d of %d random filters hit", hits, n)
	}
	for _, want := range []string{
		"id in", "org in", "project in", "category in", "action in", "outcome in", "severity in", "model in",
		"provider in", "request in", "session in",
		"correlation in", "actor_type in", "action under", "actor in", "actor.acted in", "actor.impersonated in",
		"actor.authority in", "target in",
		"label in", "meta in", "ip in", "time >=", "time <", "recorded >=", "recorded <", "cost >=", "cost <", "severity >=",
		"text", "and", "or", "not",
	} {
		if used[want] < 5 {
			t.Errorf("%d of %d random filters use %q", used[want], n, want)
		}
	}
}

// count counts the parts of an expression.
func count(used map[string]int, x activitylog.Expr) {
	switch x := x.(type) {
	case activitylog.AndExpr:
		used["and"]++
		for _, part := range x {
			count(used, part)
		}
	case activitylog.OrExpr:
		used["or"]++
		for _, part := range x {
			count(used, part)
		}
	case activitylog.NotExpr:
		used["not"]++
		count(used, x.X)
	case activitylog.TextExpr:
		used["text"]++
	case activitylog.Cond:
		name := x.Field
		if x.Field == "actor" && x.Key != "" {
			name += "." + x.Key
		}
		used[name+" "+x.Op]++
	}
}

// TestShrink drops what does not matter.
func TestShrink(t *testing.T) {
	t.Parallel()
	is := func(name string) *tree { return &tree{leaf: activitylog.ActorIs(name)} }
	big := &tree{op: opAll, kids: []*tree{
		is("a"),
		{op: opNot, kids: []*tree{{op: opAny, kids: []*tree{is("b"), is("guilty"), {op: opAll, kids: []*tree{is("c"), is("d")}}}}}},
		is("e"),
	}}
	guilty := func(t *tree) bool { return strings.Contains(t.filter().String(), "guilty") }
	if got := shrink(big, guilty).filter().String(); got != "actor:guilty" {
		t.Errorf("the filter shrinks to {%s}", got)
	}
}

// TestFilled holds that every field of the full event has a value and survives the JSON form.
func TestFilled(t *testing.T) {
	t.Parallel()
	e := filled(1)
	var back activitylog.Event
	if err := back.UnmarshalJSON(e.AppendJSON(nil)); err != nil {
		t.Fatal(err)
	}
	if d := different(&back, &e); d != "" {
		t.Errorf("the JSON form changes the event: %s", d)
	}
	c := e.Clone()
	spoil(&e)
	if d := different(&c, &back); d != "" {
		t.Errorf("a clone shares memory: %s", d)
	}
	if d := different(&e, &c); d == "" {
		t.Error("a spoiled event is the same")
	}
}

// TestDifferent names the field that differs.
func TestDifferent(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(e *activitylog.Event){
		"Time":                          func(e *activitylog.Event) { e.Time = e.Time.Local() },
		"Actor.Roles[1]":                func(e *activitylog.Event) { e.Actor.Roles[1] = "" },
		"Changes[0].Old":                func(e *activitylog.Event) { e.Changes[0].Old = nil },
		"Metadata":                      func(e *activitylog.Event) { e.Metadata["more"] = nil },
		`Metadata["list"]`:              func(e *activitylog.Event) { e.Metadata["list"] = []any(nil) },
		"AI.CostMicros":                 func(e *activitylog.Event) { e.AI.CostMicros = nil },
		"Leaf":                          func(e *activitylog.Event) { e.Leaf = e.Leaf[:1] },
		"Client.IP":                     func(e *activitylog.Event) { e.Client.IP = e.Client.IP.Next() },
		"OnBehalfOf[1].Actor.Instance ": func(e *activitylog.Event) { e.OnBehalfOf[1].Instance += "x" },
	} {
		e, same := filled(1), filled(1)
		same.Labels["x"] = "y"
		delete(same.Labels, "x")
		if d := different(&same, &e); d != "" {
			t.Errorf("equal events differ: %s", d)
		}
		change(&same)
		if d := different(&same, &e); !strings.HasPrefix(d, want) && !strings.HasPrefix(d, strings.TrimSpace(want)) {
			t.Errorf("the difference is %q, not in %s", d, want)
		}
	}
	if d := differentLists(samples(1, 2), samples(1, 3)); !strings.Contains(d, fmt.Sprint(id(3))) {
		t.Errorf("a list that is too short: %s", d)
	}
}
