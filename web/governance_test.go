package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/review"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// governed is a log with rules, holds and reviews, as an admin of acme sees it.
func governed(t *testing.T) (*rig, *retention.Keeper, *review.Book) {
	t.Helper()
	store := memory.New()
	r := newRigOver(t, store, nil, org(access.AllRights))
	keeper, book := r.newKeeper(store), r.newBook()
	r.serve(&web.Options{Keeper: keeper, Book: book})
	return r, keeper, book
}

func TestGovernance(t *testing.T) {
	t.Parallel()
	r, keeper, book := governed(t)
	ctx := activitylog.WithActor(t.Context(), ana)
	require.NoError(t, keeper.SetRules(ctx, "acme", []retention.Rule{{Name: "usage events", Filter: activitylog.RetentionIs("usage"), Max: 90}}, "agreed"))
	_, err := keeper.SetHold(ctx, retention.Hold{Org: "acme", Filter: activitylog.ActorIs("leo"), Reason: "case 7"})
	require.NoError(t, err)
	_, err = keeper.SetHold(ctx, retention.Hold{Org: "beta", Filter: activitylog.ActorIs("zoe"), Reason: "case of beta"})
	require.NoError(t, err)
	r.record("acme", "", "leo", time.Hour)
	r.get("/export?format=csv").ok(t)

	page := r.get("/orgs/acme/governance/").ok(t)
	text := page.text()
	for _, want := range []string{"usage events", "retention:usage", "90 days", "actor:leo", "case 7", "Overdue", "Never reviewed.", "auth.login", "never seen", "exported", "Sign off"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "case of beta")

	post := func(form string, head ...string) int {
		return request(t, r.pages, "POST", "/orgs/acme/governance/", form, append([]string{"Content-Type", "application/x-www-form-urlencoded"}, head...)...).code
	}
	require.Equal(t, http.StatusForbidden, post("subject=log", "Sec-Fetch-Site", "cross-site"))
	require.Equal(t, http.StatusSeeOther, post("subject=log&note=all+well&findings=one%0Atwo"))
	text = r.get("/orgs/acme/governance/").ok(t).text()
	require.Contains(t, text, "Last reviewed 12 Mar 2026 09:30 by Ana : all well")
	done, err := book.Reviews(t.Context(), "acme", review.TheLog, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"one", "two"}, done[0].Findings)
	require.Equal(t, "ana", done[0].Reviewer.ID)

	r.grants = []access.Grant{org(access.View | access.ViewSensitive)}
	require.NotContains(t, r.get("/orgs/acme/governance/").ok(t).text(), "Sign off")
	require.Equal(t, http.StatusForbidden, post("subject=log&note=x"))
	for _, g := range []access.Grant{org(access.View), access.Project(ana, "acme", "p", access.AllRights), access.Org(ana, "beta", access.AllRights)} {
		r.grants = []access.Grant{g}
		require.Equal(t, http.StatusNotFound, r.get("/orgs/acme/governance/").code)
		require.Equal(t, http.StatusNotFound, post("subject=log&note=x"))
	}
}

// What concerns all organizations may be about another one: without a grant for the platform only that it is there is told.
func TestGovernanceOfThePlatform(t *testing.T) {
	t.Parallel()
	r, keeper, _ := governed(t)
	ctx := activitylog.WithActor(t.Context(), activitylog.Actor{ID: "root", Name: "Rosa Root"})
	require.NoError(t, keeper.SetRules(ctx, "", []retention.Rule{{Name: "messages", Filter: activitylog.ActorIs("zoe"), Max: 90, Note: "as beta asked"}}, "agreed"))
	_, err := keeper.SetHold(ctx, retention.Hold{Filter: activitylog.ActorIs("leo"), Reason: "case of beta"})
	require.NoError(t, err)
	kept := []string{"actor:zoe", "as beta asked", "actor:leo", "case of beta", "Rosa Root"}

	page := r.get("/orgs/acme/governance/").ok(t)
	require.Contains(t, page.text(), "messages – – 90 days")
	require.Contains(t, page.text(), "Of the platform, not shown here: 1")
	for _, word := range kept {
		require.NotContains(t, page.body, word)
	}
	r.grants = append(r.grants, access.Platform(ana, access.View))
	require.NotContains(t, r.get("/orgs/acme/governance/").ok(t).body, "case of beta", "sensitive")

	r.grants = []access.Grant{access.Platform(ana, access.AllRights)}
	text := r.get("/orgs/acme/governance/").ok(t).text()
	for _, word := range []string{"actor:zoe", "actor:leo", "case of beta", "Rosa Root"} {
		require.Contains(t, text, word)
	}
	require.NotContains(t, text, "not shown here")
}
