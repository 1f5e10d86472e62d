package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

// following is the address of the stream about several pages.
func following(pages ...string) string {
	return "/api/v1/streams?" + url.Values{"follow": pages}.Encode()
}

// sighting is what such a stream says of its follows.
type sighting struct {
	Follows []int
	ID      string
}

// sightings are the messages of a type.
func sightings(t *testing.T, event string, list []message) []sighting {
	t.Helper()
	var all []sighting
	for _, m := range list {
		if m.event == event {
			var s sighting
			require.NoError(t, json.Unmarshal([]byte(m.data), &s))
			all = append(all, s)
		}
	}
	return all
}

// kinds are the types of messages in their order.
func kinds(list []message) []string {
	var all []string
	for _, m := range list {
		all = append(all, m.event)
	}
	return all
}

// One stream tells of each event which of several pages see it, each by its own grant, and nothing else of it.
func TestStreamOfSeveralPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		beta := access.Org(ana, "beta", access.AllRights)
		r := newRig(t, org(access.View), beta, access.Own(ana, "gamma", access.View), access.Platform(ana, access.AllRights))
		pages := []string{"orgs/acme/", "orgs/acme/?actor=mia&range=7d", "orgs/acme/projects/p1/", "orgs/beta/?q=ip:192.0.2.7", "mine/gamma/?tz=utc", "orgs/acme/", "platform/?q=ip:192.0.2.7 -org:gamma"}
		l := listen(t, r.pages, following(pages...))
		require.Equal(t, "text/event-stream", l.head.Get("Content-Type"))
		require.Equal(t, []string{"beat"}, kinds(l.next()))

		var want []sighting
		record := func(org, project, actor string, follows ...int) {
			id := r.record(org, project, actor, 0).ID.String()
			if follows != nil {
				want = append(want, sighting{follows, id})
			}
		}
		record("acme", "p1", "leo", 0, 2, 5, 6)
		record("acme", "p2", "mia", 0, 1, 5, 6)
		record("acme", "p1", "mia", 0, 1, 2, 5, 6)
		record("beta", "p1", "mia", 3, 6)
		record("gamma", "", "mia")
		record("gamma", "", "ana", 4)
		record("delta", "p1", "ana", 6)
		got := l.next()
		require.Equal(t, want, sightings(t, "activity", got))
		require.Len(t, got, len(want))
		for _, word := range slices.Concat(foreign("acme"), foreign("beta"), []string{"mia", "leo", "192.0.2.7", "ai.message"}) {
			require.NotContains(t, l.body.String(), word)
		}

		// Each follow is recorded in its own log, folded with what was viewed before.
		for org, n := range map[string]int{"acme": 3, "beta": 1, "gamma": 1} {
			require.Len(t, r.views(org), n, org)
		}
		l.hangUp()
		listen(t, r.pages, following(pages...))
		require.Len(t, r.views("acme"), 3)
		require.Empty(t, r.failed)
	})
}

// A page that is wrong, foreign or over looks as if there were none, and the others go on.
func TestFollowsOfWhatIsNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, org(access.View))
		wrong := []string{
			"", "orgs/beta/", "orgs/nowhere/", "mine/acme/", "platform/", "orgs/acme", "/orgs/acme/", "//orgs/acme/", "/x/orgs/acme/", "https://x.example/orgs/acme/", "./orgs/acme/", "orgs/acme/recent/",
			"orgs/acme/api/v1/stream", "orgs/acme/../acme/", "orgs//", "%zz", ":", "orgs/acme/?q=outcome:", "orgs/acme/?q=ip:192.0.2.7", "orgs/acme/?alert=x", "orgs/acme/?from=never",
			"orgs/acme/?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z", "orgs/acme/?q=" + strings.Repeat("a", 600), "static/", "orgs/acme/%00/",
		}
		for part := range slices.Chunk(wrong, 12) {
			l := listen(t, r.pages, following(slices.Concat([]string{"orgs/acme/"}, part, []string{"orgs/acme/?actor=leo"})...))
			got, gone := l.next(), sighting{}
			for i := range part {
				gone.Follows = append(gone.Follows, i+1)
			}
			require.Equal(t, []string{"gone", "beat"}, kinds(got), "%q", part)
			require.Equal(t, []sighting{gone}, sightings(t, "gone", got), "%q", part)
			id := r.record("acme", "", "leo", 0).ID.String()
			r.record("beta", "", "leo", 0)
			require.Equal(t, []sighting{{[]int{0, len(part) + 1}, id}}, sightings(t, "activity", l.next()))
			l.hangUp()
		}
		for _, page := range wrong { // alone each of them is answered alike
			a := r.get(following(page))
			require.Equal(t, http.StatusNotFound, a.code, page)
			require.Equal(t, r.get(following("orgs/beta/")).body, a.body, page)
		}
		require.Equal(t, http.StatusBadRequest, r.get(following()).code)
		require.Equal(t, http.StatusBadRequest, r.get(following(slices.Repeat([]string{"orgs/acme/"}, 17)...)).code)
		require.Equal(t, http.StatusOK, r.get(following(slices.Repeat([]string{"orgs/acme/"}, 16)...)).code)
		require.Equal(t, http.StatusNotFound, r.get("/orgs/acme"+following("orgs/acme/")).code, "it belongs to the mount")
		r.grants = nil
		require.Equal(t, http.StatusForbidden, r.get(following("orgs/acme/")).code)
		require.Empty(t, r.failed)
	})
}

