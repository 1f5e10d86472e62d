package web_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

func newRigWith(t *testing.T, o web.Options, grants ...access.Grant) *rig {
	t.Helper()
	return newRigOver(t, memory.New(), &o, grants...)
}

// heads are the headings of the list's columns.
func (a answer) heads() []string {
	var list []string
	for _, m := range regexp.MustCompile(`<th scope="col" class="c-[a-z]+">([^<]*)`).FindAllStringSubmatch(a.body, -1) {
		list = append(list, strings.TrimSpace(m[1]))
	}
	return list
}

func TestTitleHomeAndLanguage(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, web.Options{
		Title: "Protokoll", Home: "/admin/", HomeName: "Verwaltung", Lang: "de", RightToLeft: true, Accent: "#123456 #abcdef",
		Messages: map[string]string{"Outcome": "Ausgang", "March": "März", "Thursday": "Donnerstag", "Link copied": "Adresse kopiert"},
	}, org(access.AllRights))
	r.record("acme", "", "leo", time.Hour)
	page := r.get("/").ok(t)
	require.Contains(t, page.body, `<html lang="de" dir="rtl"`)
	require.Contains(t, page.body, "<h1>Protokoll</h1>")
	require.Regexp(t, `<a href="/admin/"[^>]*>Verwaltung</a>`, page.body)
	require.Contains(t, page.heads(), "Ausgang")
	require.Contains(t, page.text(), "Donnerstag 12 März 2026")
	require.Contains(t, page.body, `data-words="{&#34;Link copied&#34;:&#34;Adresse kopiert&#34;}"`, "the script gets what it says")
	css := regexp.MustCompile(`href="\./(static/[^"]*app.css)"`).FindStringSubmatch(page.body)[1]
	require.Contains(t, r.get("/"+css).ok(t).body, "light-dark(#123456,#abcdef)")
	require.NotContains(t, newRig(t, org(access.View)).get("/").ok(t).body, "data-words")
}

func TestZoneAndHours(t *testing.T) {
	t.Parallel()
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	require.NoError(t, err)
	r := newRigWith(t, web.Options{Zone: kolkata, Hour12: true}, org(access.AllRights))
	id := r.record("acme", "", "leo", 30*time.Minute).ID.String() // at 9:00 UTC
	require.Contains(t, r.get("/").ok(t).text(), "2:30:00 PM")
	require.Contains(t, r.get("/?range=7d").ok(t).text(), "Times in Asia/Kolkata (UTC+05:30).")
	require.Contains(t, r.get("/?tz=utc").ok(t).text(), "9:00:00 AM")
	text := r.get("/events/" + id).ok(t).text()
	require.Contains(t, text, "2:30:00 PM Asia/Kolkata (UTC+05:30)")
	require.Contains(t, text, "2026-03-12 09:00:00.000 UTC", "both zones stand beside each other")
	require.Contains(t, r.get("/", "Cookie", "activitylog_zone=America/New_York").ok(t).text(), "5:00:00 AM", "a reader's own zone comes first")
	require.Contains(t, r.get("/", "Cookie", "activitylog_zone=../../etc/passwd").ok(t).text(), "2:30:00 PM")
}

func TestColumns(t *testing.T) {
	t.Parallel()
	r := newRigWith(t, web.Options{Columns: []string{"time", "event", "label.team", "cost", "outcome"}}, org(access.AllRights))
	r.record("acme", "p1", "leo", time.Hour, func(e *activitylog.Event) { e.Labels = map[string]string{"team": "blue & <b>red</b>"} })
	page := r.get("/").ok(t)
	require.Equal(t, []string{"Time", "Event", "team", "Cost", "Outcome"}, page.heads())
	require.Contains(t, page.body, "blue &amp; &lt;b&gt;red&lt;/b&gt;")
	require.Regexp(t, `<td class="c-cost">\s*\$0.42`, page.body)

	chosen := r.get("/?cols=outcome,model,event,nonsense,org,model").ok(t)
	require.Equal(t, []string{"Outcome", "Model", "Event"}, chosen.heads())
	require.Contains(t, chosen.body, `name="cols" value="outcome,model,event`, "the form keeps them")
	require.Equal(t, []string{"IP address", "Event"}, r.get("/?cols=ip").ok(t).heads(), "the event is always there")
	with := regexp.MustCompile(`<a href="([^"]*)"><svg aria-hidden="true"></svg>Project</a>`).FindStringSubmatch(page.body)
	require.NotNil(t, with, "what is not shown can be chosen")
	require.Contains(t, with[1], "cols=time%2Cevent%2Cproject")
	require.Contains(t, r.get("/"+strings.TrimPrefix(with[1], "./")).ok(t).heads(), "Project")

	r.grants = []access.Grant{access.Platform(ana, access.AllRights)}
	require.Equal(t, []string{"Time", "Organization", "Event", "team", "Cost", "Outcome"}, r.get("/platform/").ok(t).heads())
	for _, wrong := range [][]string{{"when"}, {"time", "time"}, {"label."}, {"label.a,b"}} {
		_, err := web.New(r.log, func(*http.Request) ([]access.Grant, error) { return nil, nil }, &web.Options{Columns: wrong})
		require.ErrorIs(t, err, activitylog.ErrInvalid, wrong)
	}
}

