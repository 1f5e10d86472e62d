package storetest

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// structureTraps are about absence, lists, ranges and the shape of filters.
var structureTraps = []trap{
	{
		name: "not and absent", must: "logic is two-valued: Not means every event that the filter does not mean, " +
			"also those that lack the field",
		events: each(
			func(e *activitylog.Event) {},
			func(e *activitylog.Event) {
				system := activitylog.Actor{Type: activitylog.System}
				*e = activitylog.Event{ID: e.ID, Time: e.Time, Org: e.Org, Action: "a", Actor: system}
			},
			func(e *activitylog.Event) { e.Metadata = object{"n": nil, "in": "no object"} },
			func(e *activitylog.Event) { e.AI = &activitylog.AIUsage{Model: "m", Provider: "p"} }),
		meant: []meaning{
			{`-meta.n:0`, "bcd"}, {`-meta.n:*`, "b"}, {`meta.n:null`, "c"}, {`-meta.n:null`, "abd"},
			{`-meta.in.list:*`, "bc"},
			{`-meta.none:*`, "abcd"}, {`-label.env:*`, "b"}, {`-label.env:prod`, "b"}, {`-label.env:test`, "abcd"},
			{`-target.item:*`, "b"},
			{`-project:web`, "b"}, {`project:""`, "b"}, {`model:""`, "abc"}, {`-model:m`, "abc"},
			{`-model:""`, "d"}, {`-provider:p`, "abc"},
			{`provider:""`, "abc"}, {`-cost:>=0`, "abcd"}, {`-cost:<1`, "abcd"}, {`-ip:0.0.0.0/0`, "abcd"},
			{`-session:""`, ""},
			{`actor:""`, "b"}, {`-ada`, "b"}, {`-severity:>=info`, "b"}, {`outcome:""`, "b"},
			{`-(label.env:prod cost:>=0)`, "abcd"},
			{`-(-meta.n:0 -model:m)`, "ad"}, {`-(meta.n:0 or ip:10.0.0.1)`, "bcd"}, {`recorded:<2000-01-01`, "b"},
		},
	},
	{
		name: "several targets",
		must: "an event is yielded once however many of its targets fit; type and id belong together",
		events: with(setTargets,
			[]activitylog.Target{{Type: "doc", ID: "1"}, {Type: "user", ID: "2"}, {Type: "doc", ID: "3"}},
			[]activitylog.Target{{Type: "doc", ID: "1"}, {Type: "doc", ID: "1"}, {Type: "user"}},
			nil, []activitylog.Target{{}}),
		meant: []meaning{
			{`target.doc:*`, "ab"}, {`target:*`, "abd"}, {`target.doc:1,3`, "ab"}, {`target.doc:2`, ""},
			{`target.user:1`, ""},
			{`target:2`, "a"}, {`target.user:""`, "b"}, {`target:""`, "bd"}, {`target.doc:1 target.user:2`, "a"},
			{`target.doc:1 (target.doc:3)`, "a"}, {`target.doc:1 or target.doc:3`, "ab"}, {`-target.doc:3`, "bcd"},
			{`-target:*`, "c"},
		},
	},
	{
		name: "several actors",
		must: "an event is yielded once however many of its actors fit; relation and id belong together",
		events: each(
			func(e *activitylog.Event) {},
			func(e *activitylog.Event) {
				e.Actor.ID = "x"
				e.OnBehalfOf = []activitylog.Delegation{link("x", activitylog.Impersonates), link("y", activitylog.DelegatedBy)}
			},
			func(e *activitylog.Event) {
				e.OnBehalfOf = []activitylog.Delegation{link("x", "cousin"), link("", activitylog.Impersonates)}
			}),
		meant: []meaning{
			{`actor:x`, "bc"}, {`actor:x,y,u1`, "abc"}, {`acted:x`, "b"}, {`impersonated:x`, "b"}, {`impersonated:y`, ""},
			{`authority:y`, "b"}, {`authority:x`, ""}, {`impersonated:""`, "c"}, {`actor:""`, "c"},
			{`-actor:x`, "a"}, {`-acted:u1`, "b"},
			{`acted:u1 actor:x`, "c"},
		},
	},
	{
		name: "networks", must: "IPIn compares addresses, not texts, and never an IPv4 with an IPv6",
		events: with(func(e *activitylog.Event, ip string) { e.Client.IP, _ = netip.ParseAddr(ip) },
			"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "100.0.0.1", "::", "::1", "::a00:1", "2001:db8::1",
			"2001:db8:8000::", "2001:db9::", "fe80::1", "", "0.0.0.0", "255.255.255.255", "64:ff9b::a00:1"),
		meant: []meaning{
			{`ip:10.0.0.0/8`, "bc"}, {`ip:10.0.0.0`, "b"}, {`ip:0.0.0.0/0`, "abcdeno"}, {`ip:::/0`, "fghijklp"},
			{`ip:::/96`, "fgh"},
			{`ip:2001:db8::/32`, "ij"}, {`ip:2001:db8::/33`, "i"}, {`ip:10.128.0.0/9`, "c"},
			{`ip:::ffff:10.0.0.0/104`, "bc"},
			{`ip:0.0.0.0,255.255.255.255,fe80::/10`, "lno"}, {`ip:64.0.0.0/2`, "e"},
			{`-ip:0.0.0.0/0 -ip:::/0`, "m"}, {`ip:10.7.7.7/8`, "bc"},
		},
		built: []builtMeaning{{activitylog.IPIn(), ""}, {activitylog.IPIn(netip.Prefix{}), ""}},
	},
	{
		name: "bounds", must: "Since and CostAtLeast include their bound, Before, RecordedBefore and CostBelow do not; " +
			"an unknown cost is no cost, not zero",
		events: each(costs(0, 0), costs(1, 1), costs(2, -1), costs(3, 250_000), costs(4, math.MaxInt64),
			func(e *activitylog.Event) { e.Time, e.AI = micros(5), &activitylog.AIUsage{} },
			func(e *activitylog.Event) { e.Time = micros(6) }),
		meant: []meaning{
			{`cost:>=0`, "abde"}, {`cost:>0`, "bde"}, {`cost:<=0`, "ac"}, {`cost:<0`, "c"}, {`cost:>=0.25`, "de"},
			{`cost:0..0.1`, "ab"},
		},
		built: []builtMeaning{
			{activitylog.Since(micros(3)), "defg"}, {activitylog.Since(micros(3).Add(999)), "defg"},
			{activitylog.Before(micros(3)), "abc"},
			{activitylog.Before(micros(4).Add(-1)), "abc"},
			{activitylog.Since(micros(1)).And(activitylog.Before(micros(2))), "b"},
			{activitylog.Since(micros(2)).And(activitylog.Before(micros(2))), ""},
			{activitylog.CostBelow(math.MaxInt64), "abcd"},
			{activitylog.RecordedBefore(sample(2).Recorded), "ab"}, {activitylog.Since(time.Time{}), "abcdefg"},
			{activitylog.Before(time.Time{}), ""},
		},
	},
	{
		name: "large filters", must: "a filter may list many values and be nested as deep as ParseFilter reads",
		events: each(by("u0"), by("u1999"), by("u2999"), func(e *activitylog.Event) {
			e.Actor.ID, e.Message = "x", strings.Join(many(400), " ")
		}),
		built: []builtMeaning{
			{activitylog.Text(strings.Join(many(300), " ")), "d"},
			{activitylog.Text(`"` + strings.Join(many(300), " ") + `"`), "d"},
			{activitylog.Text(strings.Join(many(401), " ")), ""}, {searches(300), "abcd"},
			{activitylog.ActorIs(many(3000)...), "abc"}, {activitylog.Not(activitylog.ActedBy(many(2500)...)), "cd"},
			{activitylog.IDIs(append(ids(samples(1, 1500)), id(0), uuid.Nil)...), "abcd"}, {nested(30), "abc"},
			{nested(28), "d"}, {wide(200), "abc"},
		},
	},
	{
		name:   "nothing and everything",
		must:   "filters of no value mean no event, All of nothing and the zero filter mean every event",
		events: samples(0, 2),
		meant: []meaning{
			{``, "abc"}, {`-()`, ""}, {`()`, "abc"}, {`-(-())`, "abc"}, {`-%_`, ""}, {`target.item:*`, "abc"},
			{`target.thing:*`, ""},
			{`(() or actor:x)`, "abc"}, {`-() actor:u1`, ""},
		},
		built: []builtMeaning{
			{activitylog.Any(), ""}, {activitylog.All(), "abc"}, {activitylog.IDIs(), ""},
			{activitylog.ActorIs(), ""}, {activitylog.Text(" -%_ "), "abc"},
			{activitylog.IDIs(id(1), id(1), id(77)), "b"}, {activitylog.Any(activitylog.Any(), activitylog.All()), "abc"},
		},
	},
}

