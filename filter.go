package activitylog

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Filter says which events are meant. It is an immutable value; the zero value means every event. Match defines what
// it means, in every store. String gives its text form, which ParseFilter reads.
type Filter struct{ expr Expr }

func in(field string, values []string) Filter {
	return cond(Cond{Field: field, Op: opIn, Values: values})
}

// cond makes the filter of one condition. Its texts are cleaned like the events that they are compared with.
func cond(c Cond) Filter {
	c.Key = cleanText(c.Key)
	c.Values = slices.Clone(c.Values)
	for i, v := range c.Values {
		c.Values[i] = cleanText(v)
	}
	switch c.Field {
	case "time", "recorded", "cost": // have a Number
	case "target", "label", "meta": // without values they ask whether there is one
	default:
		if len(c.Values)+len(c.Prefixes) == 0 {
			return Any()
		}
	}
	return Filter{c}
}

// IDIs means the events with one of the ids. Like every constructor that takes a list, none given means no event.
func IDIs(ids ...uuid.UUID) Filter {
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = id.String()
	}
	return in("id", values)
}

// ProjectIs means the events of one of the projects; "" stands for events without a project.
func ProjectIs(ids ...string) Filter { return in("project", ids) }

// CategoryIs means the events of one of the categories.
func CategoryIs(names ...string) Filter { return in("category", names) }

// ActionIs means the events with exactly one of the actions.
func ActionIs(names ...string) Filter { return in("action", names) }

// ActionUnder means the actions that are one of the prefixes or continue it after a dot: "ai.message" covers
// "ai.message" and "ai.message.send".
func ActionUnder(prefixes ...string) Filter {
	return cond(Cond{Field: "action", Op: opUnder, Values: prefixes})
}

// ActorIs means the events in which one of the actors had any role: acted, was impersonated or gave the authority.
func ActorIs(ids ...string) Filter { return in("actor", ids) }

// ActedBy means the events in which one of the actors really acted.
func ActedBy(ids ...string) Filter { return actor("acted", ids) }

// Impersonated means the events in which somebody used the identity of one of the actors.
func Impersonated(ids ...string) Filter { return actor("impersonated", ids) }

// AuthorizedBy means the events in which somebody acted under the authority of one of the actors.
func AuthorizedBy(ids ...string) Filter { return actor("authority", ids) }

func actor(role string, ids []string) Filter {
	return cond(Cond{Field: "actor", Key: role, Op: opIn, Values: ids})
}

// ActorTypeIs means the events of one of the kinds of actors.
func ActorTypeIs(types ...ActorType) Filter { return in("actor_type", texts(types)) }

// TargetIs means the events that acted on one of the ids of type kind. Kind "" means any type; without ids it means
// any target of the type.
func TargetIs(kind string, ids ...string) Filter {
	return cond(Cond{Field: "target", Key: kind, Op: opIn, Values: ids})
}

// OutcomeIs means the events with one of the outcomes.
func OutcomeIs(outcomes ...Outcome) Filter { return in("outcome", texts(outcomes)) }

// SeverityIs means the events with exactly one of the severities.
func SeverityIs(s ...Severity) Filter { return in("severity", texts(s)) }

// SeverityAtLeast means the events with s or a higher severity. Where s is unknown it means no event.
func SeverityAtLeast(s Severity) Filter {
	c := Cond{Field: "severity", Op: opGE}
	if r := s.rank(); r >= 0 {
		c.Values = texts(severities[r:])
	}
	return cond(c)
}

// ModelIs means the events in which one of the models answered.
func ModelIs(names ...string) Filter { return in("model", names) }

// ProviderIs matches events in which a model of one of the providers was used, as the event names them.
func ProviderIs(names ...string) Filter { return in("provider", names) }

// IPIn means the events whose client address lies in one of the networks; netip.PrefixFrom(ip, ip.BitLen()) is one address.
func IPIn(networks ...netip.Prefix) Filter {
	c := Cond{Field: "ip", Op: opIn}
	for _, p := range networks {
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		if p.IsValid() {
			c.Prefixes = append(c.Prefixes, p.Masked())
		}
	}
	return cond(c)
}

