package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

func TestNeedsAnAuthorizer(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	_, err := web.New(r.log, nil, nil)
	require.ErrorIs(t, err, activitylog.ErrInvalid)
}

// Each filter by a control shows exactly the events that the same filter of the library means.
func TestFiltersMeanWhatTheyMean(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	for i := range 40 {
		r.record("acme", []string{"p1", "p2", ""}[i%3], []string{"leo", "mia", "-odd"}[i%3], time.Duration(i*53)*time.Hour, func(e *activitylog.Event) {
			e.Action = []string{"ai.message.send", "auth.login", "ai.model.switch", "member.invite"}[i%4]
			if i%5 == 0 {
				e.Outcome = activitylog.Failure
			}
			if i%7 == 0 {
				e.Actor.Type = activitylog.Agent
			}
		})
	}
	day := time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	since := func(days int) activitylog.Filter { return activitylog.Since(day.AddDate(0, 0, -days)) }
	for _, tt := range []struct {
		query string
		want  activitylog.Filter
	}{
		{"", since(30)},
		{"range=7d", since(7)},
		{"range=90d", since(90)},
		{"range=all", activitylog.Filter{}},
		{"from=2026-03-01T00:00:00Z&to=2026-03-05T12:00:00Z", activitylog.All(activitylog.Since(day.AddDate(0, 0, -11)), activitylog.Before(day.AddDate(0, 0, -7).Add(12*time.Hour)))},
		{"from=2026-03-01T02:00", activitylog.Since(day.AddDate(0, 0, -11).Add(2 * time.Hour))},
		{"range=all&category=auth", activitylog.CategoryIs("auth")},
		{"range=all&category=auth&category=member", activitylog.CategoryIs("auth", "member")},
		{"range=all&category=-auth", activitylog.Not(activitylog.CategoryIs("auth"))},
		{"range=all&actor=leo", activitylog.ActorIs("leo")},
		{"range=all&actor=" + url.QueryEscape(`\-odd`), activitylog.ActorIs("-odd")},
		{"range=all&actor=--odd", activitylog.Not(activitylog.ActorIs("-odd"))},
		{"range=all&actor=leo&outcome=failure&project=p1", activitylog.All(activitylog.ActorIs("leo"), activitylog.OutcomeIs("failure"), activitylog.ProjectIs("p1"))},
		{"range=all&quick=ai", activitylog.ActionUnder("ai.message")},
		{"range=all&quick=errors", activitylog.OutcomeIs("failure", "denied")},
		{"range=all&quick=models", activitylog.ActionIs("ai.model.switch")},
		{"range=all&quick=signin", activitylog.ActionUnder("auth.login")},
		{"range=all&quick=rights", activitylog.ActionUnder("member")},
		{"range=all&quick=auto", activitylog.ActorTypeIs(activitylog.Agent)},
		{"range=all&quick=ai&quick=errors", activitylog.All(activitylog.ActionUnder("ai.message"), activitylog.OutcomeIs("failure"))},
		{"range=all&model=quill-3", activitylog.ModelIs("quill-3")},
		{"range=all&q=invited", activitylog.Text("invited")},
		{"range=all&q=" + url.QueryEscape(`actor:leo -outcome:failure`), activitylog.All(activitylog.ActorIs("leo"), activitylog.Not(activitylog.OutcomeIs("failure")))},
		{"range=all&category=auth&q=actor:mia", activitylog.All(activitylog.CategoryIs("auth"), activitylog.ActorIs("mia"))},
		{"range=all&unknown=1", activitylog.Filter{}},
	} {
		tt.query = strings.TrimPrefix(tt.query+"&category=-audit", "&") // the exports of this test are recorded too
		var want []string
		for e, err := range r.log.Org("acme").Events(t.Context(), activitylog.Query{Filter: tt.want.And(activitylog.Not(activitylog.CategoryIs("audit")))}) {
			require.NoError(t, err)
			want = append(want, e.ID.String())
		}
		require.NotEmpty(t, want, tt.query)
		got := r.get("/?" + tt.query).ok(t)
		if !slices.Equal(got.ids(), want) {
			t.Errorf("%s: shows %d events, want %d", tt.query, len(got.ids()), len(want))
		}
		// The figures around them count the same.
		if text := got.text(); !strings.Contains(text, fmt.Sprintf("%d events", len(want))) && !strings.Contains(text, "1 event ") {
			t.Errorf("%s: the chart does not count %d", tt.query, len(want))
		}
		// And so do both exports.
		rows, err := csv.NewReader(strings.NewReader(r.get("/export?format=csv&" + tt.query).ok(t).body)).ReadAll()
		require.NoError(t, err)
		if len(rows) != len(want)+1 {
			t.Errorf("%s: the CSV has %d rows, want %d", tt.query, len(rows)-1, len(want))
		}
		var ids []string
		for line := range strings.Lines(r.get("/export?format=ndjson&" + tt.query).ok(t).body) {
			var e activitylog.Event
			require.NoError(t, json.Unmarshal([]byte(line), &e))
			ids = append(ids, e.ID.String())
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: the NDJSON has other events", tt.query)
		}
	}
	require.Empty(t, r.failed)
}

