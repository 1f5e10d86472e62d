// Not under the race detector, where so many requests take minutes: make test runs this package without it too.

//go:build !race

package web_test

import (
	"encoding/csv"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
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

// payloads are what breaks pages that write data into their markup, one for each place where it may land.
var payloads = []string{
	`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `'><script>alert(1)</script>`, `</script><script>alert(1)</script>`,
	`</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, `</style><script>alert(1)</script>`, `</template><script>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`, `<svg/onload=alert(1)>`, `<svg><use href="data:image/svg+xml,x#x">`, `<math><mtext><table><mglyph><style><img src=x>`,
	`" autofocus onfocus=alert(1) x="`, `' onmouseover='alert(1)`, "` onmouseover=alert(1) `", ` x onmouseover=alert(1) `,
	`javascript:alert(1)`, `JaVaScRiPt:alert(1)`, "java\tscript:alert(1)", `data:text/html,<script>alert(1)</script>`, `//evil.example/x`, `https://evil.example/`,
	`<a href="https://evil.example">x</a>`, `<base href="https://evil.example/">`, `<meta http-equiv=refresh content="0;url=https://evil.example">`, `<form action=https://evil.example><button>`,
	`<iframe srcdoc="<script>alert(1)</script>">`, `<object data=x>`, `<link rel=stylesheet href=//evil.example>`, `<style>*{display:none}</style>`, `<!--`, `-->`, `]]>`, `<![CDATA[`,
	`{{.}}{{template "head"}}`, `${alert(1)}`, `\u003cscript\u003e`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;`, `%3Cscript%3E`, `+ADw-script+AD4-`,
	"\u202e<script>", "\u2066\u2069\u200b\ufeff", "\x1b[31m\x00\x07", "line\r\nSet-Cookie: x=1\r\n\r\n<script>", "a\u2028b\u2029c", `=HYPERLINK("https://evil.example")`, `../../../etc/passwd`, `?#&=;%`,
}

// poisoned is a log in which every text is one payload, with its alerts and governance, as an admin sees it.
func poisoned(t *testing.T, text string) (*rig, []string) {
	t.Helper()
	org := "acme"
	r := newRigOver(t, memory.New(), nil, access.Org(ana, org, access.AllRights), access.Platform(ana, access.AllRights))
	m := r.newMonitor()
	r.serve(&web.Options{
		Monitor: m, Book: r.newBook(),
		OrgName: func(string) string { return text }, ProjectName: func(_, _ string) string { return text },
	})
	cost := int64(1)
	record := func(ago time.Duration, change func(*activitylog.Event)) string {
		e := activitylog.Event{
			Org: org, Time: start.Add(-ago), Project: text, Category: text, Action: "x.y", Reason: text, ErrorCode: text, Message: text,
			Actor:      activitylog.Actor{ID: text, Name: text, Email: text, Roles: []string{text}},
			OnBehalfOf: []activitylog.Delegation{{Actor: activitylog.Actor{ID: text, Name: text, Email: text}, Relation: activitylog.Impersonates}},
			Targets:    []activitylog.Target{{Type: text, ID: text, Name: text, URL: text}},
			Changes:    []activitylog.Change{{Path: text, Old: text, New: map[string]any{text: text}}},
			Client:     activitylog.Client{UserAgent: text, Country: text, Region: text, Forwarded: []string{text}, IP: netip.MustParseAddr("203.0.113.9")},
			Request:    activitylog.Request{ID: text, Method: text, Route: text, SessionID: text, TraceID: text, CorrelationID: text, Origin: text, CredentialID: text},
			AI:         &activitylog.AIUsage{Model: text, Provider: text, Currency: text, CostMicros: &cost, ToolNames: []string{text}, AgentName: text, ConversationID: text, FinishReason: text},
			Labels:     map[string]string{text: text}, Metadata: map[string]any{text: text, "list": []any{text}},
		}
		change(&e)
		id, err := r.log.Record(t.Context(), e)
		require.NoError(t, err, "%q", text)
		return id.String()
	}
	id := record(time.Hour, func(*activitylog.Event) {})
	record(9*24*time.Hour, func(e *activitylog.Event) { e.Action = "auth.login" })
	for i := range 12 {
		record(time.Duration(i)*time.Second, func(e *activitylog.Event) { e.Action, e.Outcome, e.OnBehalfOf = "auth.login", activitylog.Failure, nil })
	}
	require.NoError(t, m.Poll(t.Context()))
	targets := []string{"/", "/orgs/acme/", "/orgs/acme/?range=all", "/orgs/acme/?event=" + id, "/orgs/acme/events/" + id, "/orgs/acme/recent/", "/orgs/acme/usage/",
		"/orgs/acme/alerts/", "/orgs/acme/governance/", "/platform/", "/platform/usage/", "/orgs/acme/projects/" + url.PathEscape(text) + "/recent/"}
	list, err := m.Alerts(t.Context(), org)
	require.NoError(t, err)
	for i := range list {
		targets = append(targets, "/orgs/acme/alerts/"+list[i].Fingerprint, "/orgs/acme/?alert="+list[i].Fingerprint)
	}
	e := url.QueryEscape(text)
	return r, append(targets, "/orgs/acme/?q="+e, "/orgs/acme/?actor="+e+"&category="+e+"&model="+e+"&project="+e, "/orgs/acme/?event="+e, "/orgs/acme/?cursor="+e, "/orgs/acme/?alert="+e, "/orgs/acme/?from="+e,
		"/orgs/"+url.PathEscape(text)+"/", "/orgs/acme/events/"+url.PathEscape(text), "/"+url.PathEscape(text)+"/")
}

var (
	quotedForm = regexp.MustCompile(`="[^"]*"`)
	openForm   = regexp.MustCompile(`<(/?[a-zA-Z!?][^\s/>]*)([^>]*)>`)
	nameForm   = regexp.MustCompile(`[^\s=/]+`)
	addressed  = regexp.MustCompile(`(?i) (?:href|src|action|formaction)="([^"]*)"`)
)

// vocabulary adds the elements of a page, each with the names of its attributes one by one.
func vocabulary(t *testing.T, into map[string]bool, page string) {
	t.Helper()
	page = quotedForm.ReplaceAllString(page, "=")
	for _, m := range openForm.FindAllStringSubmatch(page, -1) {
		into[m[1]] = true
		for _, name := range nameForm.FindAllString(m[2], -1) {
			into[m[1]+" "+name] = true
		}
	}
	require.NotContains(t, openForm.ReplaceAllString(page, ""), "<", "what is no element is escaped")
}

// What pages are made of does not depend on what is in the log: whatever is written in every field of an event, in the
// names of a host and in the address, no element and no attribute comes that a harmless word does not bring.
func TestHostileDataStaysData(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	fetch := func(text string, all bool, each func(*rig, string, answer)) {
		r, targets := poisoned(t, text)
		for i, target := range targets {
			if !all && i%4 != 1 { // the list, an event, alerts and some addresses
				continue
			}
			regions := []string{"list"}
			if all && strings.HasPrefix(target, "/orgs/acme/?") {
				regions = []string{"", "panel"}
			}
			for _, region := range regions {
				each(r, target, r.get(target, "Activity-Region", region))
			}
		}
		require.Empty(t, r.failed, "%q", text)
	}
	for _, harmless := range []string{"word", "two words", "a.b", "café", "x:y", "(x", "12"} {
		fetch(harmless, true, func(_ *rig, _ string, a answer) { vocabulary(t, known, a.body) })
	}
	require.Contains(t, known, "tr class")
	require.NotContains(t, known, "img")
	texts := slices.Clone(payloads)
	for some := range slices.Chunk(payloads, 4) {
		texts = append(texts, strings.Join(some, " "))
	}
	for i, text := range texts {
		fetch(text, i >= len(payloads), func(_ *rig, target string, a answer) {
			require.Less(t, a.code, 500, target)
			require.Empty(t, a.head.Values("Set-Cookie"))
			found := map[string]bool{}
			vocabulary(t, found, a.body)
			for name := range found {
				if !known[name] {
					t.Errorf("%q brings <%s> to %s", text, name, target)
				}
			}
			for _, m := range addressed.FindAllStringSubmatch(a.body, -1) {
				if !strings.HasPrefix(m[1], "./") && !strings.HasPrefix(m[1], "../") && !strings.HasPrefix(m[1], "?") && !strings.HasPrefix(m[1], "#") {
					t.Errorf("%q makes %s lead to %s", text, target, m[1])
				}
			}
			shown := tagForm.ReplaceAllString(quotedForm.ReplaceAllString(a.body, ""), "")
			if i := strings.IndexAny(shown, "\u202e\u2066\u2069\u200b\ufeff\u2028\u2029\x1b\x00\x07\r"); i >= 0 {
				t.Errorf("%q shows what cannot be seen on %s: %q", text, target, shown[max(0, i-40):min(len(shown), i+20)])
			}
		})
		if t.Failed() {
			return
		}
	}
}

// Programs get the same texts back whole, in forms in which a browser runs nothing.
func TestHostileDataInFilesAndStreams(t *testing.T) {
	t.Parallel()
	for _, text := range payloads {
		r, _ := poisoned(t, text)
		for target, kind := range map[string]string{
			"/orgs/acme/api/v1/events?range=all": "application/json", "/orgs/acme/api/v1/facets?range=all": "application/json", "/orgs/acme/api/v1/alerts": "application/json",
			"/orgs/acme/export?range=all": "text/csv", "/orgs/acme/export?range=all&format=ndjson": "application/x-ndjson", "/orgs/acme/api/v1/events?q=" + url.QueryEscape("outcom:"+text): "application/problem+json",
		} {
			a := r.get(target)
			require.Truef(t, strings.HasPrefix(a.head.Get("Content-Type"), kind), "%s is %s", target, a.head.Get("Content-Type"))
			require.Equal(t, "nosniff", a.head.Get("X-Content-Type-Options"))
			switch kind {
			case "text/csv":
				rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
				require.NoError(t, err, "%q", text)
				require.GreaterOrEqual(t, len(rows), 15, "a header and fourteen events: %q", text)
				for _, row := range rows {
					for _, cell := range row {
						require.NotRegexp(t, `^[=+@\t\r-].*[A-Z]\(`, cell, "a formula")
					}
				}
				require.Regexp(t, `^attachment; filename="[a-z0-9.-]+"$`, a.head.Get("Content-Disposition"))
			case "application/x-ndjson":
				for line := range strings.Lines(a.body) {
					var e activitylog.Event
					require.NoError(t, json.Unmarshal([]byte(line), &e), "%q", text)
				}
			default:
				var v any
				require.NoError(t, json.Unmarshal([]byte(a.body), &v), "%q", text)
			}
		}
		// A text with line breaks is no second message of a stream.
		place := last(messages(r.get("/orgs/acme/api/v1/stream").ok(t).body))
		_, err := r.log.Record(t.Context(), activitylog.Event{Org: "acme", Action: "a.b", Actor: activitylog.Actor{ID: text}, Message: "x\n\nevent: bye\ndata: denied\n\n" + text})
		require.NoError(t, err)
		got := messages(r.get("/orgs/acme/api/v1/stream", "Last-Event-ID", place).ok(t).body)
		require.Len(t, events(t, got), 1, "%q: %v", text, got)
		require.False(t, slices.ContainsFunc(got, func(m message) bool { return m.event == "bye" }))
	}
}
