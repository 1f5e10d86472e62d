package access_test

import (
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// A page with its count, figures and details is one view of what it is about, and shows nothing else.
func TestAboutIsOneView(t *testing.T) {
	t.Parallel()
	r := memoryRig(t)
	kept := r.record("acme", "p1", "ana", 1)
	other := r.record("acme", "p2", "leo", 2)
	ctx := t.Context()
	reader := r.guard.Reader(access.Org(leo, "acme", access.AllRights)).About(activitylog.ProjectIs("p1"))

	page, err := reader.Page(ctx, activitylog.Query{})
	require.NoError(t, err)
	require.Len(t, page.Events, 1)
	n, err := reader.Count(ctx, activitylog.ActorIs("ana"), 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	for b, err := range reader.Aggregate(ctx, activitylog.Aggregation{By: []string{"actor"}}) {
		require.NoError(t, err)
		require.Equal(t, []string{"ana"}, b.Values)
	}
	for e, err := range reader.Events(ctx, activitylog.Query{Filter: activitylog.IDIs(kept.ID, other.ID)}) {
		require.NoError(t, err)
		require.Equal(t, kept.ID, e.ID)
	}
	records := r.records("acme")
	require.Len(t, records, 1)
	require.Equal(t, activitylog.ProjectIs("p1").String(), records[0].Metadata["filter"])
	_, err = reader.Get(ctx, other.ID)
	require.ErrorIs(t, err, activitylog.ErrNotFound)

	// What is hidden cannot be asked for in either part.
	blind := r.guard.Reader(access.Org(ana, "acme", access.View))
	_, err = blind.About(activitylog.SessionIs("x")).Page(ctx, activitylog.Query{Filter: activitylog.ProjectIs("p1")})
	require.ErrorIs(t, err, access.ErrDenied)
	_, err = blind.About(activitylog.ProjectIs("p1")).Page(ctx, activitylog.Query{Filter: activitylog.SessionIs("x")})
	require.ErrorIs(t, err, access.ErrDenied)
	// Free text of the view finds no hidden value.
	page, err = blind.About(activitylog.Text("meta")).Page(ctx, activitylog.Query{})
	require.NoError(t, err)
	require.Empty(t, page.Events)
	_, err = blind.About(activitylog.Text("meta")).Get(ctx, kept.ID)
	require.ErrorIs(t, err, activitylog.ErrNotFound)
}

func TestWithin(t *testing.T) {
	t.Parallel()
	narrow := func(g access.Grant, org, project string) string {
		n, ok := g.Within(org, project)
		if !ok {
			return "no"
		}
		require.Equal(t, g.Rights(), n.Rights())
		require.Equal(t, g.Actor(), n.Actor())
		kind, o, p := n.Scope()
		return kind + " " + o + " " + p
	}
	platform, org := access.Platform(ana, access.View), access.Org(ana, "acme", access.View)
	project, own := access.Project(ana, "acme", "p1", access.View), access.Own(ana, "acme", access.View)
	for _, tt := range []struct {
		grant              access.Grant
		org, project, want string
	}{
		{platform, "acme", "", "org acme "}, {platform, "acme", "p1", "project acme p1"}, {platform, "", "", "no"}, {platform, "", "p1", "no"},
		{org, "acme", "", "org acme "}, {org, "acme", "p1", "project acme p1"}, {org, "beta", "", "no"}, {org, "beta", "p1", "no"}, {org, "", "", "no"},
		{project, "acme", "p1", "project acme p1"}, {project, "acme", "p2", "no"}, {project, "acme", "", "no"},
		{project, "beta", "p1", "no"}, {own, "acme", "", "own acme "}, {own, "acme", "p1", "no"}, {own, "beta", "", "no"},
		{access.Grant{}, "acme", "", "no"}, {access.Grant{}, "", "", "no"},
	} {
		kind, _, _ := tt.grant.Scope()
		if got := narrow(tt.grant, tt.org, tt.project); got != tt.want {
			t.Errorf("%s within %q %q: %q, want %q", kind, tt.org, tt.project, got, tt.want)
		}
	}
}