// Pages go both ways over events of one moment too, without a gap and without a repetition, whatever is recorded meanwhile.
func TestPagesBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	var want []string
	for i := range 230 {
		want = append(want, r.record("acme", "", "leo", time.Duration(i/9)*time.Hour).ID.String())
	}
	all := r.get("/export?format=ndjson&category=ai").ok(t)
	var order []string
	for line := range strings.Lines(all.body) {
		var e activitylog.Event
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		order = append(order, e.ID.String())
	}
	require.Len(t, order, len(want))
	page := r.get("/?category=ai").ok(t)
	var down []string
	var last answer
	for n := 0; ; n++ {
		down, last = append(down, page.ids()...), page
		if !strings.Contains(page.body, `id="older"`) {
			break
		}
		r.record("acme", "", "mia", 0) // stays in front of what is being read
		if n == 2 {
			r.set(r.clock().Add(14*time.Hour + 40*time.Minute)) // and so does the next day
		}
		page = r.get(page.link(t, "older")).ok(t)
		require.NotContains(t, page.body, "first page")
	}
	require.True(t, slices.Equal(order, down), "%d events going down, want %d", len(down), len(order))
	up := last.ids()
	for page = last; len(up) < len(order); {
		require.NotEmpty(t, page.ids(), page.target)
		page = r.get(page.link(t, "newer")).ok(t)
		up = append(page.ids(), up...)
	}
	require.True(t, slices.Equal(order, up[len(up)-len(order):]), "going up")

	// A place in the pages of other filters means nothing.
	moved := r.get(last.link(t, "newer") + "&category=member").ok(t)
	require.Contains(t, moved.text(), "of a page of other filters")
	require.Contains(t, r.get("/?cursor=nonsense").ok(t).text(), "of a page of other filters")
}

func TestTypedMistakesBlankNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	r.record("acme", "", "leo", time.Hour)
	for _, tt := range []struct{ q, want string }{
		{"outcom:success", "did you mean outcome:"},
		{`"open`, "this quote is not closed"},
		{"ip:nowhere", "is no IP address"},
		{strings.Repeat("a ", 25), "more than 24 conditions"},
		{"actor:" + strings.Repeat("a,", 24) + "b", "more than 24 conditions"},
	} {
		page := r.get("/?q=" + url.QueryEscape(tt.q)).ok(t)
		require.Len(t, page.ids(), 1, tt.q)
		require.Contains(t, page.text(), "The search was left out", tt.q)
		require.Contains(t, page.text(), tt.want)
		// A file of something else than was asked for is worse than none.
		require.Equal(t, http.StatusBadRequest, r.get("/export?format=csv&q="+url.QueryEscape(tt.q)).code)
	}
	// These limits are of the pages alone: the library takes more.
	for _, long := range []string{strings.Repeat("a ", 25), strings.Repeat("a", 513), "actor:" + strings.Repeat("a,", 300) + "b"} {
		_, err := activitylog.ParseFilter(long)
		require.NoError(t, err)
	}
	require.Contains(t, r.get("/?q=a+outcom:b+c").ok(t).body, "a <mark>outcom:b</mark> c")
	require.Equal(t, http.StatusBadRequest, r.get("/?q="+strings.Repeat("a", 513)).code)
	require.Equal(t, http.StatusOK, r.get("/?q="+strings.Repeat("a", 512)).code)
	require.Equal(t, http.StatusBadRequest, r.get("/?"+strings.Repeat("actor=a%20&", 1)+many("actor", 25)).code)
	require.Equal(t, http.StatusBadRequest, r.get("/?from=yesterday").code)
}

