package review_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/review"
	"github.com/stretchr/testify/require"
)

// change records a change of a project.
func (r *rig) change(days int, who, target, path string, old, now any, more ...func(*activitylog.Event)) {
	e := activitylog.Event{
		Action: "project.update", Project: "north", Time: start.Add(time.Duration(days) * day), Actor: activitylog.Actor{ID: who},
		Targets: []activitylog.Target{{Type: "project", ID: target, Name: target + " of day " + string(rune('0'+days))}},
		Changes: []activitylog.Change{{Path: path, Old: old, New: now}},
	}
	for _, f := range more {
		f(&e)
	}
	r.record(e)
}

func failed(e *activitylog.Event)  { e.Outcome = activitylog.Failure }
func secret(e *activitylog.Event)  { e.Changes[0].Secret = true }
func outside(e *activitylog.Event) { e.Project = "south" }
func other(e *activitylog.Event) {
	e.Targets = append([]activitylog.Target{{Type: "user", ID: "u1"}}, e.Targets...)
}

func history(t *testing.T) *rig {
	r := newRig(t)
	r.change(0, "ana", "p1", "name", nil, "North")
	r.change(1, "leo", "p1", "limit", json.Number("1"), json.Number("9007199254740993"))
	r.change(2, "leo", "p1", "name", "North", "refused", failed)
	r.change(3, "mia", "p1", "name", "North", "South")
	r.change(3, "mia", "p1", "tags", []any{"a"}, []any{"a", "b"})
	r.change(4, "leo", "p1", "key", "k1", "k2", secret)
	r.change(5, "ana", "p1", "name", "South", nil)
	r.change(5, "ana", "p1", "role", "x", "y", other)
	r.change(6, "ana", "p1", "zone", "UTC", "CET")
	r.change(6, "leo", "p1", "zone", "CET", "UTC")
	r.change(2, "leo", "p2", "name", "a", "b")
	r.change(2, "leo", "p3", "name", "a", "b", outside)
	return r
}

func TestStateAt(t *testing.T) {
	t.Parallel()
	r := history(t)
	tests := []struct {
		name   string
		at     time.Time
		fields map[string]any
		since  int
	}{
		{"before all", start.Add(-day), map[string]any{"limit": json.Number("1"), "tags": []any{"a"}, "key": "[secret]", "zone": "UTC"}, 8},
		{"at the first", start, map[string]any{"name": "North", "limit": json.Number("1"), "tags": []any{"a"}, "key": "[secret]", "zone": "UTC"}, 7},
		{"after a refusal", start.Add(2 * day), map[string]any{"name": "North", "limit": json.Number("9007199254740993"), "tags": []any{"a"}, "key": "[secret]", "zone": "UTC"}, 6},
		{"in the middle", start.Add(4 * day), map[string]any{"name": "South", "limit": json.Number("9007199254740993"), "tags": []any{"a", "b"}, "key": "[secret]", "zone": "UTC"}, 3},
		{"at the end", start.Add(99 * day), map[string]any{"limit": json.Number("9007199254740993"), "tags": []any{"a", "b"}, "key": "[secret]", "zone": "UTC"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := review.StateAt(t.Context(), r.log.Org("acme"), "project", "p1", tt.at)
			require.NoError(t, err)
			require.Equal(t, tt.fields, s.Fields)
			if len(s.Since) != tt.since {
				t.Errorf("%d changes since, want %d", len(s.Since), tt.since)
			}
		})
	}
	s, err := review.StateAt(t.Context(), r.log.Org("acme"), "project", "p1", start.Add(4*day))
	require.NoError(t, err)
	if s.Since[0].Actor.ID != "ana" || s.Target.Name != "p1 of day 4" {
		t.Errorf("changed since by %s; it was %q", s.Since[0].Actor.ID, s.Target.Name)
	}
	none, err := review.StateAt(t.Context(), r.log.Org("globex"), "project", "p1", start)
	require.NoError(t, err)
	if len(none.Fields) > 0 || len(none.Since) > 0 {
		t.Errorf("another organization sees %+v", none)
	}
	_, err = review.StateAt(t.Context(), r.log.Org("acme"), "", "p1", start)
	require.ErrorIs(t, err, activitylog.ErrInvalid)
}

func TestDrift(t *testing.T) {
	t.Parallel()
	r := history(t)
	got, err := review.Drift(t.Context(), r.log.Org("acme"), "north", review.Window{From: start.Add(day), To: start.Add(5 * day)})
	require.NoError(t, err)
	type short struct {
		target, path  string
		before, after any
	}
	var list []short
	for _, d := range got {
		list = append(list, short{d.Target.ID, d.Path, d.Before, d.After})
	}
	require.Equal(t, []short{
		{"p1", "key", "[secret]", "[secret]"},
		{"p1", "limit", json.Number("1"), json.Number("9007199254740993")},
		{"p1", "name", "North", "South"},
		{"p1", "tags", []any{"a"}, []any{"a", "b"}},
		{"p2", "name", "a", "b"},
	}, list)
	if d := got[2]; len(d.By) != 1 || d.By[0].ID != "mia" || d.Changes != 1 || !d.First.Equal(start.Add(3*day)) {
		t.Errorf("%+v", d)
	}
	back, err := review.Drift(t.Context(), r.log.Org("acme"), "north", review.Window{From: start.Add(6 * day), To: start.Add(7 * day)})
	require.NoError(t, err)
	require.Empty(t, back, "changed and changed back")
	_, err = review.Drift(t.Context(), r.log.Org("acme"), "north", review.Window{})
	require.ErrorIs(t, err, activitylog.ErrInvalid)
}
