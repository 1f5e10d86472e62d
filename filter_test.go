package activitylog_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

func TestFilterMatch(t *testing.T) {
	t.Parallel()
	cost := int64(2_500_000)
	e := activitylog.Event{
		ID: id(7), Time: noon, Recorded: noon.Add(time.Second), Org: "acme", Project: "p1", Category: "ai", Action: "ai.message.send",
		Outcome: activitylog.Failure, Severity: activitylog.Medium, Message: "Ana failed to send a message",
		Actor: activitylog.Actor{Type: activitylog.Agent, ID: "bot"},
		OnBehalfOf: []activitylog.Delegation{
			{Actor: activitylog.Actor{ID: "u1"}, Relation: activitylog.Impersonates},
			{Actor: activitylog.Actor{ID: "u2"}, Relation: activitylog.DelegatedBy},
			{Actor: activitylog.Actor{ID: "u3"}, Relation: "other"},
		},
		Targets:   []activitylog.Target{{Type: "channel", ID: "c1"}, {Type: "user", ID: "u9"}},
		Client:    activitylog.Client{IP: netip.MustParseAddr("192.0.2.7")},
		Request:   activitylog.Request{ID: "r1", SessionID: "s1", CorrelationID: "co1"},
		AI:        &activitylog.AIUsage{Model: "m1", Provider: "pr1", CostMicros: &cost},
		Retention: "usage",
		Labels:    map[string]string{"env": "prod", "empty": ""},
		Metadata:  map[string]any{"n": number("1.50"), "s": "x", "b": true, "nil": nil, "o": map[string]any{"k": "deep", "l": []any{number("1")}}, "a.b": "dotted", "a": map[string]any{"b": "nested", "c": "c"}},
	}
	bare := activitylog.Event{ID: id(8), Time: noon, Org: "acme", Action: "x"}
	p := netip.MustParsePrefix
	tests := []struct {
		name   string
		filter activitylog.Filter
		want   bool
		bare   bool // whether it means an event that has next to nothing
	}{
		{"zero", activitylog.Filter{}, true, true},
		{"id", activitylog.IDIs(id(1), id(7)), true, false},
		{"other id", activitylog.IDIs(id(1)), false, false},
		{"no id", activitylog.IDIs(), false, false},
		{"project", activitylog.ProjectIs("p0", "p1"), true, false},
		{"no project", activitylog.ProjectIs(""), false, true},
		{"category", activitylog.CategoryIs("ai"), true, false},
		{"action", activitylog.ActionIs("ai.message.send"), true, false},
		{"beginning of an action", activitylog.ActionIs("ai.message"), false, false},
		{"under", activitylog.ActionUnder("ai.message"), true, false},
		{"under itself", activitylog.ActionUnder("ai.message.send"), true, false},
		{"under the first segment", activitylog.ActionUnder("auth", "ai"), true, false},
		{"under half a segment", activitylog.ActionUnder("ai.mess"), false, false},
		{"under with a dot", activitylog.ActionUnder("ai."), false, false},
		{"any role", activitylog.ActorIs("u1"), true, false},
		{"any role, acted", activitylog.ActorIs("bot"), true, false},
		{"any role, relation of the host's own", activitylog.ActorIs("u3"), true, false},
		{"acted", activitylog.ActedBy("bot"), true, false},
		{"impersonated did not act", activitylog.ActedBy("u1"), false, false},
		{"impersonated", activitylog.Impersonated("u1"), true, false},
		{"authority is no impersonation", activitylog.Impersonated("u2"), false, false},
		{"authority", activitylog.AuthorizedBy("u2"), true, false},
		{"nobody acted", activitylog.ActedBy(""), false, true},
		{"actor type", activitylog.ActorTypeIs(activitylog.Agent), true, false},
		{"target", activitylog.TargetIs("channel", "c1"), true, false},
		{"target of another type", activitylog.TargetIs("channel", "u9"), false, false},
		{"target of any type", activitylog.TargetIs("", "u9"), true, false},
		{"target type", activitylog.TargetIs("user"), true, false},
		{"any target", activitylog.TargetIs(""), true, false},
		{"outcome", activitylog.OutcomeIs(activitylog.Denied, activitylog.Failure), true, false},
		{"severity", activitylog.SeverityIs(activitylog.Medium), true, false},
		{"severity at least", activitylog.SeverityAtLeast(activitylog.Low), true, false},
		{"severity at least the same", activitylog.SeverityAtLeast(activitylog.Medium), true, false},
		{"severity at least higher", activitylog.SeverityAtLeast(activitylog.High), false, false},
		{"severity at least the lowest, of an unknown one", activitylog.SeverityAtLeast(activitylog.Info), true, false},
		{"severity at least an unknown one", activitylog.SeverityAtLeast("urgent"), false, false},
		{"model", activitylog.ModelIs("m1"), true, false},
		{"no model", activitylog.ModelIs(""), false, true},
		{"network", activitylog.IPIn(p("10.0.0.0/8"), p("192.0.2.0/24")), true, false},
		{"address", activitylog.IPIn(p("192.0.2.7/32")), true, false},
		{"network with host bits", activitylog.IPIn(p("192.0.2.9/24")), true, false},
		{"mapped network", activitylog.IPIn(p("::ffff:192.0.2.0/120")), true, false},
		{"all of IPv4", activitylog.IPIn(p("0.0.0.0/0")), true, false},
		{"all of IPv6", activitylog.IPIn(p("::/0")), false, false},
		{"invalid network", activitylog.IPIn(netip.Prefix{}), false, false},
		{"request", activitylog.RequestIs("r1"), true, false},
		{"session", activitylog.SessionIs("s1"), true, false},
		{"correlation", activitylog.CorrelationIs("co1"), true, false},
		{"retention", activitylog.RetentionIs("admin", "usage"), true, false},
		{"other retention", activitylog.RetentionIs("admin"), false, false},
		{"no retention", activitylog.RetentionIs(""), false, true},
		{"label", activitylog.LabelIs("env", "dev", "prod"), true, false},
		{"label exists", activitylog.LabelIs("env"), true, false},
		{"empty label exists", activitylog.LabelIs("empty"), true, false},
		{"empty label", activitylog.LabelIs("empty", ""), true, false},
		{"absent label is not empty", activitylog.LabelIs("none", ""), false, false},
		{"meta text", activitylog.MetaIs("s", "x"), true, false},
		{"meta number as written", activitylog.MetaIs("n", "1.50"), true, false},
		{"meta number otherwise written", activitylog.MetaIs("n", "1.5"), false, false},
		{"meta bool", activitylog.MetaIs("b", "true"), true, false},
		{"meta null", activitylog.MetaIs("nil", "null"), true, false},
		{"meta null exists", activitylog.MetaIs("nil"), true, false},
		{"meta nested", activitylog.MetaIs("o.k", "deep"), true, false},
		{"meta list", activitylog.MetaIs("o.l", "[1]"), true, false},
		{"meta object", activitylog.MetaIs("a", `{"b":"nested","c":"c"}`), true, false},
		{"meta dotted key before nested", activitylog.MetaIs("a.b", "nested"), false, false},
		{"meta dotted key", activitylog.MetaIs("a.b", "dotted"), true, false},
		{"meta beside a dotted key", activitylog.MetaIs("a.c", "c"), true, false},
		{"meta absent", activitylog.MetaIs("o.none"), false, false},
		{"meta below a text", activitylog.MetaIs("s.x"), false, false},
		{"cost at least", activitylog.CostAtLeast(2_500_000), true, false},
		{"cost at least more", activitylog.CostAtLeast(2_500_001), false, false},
		{"cost below", activitylog.CostBelow(2_500_001), true, false},
		{"cost not below itself", activitylog.CostBelow(2_500_000), false, false},
		{"unknown cost is not below", activitylog.CostBelow(1 << 62), true, false},
		{"since", activitylog.Since(noon), true, true},
		{"since later", activitylog.Since(noon.Add(time.Microsecond)), false, false},
		{"since, in whole microseconds", activitylog.Since(noon.Add(999)), true, true},
		{"before", activitylog.Before(noon.Add(time.Microsecond)), true, true},
		{"not before itself", activitylog.Before(noon), false, false},
		{"since ever", activitylog.Since(time.Time{}), true, true},
		{"before the end of time", activitylog.Before(time.Unix(1<<60, 0)), true, true},
		{"since the end of time", activitylog.Since(time.Unix(1<<60, 0)), false, false},
		{"before the beginning of time", activitylog.Before(time.Unix(-1<<60, 0)), false, false},
		{"recorded before", activitylog.RecordedBefore(noon.Add(time.Second)), false, true},
		{"text", activitylog.Text("ANA mess"), true, false},
		{"all of none", activitylog.All(), true, true},
		{"any of none", activitylog.Any(), false, false},
		{"all", activitylog.All(activitylog.ProjectIs("p1"), activitylog.ModelIs("m1")), true, false},
		{"all but one", activitylog.All(activitylog.ProjectIs("p1"), activitylog.ModelIs("m2")), false, false},
		{"any", activitylog.Any(activitylog.ProjectIs("p2"), activitylog.ModelIs("m1")), true, false},
		{"any with everything", activitylog.Any(activitylog.Filter{}, activitylog.ModelIs("m2")), true, true},
		{"not", activitylog.Not(activitylog.ModelIs("m2")), true, true},
		{"not not", activitylog.Not(activitylog.Not(activitylog.ModelIs("m1"))), true, false},
		{"not everything", activitylog.Not(activitylog.Filter{}), false, false},
		{"not nothing", activitylog.Not(activitylog.Any()), true, true},
		{"not a list of none", activitylog.Not(activitylog.ModelIs()), true, true},
		{"and", activitylog.ProjectIs("p1").And(activitylog.ModelIs("m1"), activitylog.CategoryIs("ai")), true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.filter.Match(&e); got != tt.want {
				t.Errorf("%s: got %v, want %v", tt.filter, got, tt.want)
			}
			if got := tt.filter.Match(&bare); got != tt.bare {
				t.Errorf("%s on a bare event: got %v, want %v", tt.filter, got, tt.bare)
			}
			f, err := activitylog.ParseFilter(tt.filter.String())
			if err != nil || f.String() != tt.filter.String() || f.Match(&e) != tt.want || f.Match(&bare) != tt.bare {
				t.Errorf("%q reads as %q, %v", tt.filter, f, err)
			}
		})
	}
}