func many(field string, n int) string {
	v := url.Values{}
	for i := range n {
		v.Add(field, fmt.Sprint("v", i))
	}
	return v.Encode()
}

// A chip takes away its own filter and nothing else.
func TestChipsTakeAwayOnlyThemselves(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	r.record("acme", "p1", "leo", time.Hour)
	const all = "actor=leo&category=ai&category=-auth&q=talk+%22a++b%22+-outcome%3Afailure&quick=ai&range=7d&tz=utc"
	page := r.get("/?" + all).ok(t)
	want := []string{
		"/?category=ai&category=-auth&q=talk+%22a++b%22+-outcome%3Afailure&quick=ai&range=7d&tz=utc",
		"/?actor=leo&category=-auth&q=talk+%22a++b%22+-outcome%3Afailure&quick=ai&range=7d&tz=utc",
		"/?actor=leo&category=ai&q=talk+%22a++b%22+-outcome%3Afailure&quick=ai&range=7d&tz=utc",
		"/?actor=leo&category=ai&category=-auth&q=%22a++b%22+-outcome%3Afailure&quick=ai&range=7d&tz=utc",
		"/?actor=leo&category=ai&category=-auth&q=talk++-outcome%3Afailure&quick=ai&range=7d&tz=utc",
		"/?actor=leo&category=ai&category=-auth&q=talk+%22a++b%22&quick=ai&range=7d&tz=utc",
		"/?range=7d&tz=utc",
	}
	links := page.links(t)
	for _, w := range want {
		if !slices.Contains(links, w) && !slices.Contains(links, strings.Replace(w, "talk++-", "talk+-", 1)) {
			t.Errorf("no link %s", w)
		}
	}
	// A form without scripts sends empty fields: the address is made clean.
	form := r.get("/?q=&category=&actor=&range=30d&from=2026-01-01T00:00&to=2026-02-01T00:00&quick=ai&limit=50")
	require.Equal(t, http.StatusSeeOther, form.code)
	require.Equal(t, "?quick=ai", form.head.Get("Location"))
}

// Hostile ranges of time cost nothing and break nothing.
func TestAnyRangeIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.AllRights))
	r.record("acme", "", "leo", time.Hour)
	r.record("acme", "", "leo", 200*365*24*time.Hour)
	for _, query := range []string{
		"from=0001-01-01T00:00:00Z", "from=0001-01-01T00:00:00Z&to=9998-01-01T00:00:00Z", "to=0001-01-02T00:00:00Z", "from=9998-01-01T00:00:00Z",
		"from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", "cursor=.1", "cursor=.zzzzzzzzzzzzzzzzzzzzz",
		"cursor=a.-1", "range=all", "from=2026-03-01T00:00:00%2B23:59", "to=1800-01-01T00:00:00Z", "limit=0", "limit=99999999999999999999", "range=400d",
	} {
		r.get("/?" + query).ok(t)
	}
	require.Empty(t, r.failed)
}

// shaky is a store that panics where saved views are read, which is beside the rows.
type shaky struct{ *memory.Store }

func (s shaky) Scan(ctx context.Context, q activitylog.StoreQuery) iter.Seq2[activitylog.Event, error] {
	if strings.Contains(q.Filter.String(), "audit.filter.save") {
		panic("shaky")
	}
	return s.Store.Scan(ctx, q)
}

// A panic of the host's code ends the request that met it and not the process.
func TestPanicStaysInItsRequest(t *testing.T) {
	t.Parallel()
	r := newRigOver(t, shaky{memory.New()}, nil, org(access.AllRights))
	require.PanicsWithValue(t, "shaky", func() { r.get("/orgs/acme/") })
	require.Equal(t, http.StatusOK, r.get("/orgs/acme/recent/").code)
}
