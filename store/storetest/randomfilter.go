package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// asker makes random filters about the events of a list.
type asker struct {
	rng    *rand.Rand
	events []activitylog.Event // never empty
}

func (a asker) event() *activitylog.Event { return &a.events[a.rng.IntN(len(a.events))] }

// tree is a random filter that nests up to depth deep.
func (a asker) tree(depth int) *tree {
	n := a.rng.IntN(10)
	if depth == 0 || n < 4 {
		return &tree{leaf: a.condition()}
	}
	t := &tree{op: opAll}
	kids := 2 + a.rng.IntN(2)
	switch {
	case n < 5:
		t.op, kids = opNot, 1
	case n < 7:
		t.op = opAny
	}
	if chance(a.rng, 40) {
		kids = 0
	}
	for range kids {
		t.kids = append(t.kids, a.tree(depth-1))
	}
	return t
}

// value is mostly one of an event, sometimes one of the pool, sometimes one that is only like them.
func (a asker) value(of string, pool []string) string {
	v := of
	if chance(a.rng, 3) {
		v = oneOf(a.rng, pool)
	}
	if chance(a.rng, 8) {
		v = oneOf(a.rng, []string{v + "x", strings.ToUpper(v), "%", v + "%", v + " ", "nowhere", strings.TrimSuffix(v, "1"), ""})
	}
	return v
}

// values is one value or a few.
func (a asker) values(of func(e *activitylog.Event) string, pool []string) []string {
	var list []string
	for range 1 + max(0, a.rng.IntN(6)-3) {
		list = append(list, a.value(of(a.event()), pool))
	}
	return list
}

// oneOrNone leaves the values away once in a while, for the filters that ask whether there is one.
func (a asker) oneOrNone(of string, pool []string) []string {
	if chance(a.rng, 3) {
		return nil
	}
	return []string{a.value(of, pool)}
}

// conditions makes each kind of filter, with values as they occur.
var conditions = []func(a asker) activitylog.Filter{
	func(a asker) activitylog.Filter {
		if chance(a.rng, 4) {
			return activitylog.IDIs(uuid.Nil, a.event().ID, a.event().ID, a.event().ID)
		}
		return activitylog.IDIs(a.event().ID)
	},
	func(a asker) activitylog.Filter {
		return activitylog.ProjectIs(a.values(func(e *activitylog.Event) string { return e.Project }, poolProjects)...)
	},
	func(a asker) activitylog.Filter {
		return activitylog.CategoryIs(a.values(func(e *activitylog.Event) string { return e.Category }, poolCategories)...)
	},
	func(a asker) activitylog.Filter {
		return activitylog.ActionIs(a.values(func(e *activitylog.Event) string { return e.Action }, poolActions)...)
	},
	func(a asker) activitylog.Filter {
		action := a.event().Action
		if i := strings.LastIndexByte(action, '.'); i > 0 && chance(a.rng, 2) {
			action = action[:i+a.rng.IntN(2)]
		}
		return activitylog.ActionUnder(a.value(action, poolActions))
	},
	func(a asker) activitylog.Filter { return activitylog.ActorIs(a.actors()...) },
	func(a asker) activitylog.Filter { return activitylog.ActedBy(a.actors()...) },
	func(a asker) activitylog.Filter { return activitylog.Impersonated(a.actors()...) },
	func(a asker) activitylog.Filter { return activitylog.AuthorizedBy(a.actors()...) },
	func(a asker) activitylog.Filter { return activitylog.ActorTypeIs(oneOf(a.rng, poolTypes)) },
	func(a asker) activitylog.Filter {
		t := activitylog.Target{}
		if targets := a.event().Targets; len(targets) > 0 {
			t = oneOf(a.rng, targets)
		}
		if chance(a.rng, 3) {
			t.Type = oneOf(a.rng, poolKinds)
		}
		return activitylog.TargetIs(t.Type, a.oneOrNone(t.ID, poolTargets)...)
	},
	func(a asker) activitylog.Filter {
		return activitylog.OutcomeIs(oneOf(a.rng, poolOutcomes), oneOf(a.rng, poolOutcomes))
	},
	func(a asker) activitylog.Filter { return activitylog.SeverityIs(oneOf(a.rng, poolSeverities)) },
	func(a asker) activitylog.Filter { return activitylog.SeverityAtLeast(oneOf(a.rng, poolSeverities)) },
	func(a asker) activitylog.Filter { return activitylog.ModelIs(a.value("gpt-x", poolModels)) },
	func(a asker) activitylog.Filter { return written("provider:%q", a.value("openai", poolProviders)) },
	func(a asker) activitylog.Filter { return written("org:%q", a.value(a.event().Org, poolOrgs)) },
	func(a asker) activitylog.Filter {
		return activitylog.IPIn(netip.MustParsePrefix(oneOf(a.rng, poolNetworks)), netip.MustParsePrefix(oneOf(a.rng, poolNetworks)))
	},
	func(a asker) activitylog.Filter { return activitylog.RequestIs(a.value("s1", poolShort)) },
	func(a asker) activitylog.Filter { return activitylog.SessionIs(a.value("s2", poolShort), "s1") },
	func(a asker) activitylog.Filter { return activitylog.CorrelationIs(a.value("S1", poolShort)) },
	func(a asker) activitylog.Filter {
		return activitylog.RetentionIs(a.values(func(e *activitylog.Event) string { return e.Retention }, poolClasses)...)
	},
	func(a asker) activitylog.Filter {
		key, value := a.label()
		return activitylog.LabelIs(key, a.oneOrNone(value, poolLabels)...)
	},
	func(a asker) activitylog.Filter {
		key, value := a.meta(a.event().Metadata)
		return activitylog.MetaIs(key, a.oneOrNone(value, poolWords)...)
	},
	func(a asker) activitylog.Filter {
		key, _ := a.meta(a.event().Metadata)
		return activitylog.MetaIs(key + oneOf(a.rng, []string{"", "", "." + oneOf(a.rng, poolKeys)}))
	},
	func(a asker) activitylog.Filter {
		return activitylog.CostAtLeast(oneOf(a.rng, poolCosts) + a.rng.Int64N(3) - 1)
	},
	func(a asker) activitylog.Filter { return activitylog.CostBelow(oneOf(a.rng, poolCosts)) },
	func(a asker) activitylog.Filter { return activitylog.Since(a.moment(a.event().Time)) },
	func(a asker) activitylog.Filter { return activitylog.Before(a.moment(a.event().Time)) },
	func(a asker) activitylog.Filter {
		return activitylog.All(activitylog.Since(a.moment(epoch)), activitylog.Before(a.moment(a.event().Time)))
	},
	func(a asker) activitylog.Filter { return activitylog.RecordedBefore(a.moment(a.event().Recorded)) },
	func(a asker) activitylog.Filter {
		return written("recorded:>=%s", a.moment(a.event().Recorded).UTC().Format(time.RFC3339Nano))
	},
	asker.text, asker.text, asker.text, asker.text,
}

