package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// Cost and tokens add up by model, user and project, currencies apart, and nothing of other scopes counts.
func TestUsage(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	cost := func(micros int64, currency, model string) func(*activitylog.Event) {
		return func(e *activitylog.Event) {
			e.AI = &activitylog.AIUsage{Model: model, Provider: "quill", InputTokens: 1000, OutputTokens: 200, CostMicros: &micros, Currency: currency}
		}
	}
	for i := range 5 {
		r.record("acme", "p1", "leo", time.Duration(i*24)*time.Hour, cost(1_500_000, "USD", "big"))
	}
	r.record("acme", "p2", "mia", time.Hour, cost(250_000, "USD", "small"))
	r.record("acme", "p2", "mia", time.Hour, cost(900_000, "EUR", "small"))
	r.record("acme", "p2", "mia", 40*24*time.Hour, cost(9_000_000, "USD", "small"))
	r.record("acme", "p2", "mia", time.Hour, func(e *activitylog.Event) { e.AI = nil })
	r.record("beta", "p1", "leo", time.Hour, cost(77_000_000, "USD", "foreign"))
	tools := func(names ...string) func(*activitylog.Event) {
		return func(e *activitylog.Event) { cost(50_000, "USD", "big")(e); e.AI.ToolNames = names }
	}
	r.record("acme", "p1", "leo", time.Hour, tools("search", "mail", "search"))
	r.record("acme", "p1", "leo", 2*time.Hour, tools("search"))
	r.record("acme", "p1", "leo", time.Hour, func(e *activitylog.Event) {
		e.Action, e.AI, e.Targets = "agent.tool.call", nil, []activitylog.Target{{Type: "tool", ID: "calendar"}, {Type: "agent", ID: "search"}}
	})
	for range 3 {
		r.record("acme", "p1", "leo", time.Hour, func(e *activitylog.Event) {
			e.Action, e.AI, e.Targets = "integration.sync", nil, []activitylog.Target{{Type: "integration", ID: "post office"}}
		})
	}
	page := r.get("/orgs/acme/usage/").ok(t)
	text := page.text()
	for _, want := range []string{
		"Cost $7.85 + €0.90", "Messages 10 0 failed", "Tokens 10,800 1,800 of them out", "big $7.60 8,400 7", "small $0.25 2,400 2", "Leo of acme $7.60", "p2 $0.25", "quill $7.85",
		"Cost by day at most $1.85", "Tokens by day at most 6,000", "Messages by day at most 6", "12 Mar 2026 $1.85 6,000 6", "11 Mar 2026 $1.50 1,200 1",
		"By tool", "search $0.10 2,400 2", "mail $0.05 1,200 1", "calendar $0.00 0 1", "By integration", "post office $0.00 0 3", "counts for each",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "foreign")
	require.Contains(t, r.get("/orgs/acme/usage/?range=all").ok(t).text(), "Cost $16.85")
	require.Contains(t, page.links(t), "/orgs/acme/?actor=leo")
	require.Len(t, r.get("/orgs/acme/?actor=leo").ok(t).ids(), 11)
	at := slices.IndexFunc(page.links(t), func(l string) bool { return strings.Contains(l, "integration") })
	require.Len(t, r.get(page.links(t)[at]).ok(t).ids(), 3)
	r.grants = []access.Grant{access.Project(ana, "acme", "p2", access.View)}
	text = r.get("/orgs/acme/projects/p2/usage/").ok(t).text()
	require.Contains(t, text, "Cost €0.90 + $0.25")
	require.False(t, strings.Contains(text, "big"))
	require.Contains(t, r.get("/orgs/acme/projects/p2/usage/?from=2020-01-01&to=2020-02-01").ok(t).text(), "No model was used in this time")
}

// A mistake in the search is said: the figures of everything would pass for those of what was meant.
func TestMistypedSearchShowsNoFigures(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	r.record("acme", "p1", "leo", time.Hour)
	for _, path := range []string{"/orgs/acme/usage/", "/orgs/acme/recent/"} {
		a := r.get(path + "?range=all&q=category%3A%28")
		require.Equal(t, http.StatusBadRequest, a.code, path)
		require.Contains(t, a.text(), "This address cannot be read")
		require.NotContains(t, a.text(), "0.42")
		require.NotContains(t, a.text(), "Leo of acme")
	}
}
