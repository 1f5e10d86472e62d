package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/stretchr/testify/require"
)

// The timeline folds what one actor does in a row, and loses nothing by it.
func TestTimeline(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Project(ana, "acme", "p1", access.View))
	var ids []string
	record := func(project, actor string, ago time.Duration, change ...func(*activitylog.Event)) {
		e := r.record("acme", project, actor, ago, change...)
		if project == "p1" {
			ids = append(ids, e.ID.String())
		}
	}
	for i := range 6 {
		record("p1", "leo", time.Duration(i)*time.Minute)
	}
	record("p1", "leo", 6*time.Minute, func(e *activitylog.Event) { e.Outcome = activitylog.Failure })
	record("p1", "mia", 8*time.Minute)
	record("p1", "mia", 20*time.Minute)
	record("p2", "mia", 21*time.Minute)
	record("p1", "mia", 30*time.Hour)

	home := r.get("/")
	require.Equal(t, "./orgs/acme/projects/p1/recent/", home.head.Get("Location"))
	page := r.get("/orgs/acme/projects/p1/recent/").ok(t)
	text := page.text()
	require.Contains(t, text, "and 5 more since 09:25:00")
	require.Equal(t, 1, strings.Count(page.body, "<details>"), "a failure, another actor and a pause are no part of it")
	require.Contains(t, text, "Today Thursday 12 March 2026")
	require.Contains(t, text, "Yesterday Wednesday 11 March 2026")
	for _, id := range ids {
		require.Contains(t, page.body, "events/"+id)
	}
	require.NotContains(t, text, "p2")
	require.Equal(t, len(ids), strings.Count(page.body, "/events/"))
	for i := range 130 {
		record("p1", "zoe", 40*time.Hour+time.Duration(i)*10*time.Minute)
	}
	seen := strings.Count(page.body, "/events/")
	for page = r.get("/orgs/acme/projects/p1/recent/").ok(t); ; page = r.get(page.link(t, "older")).ok(t) {
		seen += strings.Count(page.body, "/events/")
		if !strings.Contains(page.body, `id="older"`) {
			break
		}
	}
	require.Equal(t, len(ids)+10, seen)
	require.Contains(t, r.get("/orgs/acme/projects/p1/recent/?category=member").ok(t).text(), "Nothing happened here")
	require.Len(t, r.views("acme"), 2, "each filter is one view")
}
