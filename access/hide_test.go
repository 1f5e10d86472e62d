package access_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// TestHidden reads with and without the right, in every way.
func TestHidden(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	r.record("acme", "north", "ana", 1)
	secrets := []string{"ana@acme.example", "192.0.2.7", "agent-acme", "10.0.0.1", "session-acme", "key-acme", "old-acme", "new-acme", "meta-acme", `"CH"`}
	rights := access.View | access.Export
	for name, read := range reads {
		a := ask{id: r.id("acme"), filter: activitylog.ActionIs("project.update")}
		plain := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", rights)), a)
		whole := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", rights|access.ViewSensitive)), a)
		require.NoError(t, whole.err, name)
		for _, s := range secrets {
			if strings.Contains(plain.text, s) {
				t.Errorf("%s without the right shows %s: %s", name, s, plain.text)
			}
			if name != "Count" && name != "Aggregate" && !strings.Contains(whole.text, s) {
				t.Errorf("%s with the right does not show %s", name, s)
			}
		}
		if name == "Count" || name == "Aggregate" {
			continue
		}
		for _, mark := range []string{`"email":"[hidden]"`, `"ip_kind":"hidden"`, `"old":"[hidden]"`, `"note":"[hidden]"`, `"session_id":"[hidden]"`, "asked by [hidden]"} {
			if !strings.Contains(plain.text, mark) {
				t.Errorf("%s does not say %s: %s", name, mark, plain.text)
			}
		}
	}
}

// id is the id of the only event of an organization.
func (r *rig) id(org string) (id [16]byte) {
	for e, err := range r.log.Org(org).Events(r.t.Context(), activitylog.Query{Filter: aside}) {
		require.NoError(r.t, err)
		id = e.ID
	}
	return id
}

// TestNoOracle asks for what is hidden: the answer must be the same whether it is there or not.
func TestNoOracle(t *testing.T) {
	t.Parallel()
	for _, f := range []activitylog.Filter{
		activitylog.IPIn(netip.MustParsePrefix("192.0.2.0/24")), activitylog.SessionIs("session-acme"), activitylog.MetaIs("note", "meta-acme"),
		activitylog.Not(activitylog.SessionIs("session-acme")), activitylog.Any(activitylog.ActorIs("ana"), activitylog.All(activitylog.Text("x"), activitylog.MetaIs("note"))),
	} {
		r := memoryRig(t)
		r.record("acme", "north", "ana", 1)
		for name, read := range reads {
			if name == "Get" {
				continue
			}
			if a := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", access.View|access.Export)), ask{filter: f}); !denied(a) {
				t.Errorf("%s of %s: %q %v", name, f, a.text, a.err)
			}
			if a := read(t.Context(), r.guard.Reader(access.Org(leo, "acme", access.AllRights)), ask{filter: f}); a.err != nil {
				t.Errorf("%s of %s with the right: %v", name, f, a.err)
			}
		}
	}
	for _, word := range []string{"ana@acme.example", "meta-acme", "old-acme"} {
		r := memoryRig(t)
		for i := range 120 {
			r.record("acme", "north", "ana", i)
		}
		for name, read := range reads {
			if name == "Get" {
				continue
			}
			reader := r.guard.Reader(access.Org(leo, "acme", access.View|access.Export))
			there := read(t.Context(), reader, ask{filter: activitylog.Text(`"` + word + `"`).And(aside)})
			not := read(t.Context(), reader, ask{filter: activitylog.Text(`"never-said"`).And(aside)})
			if there.text != not.text || (there.err == nil) != (not.err == nil) {
				t.Errorf("%s finds %s: %q %v", name, word, there.text, there.err)
			}
			shown := read(t.Context(), reader, ask{filter: activitylog.Text("secret").And(aside)})
			if name != "Aggregate" && (shown.err != nil || shown.text == not.text) {
				t.Errorf("%s does not find what is shown: %q %v", name, shown.text, shown.err)
			}
		}
	}
}

func denied(a answer) bool {
	return a.err != nil && strings.Contains(a.err.Error(), "would tell what is hidden") && !strings.Contains(a.text, "ana")
}

// TestHideKeepsTheEvent makes sure that nothing of the caller's event changes but the event itself, and that what holds
// nothing gets no mark.
func TestHideKeepsTheEvent(t *testing.T) {
	t.Parallel()
	e := activitylog.Event{Org: "acme", Metadata: map[string]any{"k": "v"}, Changes: []activitylog.Change{{Path: "p", New: "n"}}, Client: activitylog.Client{IPHash: "h"}}
	shared := e
	access.Hide(&e)
	if shared.Metadata["k"] != "v" || shared.Changes[0].New != "n" {
		t.Error("what the event shared was changed")
	}
	if e.Changes[0].Old != nil || e.Changes[0].New != access.Hidden || e.Client.IPHash != access.Hidden || e.Client.IPKind != "hidden" {
		t.Errorf("hidden to %+v", e)
	}
	bare := activitylog.Event{Org: "acme", Action: "x.y"}
	access.Hide(&bare)
	if !reflect.DeepEqual(bare, activitylog.Event{Org: "acme", Action: "x.y"}) {
		t.Errorf("marks where there was nothing: %+v", bare)
	}
}

// TestEveryFieldDecided fails when an event gets a field of which nobody said whether it is hidden.
func TestEveryFieldDecided(t *testing.T) {
	t.Parallel()
	for typ, fields := range map[reflect.Type]string{
		reflect.TypeFor[activitylog.Event]():      "ID Time Recorded Duration Org Project Category Action Verb Outcome Reason ErrorCode Severity Message Actor OnBehalfOf Targets Changes Client Request AI Labels Metadata Retention Backfill Completes Expires Truncated Leaf Opening",
		reflect.TypeFor[activitylog.Actor]():      "Type ID Name Email Roles Zone Org Version Instance Model",
		reflect.TypeFor[activitylog.Delegation](): "Actor Relation",
		reflect.TypeFor[activitylog.Target]():     "Type ID Name URL ParentType ParentID",
		reflect.TypeFor[activitylog.Change]():     "Path Old New Secret",
		reflect.TypeFor[activitylog.Client]():     "IP IPKind IPHash UserAgent Forwarded Country Region ASN",
		reflect.TypeFor[activitylog.Request]():    "ID Method Route SessionID CredentialID TraceID SpanID CorrelationID CausationID Origin",
	} {
		var got []string
		for i := range typ.NumField() {
			got = append(got, typ.Field(i).Name)
		}
		if strings.Join(got, " ") != fields {
			t.Errorf("%s has the fields %s: decide in Hide, then here", typ, fmt.Sprint(got))
		}
	}
}
