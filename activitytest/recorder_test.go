package activitytest_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/activitytest"
	"github.com/stretchr/testify/require"
)

// verdict is a test that notes how it was failed.
type verdict struct {
	testing.TB
	failed []string
}

func (v *verdict) Helper()           {}
func (v *verdict) Error(args ...any) { v.failed = append(v.failed, fmt.Sprint(args...)) }

func record(t *testing.T, r *activitytest.Recorder, events ...activitylog.Event) {
	t.Helper()
	for _, e := range events {
		if e.Org == "" {
			e.Org, e.Actor = "acme", activitylog.Actor{ID: "u1"}
		}
		_, err := r.Log.Record(t.Context(), e)
		require.NoError(t, err)
	}
}

func TestAssertions(t *testing.T) {
	t.Parallel()
	type want = activitytest.Event
	invite := activitylog.Event{Action: "member.invite", Targets: []activitylog.Target{{Type: "user", ID: "u2"}, {Type: "role", ID: "admin"}}}
	create := activitylog.Event{Action: "project.create", Project: "p1", Outcome: activitylog.Denied, Reason: "not an admin"}
	exactly, anyOrder, includes := (*activitytest.Recorder).Exactly, (*activitytest.Recorder).InAnyOrder, (*activitytest.Recorder).Includes
	tests := []struct {
		name     string
		recorded []activitylog.Event
		assert   func(*activitytest.Recorder, ...want)
		want     []want
		fails    []string // what the failure says; none: it holds
	}{
		{"nothing", nil, exactly, nil, nil},
		{"nothing, but something", []activitylog.Event{create}, exactly, nil, []string{"want exactly, in this order:\n\tnothing\ngot:\n\taction=project.create outcome=denied actor=u1"}},
		{"something, but nothing", nil, exactly, []want{{Action: "member.invite"}}, []string{"action=member.invite\n\t\tmissing\ngot:\n\tnothing"}},
		{"both in order", []activitylog.Event{invite, create}, exactly, []want{{Action: "member.invite", Target: "user:u2"}, {Outcome: activitylog.Denied, Project: "p1"}}, nil},
		{"both in the wrong order", []activitylog.Event{create, invite}, exactly, []want{{Action: "member.invite"}, {Action: "project.create"}}, []string{"in this order"}},
		{"both in any order", []activitylog.Event{create, invite}, anyOrder, []want{{Action: "member.invite"}, {Action: "project.create"}}, nil},
		{"one too many", []activitylog.Event{create, invite}, anyOrder, []want{{Action: "member.invite"}}, []string{"in any order"}},
		{"the same twice", []activitylog.Event{invite}, anyOrder, []want{{Action: "member.invite"}, {Action: "member.invite"}}, []string{"missing: one such"}},
		{"one that says little before one that says more", []activitylog.Event{invite, create}, anyOrder, []want{{}, {Action: "member.invite"}}, nil},
		{"among others", []activitylog.Event{create, invite, create}, includes, []want{{Targets: []string{"user:u2", "role:admin"}}}, nil},
		{"not among them", []activitylog.Event{create, invite}, includes, []want{{Action: "member.invite", Target: "user:u9"}},
			[]string{"action=member.invite target=user:u9\n\t\tmissing: of the nearest target is user:u2\n"}},
		{"other target behind the first", []activitylog.Event{invite}, includes, []want{{Targets: []string{"user:u2"}}}, []string{`targets is ["user:u2","role:admin"]`}},
		{"reason", []activitylog.Event{create}, includes, []want{{Reason: "no admin"}}, []string{`reason is "not an admin"`}},
		{"check", []activitylog.Event{create}, includes, []want{{Check: func(e *activitylog.Event) string { return "severity is " + string(e.Severity) }}},
			[]string{"and a check", "of the nearest severity is medium"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := &verdict{TB: t}
			r := activitytest.New(v, nil)
			record(t, r, tt.recorded...)
			tt.assert(r, tt.want...)
			text := strings.Join(v.failed, "\n")
			if (text == "") != (tt.fails == nil) {
				t.Fatalf("failed with %q", text)
			}
			for _, part := range tt.fails {
				if !strings.Contains(text, part) {
					t.Errorf("failed with\n%s\nwant it to say\n%s", text, part)
				}
			}
		})
	}
}