// A host shows its own actions its way, and what it gives is text that cannot become anything else.
func TestRenderers(t *testing.T) {
	t.Parallel()
	var hidden []string
	r := newRigWith(t, web.Options{Renderers: map[string]web.Renderer{"billing.invoice.pay": func(e *activitylog.Event) web.Rendering {
		hidden = append(hidden, e.Actor.Email)
		return web.Rendering{Sentence: "Leo of acme paid <i>invoice 17</i>", Lines: []web.RenderedLine{
			{Name: "Invoice", Value: "17 <b>", URL: "/invoices/17"}, {Name: "Amount", Value: "€ 300", URL: "javascript:alert(1)"}, {Name: "Mail", Value: "us", URL: "mailto:us@acme.example"},
		}}
	}}}, org(access.View))
	id := r.record("acme", "", "leo", time.Hour, func(e *activitylog.Event) { e.Action = "billing.invoice.pay" }).ID.String()
	r.record("acme", "", "leo", time.Hour, func(e *activitylog.Event) { e.Action = "billing.invoice.void" })
	list := r.get("/").ok(t)
	require.Contains(t, list.text(), "Leo of acme paid <i>invoice 17</i>")
	require.NotContains(t, list.body, "<i>invoice")
	page := r.get("/events/" + id).ok(t)
	require.Contains(t, page.text(), "Invoice 17 <b> Open")
	require.Contains(t, page.body, `href="/invoices/17"`)
	require.Contains(t, page.body, `href="mailto:us@acme.example"`)
	require.NotContains(t, page.body, "javascript:")
	require.Contains(t, page.text(), "Amount € 300 Mail us Open", "what is no address leads nowhere")
	for _, mail := range hidden {
		require.Equal(t, access.Hidden, mail, "a renderer sees what the reader may see")
	}
}

func TestNonce(t *testing.T) {
	t.Parallel()
	nonce := "c29tZQ=="
	r := newRigWith(t, web.Options{Nonce: func(*http.Request) string { return nonce }}, org(access.View))
	page := r.get("/").ok(t)
	require.Regexp(t, `<script [^>]*nonce="c29tZQ=="`, page.body)
	require.Regexp(t, `<link rel="stylesheet" [^>]*nonce="c29tZQ=="`, page.body)
	nonce = `x" onload="alert(1)`
	require.NotContains(t, r.get("/").ok(t).body, "nonce=")
	require.Len(t, r.failed, 1)
}

// Theme and density are chosen without a script, and the reader stays where they are.
func TestLooks(t *testing.T) {
	t.Parallel()
	r := newRig(t, org(access.View), access.Platform(ana, access.View))
	const page = "/orgs/acme/?range=7d&q=a+b"
	first := r.get(page).ok(t)
	require.NotContains(t, first.body, "data-theme")
	require.Contains(t, first.body, `data-density="comfortable"`)
	require.Contains(t, html.UnescapeString(first.body), `name="back" value="orgs/acme/?range=7d&q=a+b"`)
	require.Contains(t, r.get("/platform/").ok(t).body, `data-density="compact"`, "where there is most to see")
	post := func(form string, head ...string) *http.Response {
		q := httptest.NewRequest(http.MethodPost, "/look", strings.NewReader(form))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(head); i += 2 {
			q.Header.Set(head[i], head[i+1])
		}
		w := httptest.NewRecorder()
		r.pages.ServeHTTP(w, q)
		return w.Result()
	}
	done := post("theme=dark&back=orgs%2Facme%2F%3Frange%3D7d")
	require.Equal(t, http.StatusSeeOther, done.StatusCode)
	require.Equal(t, "./orgs/acme/?range=7d", done.Header.Get("Location"))
	c := done.Cookies()[0]
	require.Equal(t, []string{"activitylog_theme", "dark", ""}, []string{c.Name, c.Value, c.Path}, "without a path it holds below the mount")
	require.Contains(t, r.get(page, "Cookie", "activitylog_theme=dark; activitylog_density=compact").ok(t).body, `data-theme="dark" data-density="compact"`)
	require.Equal(t, -1, post("theme=&back=").Cookies()[0].MaxAge, "as the system is no choice at all")
	require.Equal(t, -1, post("theme=<script>").Cookies()[0].MaxAge)
	for _, away := range []string{"..%2F..%2F", "%5C%5Cevil.example", "x%0d%0aSet-Cookie:a"} {
		require.Equal(t, "./", post("density=compact&back="+away).Header.Get("Location"), away)
	}
	require.Equal(t, "./https://evil.example", post("density=compact&back=https://evil.example").Header.Get("Location"), "stays below the mount")
	require.Equal(t, http.StatusForbidden, post("theme=dark", "Sec-Fetch-Site", "cross-site").StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, r.get("/look").code)
	r.grants = nil
	require.Equal(t, http.StatusForbidden, post("theme=dark").StatusCode)
}
