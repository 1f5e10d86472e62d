package activitylog

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// briefOf is what the short reading must have.
func briefOf(e *Event, more bool) Event {
	b := Event{
		ID: e.ID, Time: e.Time, Org: e.Org, Category: e.Category, Action: e.Action, Verb: e.Verb, Outcome: e.Outcome,
		Actor:   Actor{Type: e.Actor.Type, ID: e.Actor.ID, Roles: e.Actor.Roles, Zone: e.Actor.Zone},
		Changes: e.Changes, Client: Client{IP: e.Client.IP, UserAgent: e.Client.UserAgent}, Backfill: e.Backfill,
	}
	for _, d := range e.OnBehalfOf {
		b.OnBehalfOf = append(b.OnBehalfOf, Delegation{Actor: Actor{Type: d.Type, ID: d.ID}, Relation: d.Relation})
	}
	for _, t := range e.Targets {
		kept := Target{Type: t.Type, ID: t.ID}
		if more {
			kept.Name = t.Name
		}
		b.Targets = append(b.Targets, kept)
	}
	if u := e.AI; u != nil {
		b.AI = &AIUsage{Provider: u.Provider, Model: u.Model, Currency: u.Currency, CostMicros: u.CostMicros, InputTokens: u.InputTokens, OutputTokens: u.OutputTokens}
	}
	if more {
		b.Reason, b.ErrorCode, b.Metadata = e.Reason, e.ErrorCode, e.Metadata
	}
	return b
}

// sameBrief holds the short reading of a form to the long one. What is left out may be damaged, so that only forms that
// are whole are compared.
func sameBrief(t *testing.T, b []byte) {
	t.Helper()
	var whole Event
	if whole.UnmarshalJSON(b) != nil {
		return
	}
	for _, more := range []bool{false, true} {
		var e Event
		if err := e.UnmarshalBrief(b, more); err != nil {
			t.Errorf("%q: %v", b, err)
		}
		if got, want := briefOf(&e, more), briefOf(&whole, more); !reflect.DeepEqual(got, want) {
			t.Errorf("%q, more %v: read %+v, not %+v", b, more, got, want)
		}
	}
}

// TestBriefIsPartOfTheWhole reads forms of our own and others, cut short and with bytes changed.
func TestBriefIsPartOfTheWhole(t *testing.T) {
	t.Parallel()
	long := `{"schema":1,"recorded":"2026-05-04T03:02:01.123456Z","project":"p","verb":"read","reason":"r\"]}","error_code":"e","severity":"low","message":"m \\",` +
		`"actor":{"type":"user","name":"n","roles":["a"],"zone":"UTC","org":"o","version":"v","instance":"i","model":"m"},` +
		`"on_behalf_of":[{"id":"x","name":"n","roles":["r"],"relation":"impersonates"}],"targets":[{"type":"t","id":"1","name":"n","url":"u","parent_type":"p","parent_id":"q"}],` +
		`"client":{"ip":"1.2.3.4","ip_kind":"k","ip_hash":"h","user_agent":"ua","forwarded":["f"],"country":"c","region":"r","asn":1},"request":{"id":"r","origin":"api"},` +
		`"ai":{"operation":"o","provider":"p","model":"m","model_requested":"q","input_tokens":1,"output_tokens":2,"cached_tokens":3,"cost_micros":4,"currency":"EUR","tool_names":["t"],"stream":true},` +
		`"labels":{"a}":"]"},"metadata":{"x":[{"y":"\"}]"}],"z":-1.5e3},"retention":"c","backfill":true,"completes":"01a20000-0000-7000-8000-000000000001",` +
		`"expires":"2026-05-04T03:02:01.123456Z","truncated":[{"path":"p","bytes":1}],"leaf":"AAH/","opening":"b3BlbmluZw=="}`
	var e Event
	require.NoError(t, e.UnmarshalJSON([]byte(long)))
	require.Equal(t, long, string(e.AppendJSON(nil)))
	for _, text := range append(append(ours, others...), long) {
		sameBrief(t, []byte(text))
		for i := range text {
			sameBrief(t, []byte(text[:i]))
			for _, c := range []byte(`{}[],:"\0e- `) {
				b := []byte(text)
				b[i] = c
				if json.Valid(b) {
					sameBrief(t, b)
				}
			}
		}
	}
}

// TestBriefLeavesTheRestAlone reads forms that are damaged in what is left out.
func TestBriefLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"schema":1,"verb":"read","metadata":{"a":tru}}`, `{"schema":1,"recorded":"never","verb":"read"}`, `{"schema":1,"verb":"read","message":"` + "\xff\"}",
	} {
		var e Event
		require.NoError(t, e.UnmarshalBrief([]byte(text), false), text)
		require.Equal(t, Event{Verb: "read"}, e)
	}
	var e Event
	require.Error(t, e.UnmarshalBrief([]byte(`{"schema":1,"verb":"read","metadata":{"a":tru}}`), true))
}