func TestFiltersAreImmutable(t *testing.T) {
	t.Parallel()
	values := []string{"p1", "p2"}
	f := activitylog.ProjectIs(values...)
	values[0] = "spoiled"
	ids := []uuid.UUID{id(1)}
	g := f.And(activitylog.IDIs(ids...))
	ids[0] = id(2)
	h := g.And(activitylog.ModelIs("a"))
	_ = g.And(activitylog.ModelIs("b"))
	if want := "project:p1,p2 id:" + id(1).String() + " model:a"; h.String() != want {
		t.Errorf("got %s, want %s", h, want)
	}
	if g.String() != "project:p1,p2 id:"+id(1).String() {
		t.Errorf("And changed its receiver to %s", g)
	}
}

// Filters compare with events as the log cleans them.
func TestFilterTextsAreCleaned(t *testing.T) {
	t.Parallel()
	dirty := "a\x00\xff"
	e := cleaned(t, event(func(e *activitylog.Event) {
		e.Project, e.Actor.ID = dirty, dirty
		e.Labels, e.Metadata = map[string]string{dirty: dirty}, map[string]any{dirty: dirty}
		e.Targets = []activitylog.Target{{Type: dirty, ID: dirty}}
	}))
	for _, f := range []activitylog.Filter{
		activitylog.ProjectIs(dirty), activitylog.ActorIs(dirty), activitylog.LabelIs(dirty, dirty), activitylog.MetaIs(dirty, dirty),
		activitylog.TargetIs(dirty, dirty),
	} {
		if !f.Match(&e) {
			t.Errorf("%s does not match %s", f, e.AppendJSON(nil))
		}
		if p, err := activitylog.ParseFilter(f.String()); err != nil || !p.Match(&e) {
			t.Errorf("%q reads as %v, %v", f, p, err)
		}
	}
}
