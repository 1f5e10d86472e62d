package web_test

import (
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
	page := r.get("/orgs/acme/usage/").ok(t)
	text := page.text()
	for _, want := range []string{"Cost $7.75 + €0.90", "Uses of models 7", "Tokens 8,400 1,400 of them out", "big $7.50 6,000 5", "small $0.25 2,400 2", "Leo of acme $7.50", "p2 $0.25", "quill $7.75", "12 Mar 2026"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "foreign")
	require.Contains(t, r.get("/orgs/acme/usage/?range=all").ok(t).text(), "Cost $16.75")
	require.Contains(t, page.links(t), "/orgs/acme/?actor=leo")
	require.Len(t, r.get("/orgs/acme/?actor=leo").ok(t).ids(), 5)
	r.grants = []access.Grant{access.Project(ana, "acme", "p2", access.View)}
	text = r.get("/orgs/acme/projects/p2/usage/").ok(t).text()
	require.Contains(t, text, "Cost €0.90 + $0.25")
	require.False(t, strings.Contains(text, "big"))
	require.Contains(t, r.get("/orgs/acme/projects/p2/usage/?from=2020-01-01&to=2020-02-01").ok(t).text(), "No model was used in this time")
}