func TestFieldsOfEvents(t *testing.T) {
	t.Parallel()
	full := activitylog.Event{
		Org: "acme", Project: "p1", Action: "org.update", Actor: activitylog.Actor{ID: "s1"},
		OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{ID: "u1"}}},
		Changes:    []activitylog.Change{{Path: "name", New: "b"}, {Path: "plan", New: "c"}},
		Client:     activitylog.Client{IP: netip.MustParseAddr("192.0.2.7")}, Request: activitylog.Request{ID: "r1"},
		Metadata: map[string]any{"n": 5, "list": []string{"a"}}, Labels: map[string]string{"k": "v", "l": "w"},
	}
	tests := []struct {
		name  string
		want  activitytest.Event
		fails string // what is said to be otherwise; empty: it holds
	}{
		{"everything", activitytest.Event{Org: "acme", Project: "p1", Action: "org.update", Outcome: activitylog.Success, Actor: "s1", OnBehalfOf: "u1",
			Changed: []string{"plan", "name"}, IP: "192.0.2.7", RequestID: "r1", Metadata: map[string]any{"n": 5.0, "list": []any{"a"}},
			Labels: map[string]string{"k": "v"}}, ""},
		{"organization", activitytest.Event{Org: "x"}, "org is acme"},
		{"behalf", activitytest.Event{OnBehalfOf: "x"}, "for is u1"},
		{"paths", activitytest.Event{Changed: []string{"name"}}, `changed is ["name","plan"]`},
		{"address", activitytest.Event{IP: "192.0.2.8"}, "ip is 192.0.2.7"},
		{"request", activitytest.Event{RequestID: "x"}, "request is r1"},
		{"metadata", activitytest.Event{Metadata: map[string]any{"n": 6}}, "metadata is {"},
		{"metadata that is not there", activitytest.Event{Metadata: map[string]any{"x": nil}}, "metadata is {"},
		{"labels", activitytest.Event{Labels: map[string]string{"k": "x"}}, "labels is {"},
		{"two fields", activitytest.Event{Actor: "x", Project: "y"}, "actor is s1, project is p1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := &verdict{TB: t}
			r := activitytest.New(v, nil)
			record(t, r, full)
			r.Exactly(tt.want)
			text := strings.Join(v.failed, "\n")
			if (text == "") != (tt.fails == "") || !strings.Contains(text, tt.fails) {
				t.Errorf("failed with %q, want %q", text, tt.fails)
			}
		})
	}
}

func TestTransactionsAndClock(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	clock := activitytest.NewClock(noon)
	r := activitytest.New(t, &activitylog.Options{Now: clock.Now})
	e := activitylog.Event{Org: "acme", Action: "org.update", Actor: activitylog.Actor{ID: "u1"}}
	_, err := r.Log.RecordTx(t.Context(), nil, e)
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Hour), clock.Advance(time.Hour))
	record(t, r, e)
	clock.Set(noon.Add(24 * time.Hour))
	record(t, r, e)
	var times []string
	for _, e := range r.Events() {
		times = append(times, e.Time.Format("2 15:04"))
	}
	require.Equal(t, []string{"4 12:00", "4 13:00", "5 12:00"}, times)
}

func TestManyEvents(t *testing.T) {
	t.Parallel()
	r := activitytest.New(t, nil)
	record(t, r, make([]activitylog.Event, 0)...)
	events := make([]activitylog.Event, 2500)
	for i := range events {
		events[i] = activitylog.Event{Org: "acme", Action: "data.view", Actor: activitylog.Actor{ID: "u1"}}
	}
	_, err := r.Log.RecordAll(t.Context(), events)
	require.NoError(t, err)
	if n := len(r.Events()); n != len(events) {
		t.Errorf("got %d events, want %d", n, len(events))
	}
}
