package review_test

import (
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/review"
	"github.com/stretchr/testify/require"
)

func catalog(t testing.TB) *activitylog.Catalog {
	t.Helper()
	c, err := new(activitylog.Catalog).With(
		activitylog.Action{Name: "auth.login", Required: true}, activitylog.Action{Name: "member.remove", Required: true},
		activitylog.Action{Name: "project.create"}, activitylog.Action{Name: "job.run", Required: true},
	)
	require.NoError(t, err)
	return c
}

func TestCover(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	window := review.Window{From: start, To: start.Add(30 * day)}
	at := func(days float64, org, action string) {
		r.record(activitylog.Event{Org: org, Action: action, Time: start.Add(time.Duration(days * float64(day)))})
	}
	for _, d := range []float64{-9, -8, -7, -6} { // on four days, then never
		at(d, "acme", "job.run")
	}
	at(-5, "acme", "project.create")
	for _, d := range []float64{-3.1, -3.2, -3.3, -3.4} { // often, and on one day
		at(d, "acme", "project.rename")
	}
	at(-100, "acme", "member.remove") // long ago counts as seen
	at(0, "acme", "auth.login")       // the first moment of the window
	at(5, "acme", "auth.backdoor")
	at(30, "acme", "auth.later") // the end is outside
	at(-1, "globex", "auth.login")
	got, err := review.Cover(t.Context(), r.log.AllOrgs(), catalog(t), window)
	require.NoError(t, err)
	want := []review.Item{
		{Org: "acme", Action: "job.run", Finding: review.GoneSilent, Required: true, Seen: 4, Last: start.Add(-6 * day)},
		{Org: "acme", Action: "auth.backdoor", Finding: review.Unregistered, Seen: 1, Last: start.Add(5 * day)},
		{Org: "globex", Action: "job.run", Finding: review.NeverSeen, Required: true},
		{Org: "globex", Action: "member.remove", Finding: review.NeverSeen, Required: true},
	}
	require.Equal(t, want, got.Items)
	require.Equal(t, []string{"acme", "globex"}, got.Orgs)
	if m := got.Missing(); len(m) != 2 || m[0].Org != "globex" {
		t.Errorf("missing: %v", m)
	}
	acme, err := review.Cover(t.Context(), r.log.Org("acme"), catalog(t), window)
	require.NoError(t, err)
	require.Equal(t, want[:2], acme.Items)
}

func TestCoverOfNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got, err := review.Cover(t.Context(), r.log.Org("acme"), catalog(t), review.Window{From: start, To: start.Add(day)})
	require.NoError(t, err)
	var names []string
	for _, i := range got.Missing() {
		names = append(names, i.Action)
	}
	if !slices.Equal(names, []string{"auth.login", "job.run", "member.remove"}) {
		t.Errorf("missing %v", names)
	}
	for _, w := range []review.Window{{}, {From: start, To: start}, {From: start.Add(day), To: start}} {
		_, err := review.Cover(t.Context(), r.log.Org("acme"), catalog(t), w)
		require.ErrorIs(t, err, activitylog.ErrInvalid)
	}
}