// micros is n microseconds after start.
func micros(n int) time.Time { return start.Add(time.Duration(n) * time.Microsecond) }

func link(id, relation string) activitylog.Delegation {
	return activitylog.Delegation{Actor: activitylog.Actor{ID: id}, Relation: relation}
}

// costs is the event n microseconds after start with a cost.
func costs(n int, cost int64) func(e *activitylog.Event) {
	return func(e *activitylog.Event) { e.Time, e.AI = micros(n), &activitylog.AIUsage{CostMicros: &cost} }
}

func many(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("u%d", i))
	}
	return list
}

// nested means actor x behind depth operators, each of which needs brackets.
func nested(depth int) activitylog.Filter {
	f := activitylog.ActorIs("x")
	for i := range depth {
		if i%2 == 0 {
			f = activitylog.Not(activitylog.All(f, activitylog.ProjectIs("web")))
		} else {
			f = activitylog.All(activitylog.Any(f, activitylog.ProjectIs("none")), activitylog.CategoryIs("project"))
		}
	}
	return f
}

// wide is an alternative of n parts and two more.
func wide(n int) activitylog.Filter {
	var parts []activitylog.Filter
	for _, id := range append(many(n), "u1999", "u2999") {
		parts = append(parts, activitylog.All(activitylog.ActedBy(id), activitylog.Not(activitylog.LabelIs("none", id))))
	}
	return activitylog.Any(parts...)
}

// searches is an alternative of n words and one that stands in every sample but the last.
func searches(n int) activitylog.Filter {
	parts := []activitylog.Filter{activitylog.Text(`"item"`)}
	for _, word := range many(n) {
		has := activitylog.Text(word)
		parts = append(parts, has, activitylog.All(activitylog.Text("nowhere"), activitylog.Not(has)))
	}
	return activitylog.Any(parts...)
}