// condition is a filter without parts.
func (a asker) condition() activitylog.Filter { return oneOf(a.rng, conditions)(a) }

func (a asker) actors() []string {
	return a.values(func(e *activitylog.Event) string {
		if len(e.OnBehalfOf) > 0 && chance(a.rng, 2) {
			return e.OnBehalfOf[0].ID
		}
		return e.Actor.ID
	}, poolActors)
}

// label is mostly one of an event.
func (a asker) label() (key, value string) {
	if labels := a.event().Labels; len(labels) > 0 && !chance(a.rng, 4) {
		key = oneOf(a.rng, slices.Sorted(maps.Keys(labels)))
		return key, labels[key]
	}
	return oneOf(a.rng, poolKeys), "prod"
}

// meta is mostly a key of m, at times one further inside, with its value.
func (a asker) meta(m map[string]any) (key, value string) {
	if len(m) == 0 || chance(a.rng, 4) {
		return oneOf(a.rng, poolKeys), oneOf(a.rng, []string{"x", "1", "1.0", "null", "true"})
	}
	keys := slices.Sorted(maps.Keys(m))
	key = oneOf(a.rng, keys)
	if i := slices.IndexFunc(keys, func(k string) bool { _, ok := m[k].(map[string]any); return ok }); i >= 0 && chance(a.rng, 2) {
		key = keys[i]
	}
	switch v := m[key].(type) {
	case map[string]any:
		if chance(a.rng, 4) {
			return key, "{}"
		}
		in, value := a.meta(v)
		return key + "." + in, value
	case nil:
		return key, "null"
	default:
		return key, fmt.Sprint(v)
	}
}

// moment is t or a microsecond beside it, or a little less than that.
func (a asker) moment(t time.Time) time.Time {
	return t.Add(oneOf(a.rng, []time.Duration{0, 0, time.Microsecond, -time.Microsecond, 999, -1}))
}

// text searches what stands in an event: words, beginnings of words, phrases.
func (a asker) text() activitylog.Filter {
	text := activitylog.SearchText(a.event())
	if all := strings.Fields(text); len(all) > 1 && chance(a.rng, 12) { // maybe over the end of a field
		i := a.rng.IntN(len(all) - 1)
		return activitylog.Text(`"` + all[i] + " " + all[i+1] + `"`)
	}
	fields := strings.Split(text, "\n")
	words := strings.Fields(oneOf(a.rng, fields))
	if len(words) == 0 || chance(a.rng, 10) {
		return activitylog.Text(randomText(a.rng))
	}
	i := a.rng.IntN(len(words))
	word := words[i]
	switch a.rng.IntN(7) {
	case 0:
		return activitylog.Text(strings.ToUpper(word))
	case 1:
		runes := []rune(word)
		return activitylog.Text(string(runes[:1+a.rng.IntN(len(runes))]))
	case 2:
		return activitylog.Text(`"` + strings.Join(words[i:min(len(words), i+1+a.rng.IntN(3))], " ") + `"`)
	case 3:
		return activitylog.Text(`"` + word + `"`)
	case 4:
		return activitylog.Text(word + " " + oneOf(a.rng, words))
	case 5:
		return activitylog.Text(word + oneOf(a.rng, []string{"x", "%", ".", "_"}))
	}
	return activitylog.Text(word)
}

// written reads a filter that has no constructor of its own.
func written(format string, value string) activitylog.Filter {
	text := fmt.Sprintf(format, value)
	f, err := activitylog.ParseFilter(text)
	if err != nil {
		panic(fmt.Sprintf("storetest: parse %s: %v", text, err))
	}
	return f
}