// Whatever pages come and go, a stream that goes on from the place of the last one tells each event to each of its pages
// once, in the order of commits.
func TestStreamOfChangingPagesHasNoGaps(t *testing.T) {
	t.Parallel()
	rng := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, access.Platform(ana, access.AllRights))
		orgs, projects, actors := []string{"acme", "beta"}, []string{"p1", "p2"}, []string{"leo", "mia", "zoe"}
		type page struct{ address, org, project, actor string }
		var all []page
		for _, o := range orgs {
			for _, p := range append(projects, "") {
				for _, a := range append(actors, "") {
					address := "orgs/" + o + "/"
					if p != "" {
						address += "projects/" + p + "/"
					}
					all = append(all, page{address + "?actor=" + a, o, p, a})
				}
			}
		}
		type event struct{ id, org, project, actor string }
		var recorded []event
		record := func() {
			for range rng.IntN(8) {
				e := event{"", orgs[rng.IntN(2)], projects[rng.IntN(2)], actors[rng.IntN(3)]}
				e.id = r.record(e.org, e.project, e.actor, 0).ID.String()
				recorded = append(recorded, e)
			}
		}
		place, behind := last(messages(r.get(following(all[0].address)).ok(t).body)), 0 // how many events lie before the place
		for range 60 {
			rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			pages := all[:1+rng.IntN(16)]
			var addresses []string
			for _, p := range pages {
				addresses = append(addresses, p.address)
			}
			record() // while nobody listens
			l := listen(t, r.pages, following(addresses...)+"&after="+place)
			record()
			got := l.next()
			record()
			got = append(got, l.next()...)
			l.hangUp()
			var want []sighting
			for _, e := range recorded[behind:] {
				s := sighting{ID: e.id}
				for i, x := range pages {
					if x.org == e.org && (x.project == "" || x.project == e.project) && (x.actor == "" || x.actor == e.actor) {
						s.Follows = append(s.Follows, i)
					}
				}
				if s.Follows != nil {
					want = append(want, s)
				}
			}
			require.Equal(t, want, sightings(t, "activity", got))
			heard := got[:1+rng.IntN(len(got))] // the browser may have heard less than was sent
			place = last(heard)
			for _, s := range sightings(t, "activity", heard) {
				behind = 1 + slices.IndexFunc(recorded, func(e event) bool { return e.id == s.ID })
			}
		}
		require.Empty(t, r.failed)
	})
}

// Places of the stream of the mount and of those of scopes do not open each other.
func TestPlacesOfSeveralPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, access.Platform(ana, access.AllRights))
		const one = "/orgs/acme/api/v1/stream"
		several := following("orgs/acme/")
		places := map[string]string{}
		for _, target := range []string{one, several} {
			places[target] = last(messages(r.get(target).ok(t).body))
		}
		r.record("acme", "", "leo", 0)
		for from, place := range places {
			for to := range places {
				l := listen(t, r.pages, to, "Last-Event-ID", place)
				want := []string{"beat", "activity"}
				if from != to {
					want = []string{"lagged", "beat"}
				}
				require.Equal(t, want, kinds(l.next()), "%s to %s", from, to)
				l.hangUp()
			}
		}
		l := listen(t, r.pages, several+"&after=x")
		require.Equal(t, []string{"lagged", "beat"}, kinds(l.next()))
	})
}

