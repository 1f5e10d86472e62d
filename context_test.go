package activitylog_test

import (
	"context"
	"net/netip"
	"reflect"
	"testing"

	"github.com/activitylog/activitylog"
)

// recordIn is what a log stores of e under a context.
func recordIn(t *testing.T, ctx context.Context, e activitylog.Event) activitylog.Event {
	t.Helper()
	l := newLog(t, &activitylog.Options{DefaultOrg: "default"})
	if e.Action == "" {
		e.Action = "project.create"
	}
	if _, err := l.Record(ctx, e); err != nil {
		t.Fatal(err)
	}
	return all(t, l)[0]
}

func TestContextFillsEvents(t *testing.T) {
	t.Parallel()
	type e = activitylog.Event
	client := activitylog.Client{IP: netip.MustParseAddr("192.0.2.1"), UserAgent: "browser", Country: "DE"}
	request := activitylog.Request{
		ID: "r1", Method: "GET", Route: "/x", SessionID: "s1", CredentialID: "c1", TraceID: "t1", SpanID: "p1",
		CorrelationID: "co1", CausationID: "ca1", Origin: "api",
	}
	eve := activitylog.Actor{Type: activitylog.Support, ID: "s1"}
	as := activitylog.Delegation{Actor: ana, Relation: activitylog.Impersonates}
	ctx := activitylog.WithOrg(context.Background(), "acme", "p1")
	ctx = activitylog.WithActor(ctx, eve, as)
	ctx = activitylog.WithClient(ctx, client)
	ctx = activitylog.WithRequest(ctx, request)

	tests := []struct {
		name  string
		ctx   context.Context
		event e
		check func(got e) bool
	}{
		{"everything", ctx, e{}, func(got e) bool {
			return got.Org == "acme" && got.Project == "p1" && reflect.DeepEqual(got.Actor, eve) &&
				reflect.DeepEqual(got.OnBehalfOf, []activitylog.Delegation{as}) && reflect.DeepEqual(got.Client, client) && got.Request == request
		}},
		{"own organization: no foreign project", ctx, e{Org: "other"}, func(got e) bool { return got.Org == "other" && got.Project == "" }},
		{"same organization", ctx, e{Org: "acme"}, func(got e) bool { return got.Project == "p1" }},
		{"own project", ctx, e{Project: "p2"}, func(got e) bool { return got.Org == "acme" && got.Project == "p2" }},
		{"own actor: nobody else's delegation", ctx, e{Actor: ana}, func(got e) bool { return got.Actor.ID == "u1" && got.OnBehalfOf == nil }},
		{"own actor without ID", ctx, e{Actor: activitylog.Actor{Type: activitylog.System}}, func(got e) bool {
			return got.Actor.Type == activitylog.System && got.Actor.ID == ""
		}},
		{"own delegation", ctx, e{OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{ID: "u9"}}}}, func(got e) bool {
			return got.Actor.ID == "s1" && len(got.OnBehalfOf) == 1 && got.OnBehalfOf[0].ID == "u9"
		}},
		{"own client as a whole", ctx, e{Client: activitylog.Client{UserAgent: "cli"}}, func(got e) bool {
			return got.Client.UserAgent == "cli" && !got.Client.IP.IsValid() && got.Client.Country == ""
		}},
		{"request field by field", ctx, e{Request: activitylog.Request{ID: "r2", Origin: "job"}}, func(got e) bool {
			return got.Request.ID == "r2" && got.Request.Origin == "job" && got.Request.SessionID == "s1" && got.Request.SpanID == "p1"
		}},
		{"own span in the same trace", ctx, e{Request: activitylog.Request{SpanID: "p2"}}, func(got e) bool {
			return got.Request.TraceID == "t1" && got.Request.SpanID == "p2"
		}},
		{"no span of another trace", ctx, e{Request: activitylog.Request{TraceID: "t2"}}, func(got e) bool {
			return got.Request.TraceID == "t2" && got.Request.SpanID == ""
		}},
		{"the innermost wins", activitylog.WithOrg(activitylog.WithActor(ctx, ana), "inner", ""), e{}, func(got e) bool {
			return got.Org == "inner" && got.Project == "" && got.Actor.ID == "u1" && got.OnBehalfOf == nil && got.Request.ID == "r1"
		}},
		{"nothing", context.Background(), e{Actor: ana}, func(got e) bool { return got.Org == "default" && got.Request == activitylog.Request{} }},
		{"a project of the default organization", activitylog.WithOrg(context.Background(), "", "p3"), e{Actor: ana}, func(got e) bool {
			return got.Org == "default" && got.Project == "p3"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := recordIn(t, tt.ctx, tt.event); !tt.check(got) {
				t.Errorf("got %s", got.AppendJSON(nil))
			}
		})
	}
}

func TestContextsDoNotChangeEachOther(t *testing.T) {
	t.Parallel()
	behalf := []activitylog.Delegation{{Actor: ana, Relation: activitylog.DelegatedBy}}
	outer := activitylog.WithActor(context.Background(), activitylog.Actor{Type: activitylog.Agent, ID: "bot"}, behalf...)
	activitylog.WithActor(outer, ana)
	behalf[0].ID = "spoiled"
	got := recordIn(t, outer, activitylog.Event{})
	if got.Actor.ID != "bot" || got.OnBehalfOf[0].ID != "u1" {
		t.Errorf("got %s", got.AppendJSON(nil))
	}
}