// RequestIs means the events of one of the requests.
func RequestIs(ids ...string) Filter { return in("request", ids) }

// SessionIs means the events of one of the sessions.
func SessionIs(ids ...string) Filter { return in("session", ids) }

// CorrelationIs means the events of one of the operations.
func CorrelationIs(ids ...string) Filter { return in("correlation", ids) }

// RetentionIs means the events of one of the retention classes.
func RetentionIs(classes ...string) Filter { return in("retention", classes) }

// LabelIs means the events whose label key has one of the values; without values, those that have the label.
func LabelIs(key string, values ...string) Filter {
	return cond(Cond{Field: "label", Key: key, Op: opIn, Values: values})
}

// MetaIs means the events whose metadata hold one of the values under key; without values, those that have the key.
// A dot in key goes into nested objects. Strings compare as they are, all else in its JSON form.
func MetaIs(key string, values ...string) Filter {
	return cond(Cond{Field: "meta", Key: key, Op: opIn, Values: values})
}

// CostAtLeast means the events with a known cost of at least micros millionths of whatever currency.
func CostAtLeast(micros int64) Filter { return cond(Cond{Field: "cost", Op: opGE, Number: micros}) }

// CostBelow means the events with a known cost below micros millionths of whatever currency.
func CostBelow(micros int64) Filter { return cond(Cond{Field: "cost", Op: opLT, Number: micros}) }

// Since means the events at t or later. Like every bound in time it is taken in whole microseconds.
func Since(t time.Time) Filter { return cond(Cond{Field: "time", Op: opGE, Number: bound(t)}) }

// Before means the events before t.
func Before(t time.Time) Filter { return cond(Cond{Field: "time", Op: opLT, Number: bound(t)}) }

// RecordedBefore means the events that the log took before t. Retention counts from there.
func RecordedBefore(t time.Time) Filter {
	return cond(Cond{Field: "recorded", Op: opLT, Number: bound(t)})
}

// bound is t in microseconds, kept within what the text form can hold. No event lies outside.
func bound(t time.Time) int64 {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	switch {
	case t.Before(first):
		t = first
	case t.After(last):
		t = last
	}
	return t.UnixMicro()
}

// Text means the events in which all words of the text occur: case and accents do not matter, each word may go on, a
// "quoted phrase" stands word for word. SearchText says where it looks. A text without words means every event.
func Text(text string) Filter {
	var all AndExpr
	for _, p := range phrases(text) {
		all = append(all, TextExpr{Words: p.words, Prefix: p.prefix})
	}
	return and(all)
}

// All means the events that every filter means; without filters, every event.
func All(filters ...Filter) Filter {
	var all AndExpr
	for _, f := range filters {
		switch x := f.expr.(type) {
		case nil:
		case AndExpr:
			all = append(all, x...)
		default:
			all = append(all, x)
		}
	}
	return and(all)
}

func and(all AndExpr) Filter {
	switch len(all) {
	case 0:
		return Filter{}
	case 1:
		return Filter{all[0]}
	}
	return Filter{all}
}

// Any means the events that at least one filter means; without filters, no event.
func Any(filters ...Filter) Filter {
	list := make(OrExpr, 0, len(filters))
	for _, f := range filters {
		switch x := f.Expr().(type) {
		case OrExpr:
			list = append(list, x...)
		default:
			list = append(list, x)
		}
	}
	if len(list) == 1 {
		return Filter{list[0]}
	}
	return Filter{list}
}

// Not means the events that f does not mean.
func Not(f Filter) Filter {
	switch x := f.Expr().(type) {
	case NotExpr:
		return Filter{x.X}
	case AndExpr:
		if len(x) == 0 {
			return Any()
		}
	case OrExpr:
		if len(x) == 0 {
			return Filter{}
		}
	}
	return Filter{NotExpr{f.Expr()}}
}

// And means the events that f and all of g mean.
func (f Filter) And(g ...Filter) Filter { return All(append([]Filter{f}, g...)...) }

// Expr returns the expression behind f, for a store to compile. It must not be changed.
func (f Filter) Expr() Expr {
	if f.expr == nil {
		return AndExpr{}
	}
	return f.expr
}

func texts[S ~string](values []S) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