// Rights that are taken away from one of several follows end that one, before its next event or within seconds; the
// others go on. What is the matter with all ends the stream.
func TestFollowsAskForRightsAgain(t *testing.T) {
	t.Parallel()
	beta := access.Org(ana, "beta", access.AllRights)
	for _, tt := range []struct {
		name, bye string
		gone      []int
		grants    []access.Grant
		err       error
	}{
		{name: "one goes", gone: []int{1}, grants: []access.Grant{org(access.AllRights)}},
		{name: "one may no longer view", gone: []int{1}, grants: []access.Grant{org(access.AllRights), access.Org(ana, "beta", access.Export)}},
		{name: "a part is left", gone: []int{0, 2}, grants: []access.Grant{beta, access.Project(ana, "acme", "p9", access.AllRights)}},
		{name: "all go", bye: "denied", grants: []access.Grant{access.Org(ana, "gamma", access.AllRights)}},
		{name: "no grant", bye: "denied"},
		{name: "one has fewer rights", bye: "changed", grants: []access.Grant{org(access.AllRights), access.Org(ana, "beta", access.View)}},
		{name: "signed out", bye: "signed_out", err: web.ErrSignedOut},
		{name: "refused", bye: "denied", err: access.ErrDenied},
		{name: "no answer", bye: "failed", err: errors.New("the sessions are gone")},
	} {
		for _, quiet := range []bool{true, false} {
			t.Run(fmt.Sprint(tt.name, " quiet ", quiet), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					var taken atomic.Bool
					var asked atomic.Int64
					answer := until(&taken, []access.Grant{org(access.AllRights), beta}, tt.grants, tt.err)
					r.authorize = func(q *http.Request) ([]access.Grant, error) {
						asked.Add(1)
						return answer(q)
					}
					l := listen(t, r.pages, following("orgs/acme/", "orgs/beta/", "orgs/acme/projects/p1/"))
					require.Equal(t, int64(1), asked.Load(), "once for all")
					l.next()
					time.Sleep(time.Minute)
					l.next()
					taken.Store(true)
					record := func() (want []sighting) {
						for i, s := range []sighting{{[]int{0, 2}, "acme"}, {[]int{1}, "beta"}} {
							s.ID = r.record(s.ID, "p1", "leo", 0).ID.String()
							if !slices.Contains(tt.gone, i) {
								want = append(want, s)
							}
						}
						return want
					}
					var want []sighting
					if quiet {
						time.Sleep(16 * time.Second)
					} else {
						want = record()
					}
					got := l.next()
					if tt.bye != "" {
						require.Empty(t, sightings(t, "activity", got))
						require.Equal(t, message{got[len(got)-1].id, "bye", tt.bye}, got[len(got)-1])
						<-l.ended
						return
					}
					require.Equal(t, []sighting{{Follows: tt.gone}}, sightings(t, "gone", got))
					require.Equal(t, want, sightings(t, "activity", got))
					want = record()
					time.Sleep(time.Minute)
					got = l.next()
					require.Equal(t, want, sightings(t, "activity", got))
					require.Empty(t, sightings(t, "gone", got), "it is said once")
				})
			})
		}
	}
}

// Streams of several pages count like those of one, and end with the server.
func TestStreamsOfSeveralPagesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, org(access.View))
		target := following("orgs/acme/", "orgs/acme/?actor=leo")
		mine := []*listener{listen(t, r.pages, target), listen(t, r.pages, target), listen(t, r.pages, target), listen(t, r.pages, "/orgs/acme/api/v1/stream")}
		require.Equal(t, http.StatusTooManyRequests, listen(t, r.pages, target).code)
		mine[3].hangUp()
		l := listen(t, r.pages, target)
		require.Equal(t, http.StatusOK, l.code)
		r.pages.Shutdown()
		got := l.next()
		require.Equal(t, message{last(got), "bye", "ending"}, got[len(got)-1])
		<-l.ended
	})
}

// Where nothing can be streamed, several pages are told what there is, and asked again.
func TestStreamOfSeveralPagesWithoutFlush(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View))
	target := following("orgs/acme/?actor=leo", "orgs/beta/", "orgs/acme/?actor=mia")
	first := r.get(target).ok(t)
	require.Contains(t, first.body, "retry: 5000\n")
	want := []sighting{{[]int{2}, r.record("acme", "", "mia", 0).ID.String()}, {[]int{0}, r.record("acme", "", "leo", 0).ID.String()}}
	got := messages(r.get(target, "Last-Event-ID", last(messages(first.body))).ok(t).body)
	require.Equal(t, want, sightings(t, "activity", got))
	require.Equal(t, []string{"gone", "activity", "activity", "beat"}, kinds(got))

	q := httptest.NewRequest(http.MethodHead, target, nil)
	w := httptest.NewRecorder()
	r.pages.ServeHTTP(w, q)
	require.Equal(t, http.StatusOK, w.Code)
	require.Empty(t, w.Body.String())

	r = newRigOver(t, struct{ activitylog.Store }{memory.New()}, nil, org(access.View))
	require.Equal(t, http.StatusNotImplemented, r.get(target).code)
}
