package activitylog_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
)

func TestErase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		parts activitylog.Parts
		want  []string // the fields that differ afterwards
	}{
		{"nothing", 0, nil},
		{"actor", activitylog.ActorPart, []string{"Message", "Actor", "OnBehalfOf"}},
		{"targets", activitylog.TargetPart, []string{"Message", "Targets"}},
		{"client", activitylog.ClientPart, []string{"Message", "Client", "Request"}},
		{"content", activitylog.ContentPart, []string{"Reason", "Message", "Changes", "Labels", "Metadata", "Truncated"}},
		{"opening", activitylog.OpeningPart, []string{"Message", "Opening"}},
		{"two", activitylog.ActorPart | activitylog.OpeningPart, []string{"Message", "Actor", "OnBehalfOf", "Opening"}},
		{"all", activitylog.AllParts, []string{"Reason", "Message", "Actor", "OnBehalfOf", "Targets", "Changes", "Client", "Request", "Labels", "Metadata", "Truncated", "Opening"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before, e := filled(t, "x"), filled(t, "x")
			shared := e // erasing one event must not reach into another that shares its lists
			tt.parts.Erase(&e)
			if !reflect.DeepEqual(shared, before) {
				t.Error("erasure changed what the event shared with others")
			}
			var got []string
			for i := range reflect.TypeFor[activitylog.Event]().NumField() {
				if !reflect.DeepEqual(reflect.ValueOf(e).Field(i).Interface(), reflect.ValueOf(before).Field(i).Interface()) {
					got = append(got, reflect.TypeFor[activitylog.Event]().Field(i).Name)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("changed %v, want %v", got, tt.want)
			}
			again := e.Clone()
			if tt.parts.Erase(&again); !reflect.DeepEqual(again, e) {
				t.Error("erasing twice is not the same as once")
			}
		})
	}
}

// What is erased is gone, and what figures and filters need stays.
func TestErasedEvents(t *testing.T) {
	t.Parallel()
	e := filled(t, "personal")
	for _, s := range []*string{&e.Org, &e.Project, &e.Category, &e.Action, &e.Verb, &e.ErrorCode, &e.Retention, (*string)(&e.Outcome), (*string)(&e.Severity),
		&e.Request.Method, &e.Request.Route, &e.Request.Origin, (*string)(&e.Actor.Type), &e.Targets[0].Type} {
		*s = "kept"
	}
	for i := range e.OnBehalfOf {
		e.OnBehalfOf[i].Type, e.OnBehalfOf[i].Relation = "kept", "kept"
	}
	e.OnBehalfOf, e.Targets = e.OnBehalfOf[:1], e.Targets[:1]
	e.AI = nil // what a model cost is no part of a person
	activitylog.AllParts.Erase(&e)
	if b := string(e.AppendJSON(nil)); strings.Contains(b, "personal") {
		t.Errorf("left: %s", b)
	}
	if e.Actor.Type != "kept" || e.Targets[0].Type != "kept" || e.OnBehalfOf[0].Relation != "kept" || e.Request.Route != "kept" || e.Leaf == nil {
		t.Errorf("went: %s", e.AppendJSON(nil))
	}
}

func TestErasedListsThatWereEmptyStayAbsent(t *testing.T) {
	t.Parallel()
	e := event()
	activitylog.AllParts.Erase(&e)
	if e.OnBehalfOf != nil || e.Targets != nil {
		t.Errorf("got %+v", e)
	}
}

func TestErasedPartsLoseTheirSalts(t *testing.T) {
	t.Parallel()
	salt := func(b byte) []byte { return bytes.Repeat([]byte{b}, 16) }
	opening := slices.Concat([]byte{1, 0b11011}, salt(1), salt(2), salt(8), salt(16))
	tests := []struct {
		name  string
		parts activitylog.Parts
		want  []byte
	}{
		{"none", 0, opening},
		{"actor and text", activitylog.ActorPart, slices.Concat([]byte{1, 0b01010}, salt(2), salt(8))},
		{"a part without a salt", activitylog.ClientPart, slices.Concat([]byte{1, 0b01011}, salt(1), salt(2), salt(8))},
		{"content", activitylog.ContentPart, slices.Concat([]byte{1, 0b00011}, salt(1), salt(2))},
		{"all", activitylog.AllParts, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := event()
			e.Opening = bytes.Clone(opening)
			tt.parts.Erase(&e)
			if !bytes.Equal(e.Opening, tt.want) {
				t.Errorf("got %x, want %x", e.Opening, tt.want)
			}
		})
	}
	e := event()
	e.Opening = []byte{1, 3, 9} // of somebody else
	activitylog.ActorPart.Erase(&e)
	if !bytes.Equal(e.Opening, []byte{1, 3, 9}) {
		t.Errorf("got %x", e.Opening)
	}
}
