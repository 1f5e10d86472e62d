package web_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/retention"
	"github.com/activitylog/activitylog/store/memory"
	"github.com/activitylog/activitylog/web"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "renew texts.txt")

// unwritten are texts that no literal in this package holds.
var unwritten = []string{
	"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
	"Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
	"user", "service", "system", "agent", "api key", "anonymous", "Tokens in", "Tokens out", "Cached", "Reasoning", "Latency", "First token",
	"acts as somebody else", "act as somebody else", "days without an act", "day without an act", "failed", "events at unusual hours",
	"event at unusual hours", "failed sign-ins", "failed sign-in", "things deleted", "thing deleted", "exports", "export", "events", "event",
	"first uses", "first use", "rules", "rule", "messages", "message", "sensitive events outside working hours",
	"sensitive event outside working hours", "accounts that failed", "account that failed", "addresses that failed", "address that failed",
	"refused attempts", "refused attempt", "settings changed", "setting changed", "new rights", "new right",
	"never seen", "not seen", "not in the catalogue",
}

// written collects the texts of the pages from the code: what goes through t and tf in templates, through t in Go and in
// the script, and the values of the tables of titles.
func written(t *testing.T) []string {
	t.Helper()
	list := slices.Clone(unwritten)
	add := func(quoted string) {
		s, err := strconv.Unquote(quoted)
		require.NoError(t, err, quoted)
		if s != "" {
			list = append(list, s)
		}
	}
	templates, err := filepath.Glob("templates/*.tmpl")
	require.NoError(t, err)
	for _, file := range append(templates, "static/app.js") {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`[{( ]tf? ("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(string(b), -1) {
			add(m[1])
		}
		for _, m := range regexp.MustCompile(`\bt\('([^']*)'\)`).FindAllStringSubmatch(string(b), -1) {
			add(strconv.Quote(m[1]))
		}
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		literals := func(n ast.Node) {
			ast.Inspect(n, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					add(l.Value)
				}
				return true
			})
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "t" {
					for _, a := range n.Args {
						literals(a)
					}
				}
			case *ast.KeyValueExpr: // line{Name: "Actor"}
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Name" {
					if l, ok := n.Value.(*ast.BasicLit); ok {
						add(l.Value)
					}
				}
			case *ast.ValueSpec:
				if name := n.Names[0].Name; strings.HasSuffix(name, "Titles") || strings.HasSuffix(name, "Texts") {
					for _, v := range n.Values {
						for _, e := range v.(*ast.CompositeLit).Elts {
							literals(e.(*ast.KeyValueExpr).Value)
						}
					}
				}
			}
			return true
		})
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestTextsAreListed(t *testing.T) {
	t.Parallel()
	want := strings.Join(written(t), "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile("texts.txt", []byte(want), 0o644))
	}
	have, err := os.ReadFile("texts.txt")
	require.NoError(t, err)
	require.Equal(t, want, string(have), "renew it with go test ./web -run TestTextsAreListed -update")
	require.Equal(t, strings.Split(strings.TrimSpace(want), "\n"), web.Texts())
}

var (
	latin     = regexp.MustCompile(`[A-Za-z]{3,}`)
	codeForm  = regexp.MustCompile(`(?s)<bdi>.*?</bdi>|<p class="wrong".*?</p>|<code.*?</code>|<pre.*?</pre>|<svg.*?</svg>|<title>.*?</title>|<datalist.*?</datalist>`)
	shownAttr = regexp.MustCompile(`(?:aria-label|placeholder)="([^"]*)"`)
)

// Every word of every page goes through the messages: with all texts in brackets, nothing in Latin letters stands outside
// of them but what the log holds.
func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	messages := map[string]string{}
	for _, s := range written(t) {
		messages[s] = "⟦" + s + "⟧"
	}
	r, alert, id := everything(t, func(o *web.Options) { o.Messages = messages; o.Lang = "xx"; o.Hour12 = true })
	for _, page := range []string{
		"/", "/?event=" + id, "/events/" + id, "/?q=" + "nothingmatches", "/?q=ou:x&category=ai&category=-agent&quick=errors&cols=time,model,cost",
		"/orgs/acme/alerts/", "/orgs/acme/alerts/" + alert, "/orgs/acme/governance/", "/orgs/acme/usage/", "/orgs/acme/projects/p1/recent/", "/events/x",
	} {
		a := r.get(page)
		body := codeForm.ReplaceAllString(a.body, " ")
		texts := []string{tagForm.ReplaceAllString(body, "\n")}
		for _, m := range shownAttr.FindAllStringSubmatch(body, -1) {
			texts = append(texts, m[1])
		}
		for _, text := range texts {
			for line := range strings.Lines(html.UnescapeString(text)) {
				if left := untranslated(line); left != "" {
					t.Errorf("%s: %q in %q", page, left, strings.TrimSpace(line))
				}
			}
		}
	}
	require.Empty(t, r.failed)
}

// untranslated is a Latin word outside of brackets.
func untranslated(line string) string {
	depth := 0
	var out strings.Builder
	for _, c := range line {
		switch {
		case c == '⟦':
			depth++
			out.WriteByte(' ')
		case c == '⟧':
			depth--
		case depth == 0:
			out.WriteRune(c)
		}
	}
	for _, w := range latin.FindAllString(out.String(), -1) {
		if !known[w] {
			return w
		}
	}
	return ""
}

// known are names, of people too.
var known = map[string]bool{"UTC": true, "JSON": true, "Ana": true, "System": true, "Alert": true, "monitor": true}

// greek spells names that no text of the pages could hold.
func greek(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLower(r) {
			return 'α' + (r-'a')%24
		}
		return r
	}, s)
}

// everything is a log with something on every page, in which no text that the log holds is Latin.
func everything(t *testing.T, change func(*web.Options)) (r *rig, alert, id string) {
	t.Helper()
	store := memory.New()
	r = newRigOver(t, store, nil, org(access.AllRights))
	name := greek
	foreign := func(e *activitylog.Event) {
		e.Message = greek("message")
		e.Actor.Name, e.Actor.Email, e.Actor.Roles = greek("leo"), greek("mail"), []string{greek("role")}
		e.Targets = []activitylog.Target{{Type: name("kind"), ID: name("id"), Name: name("thing")}, {Type: "tool", ID: name("tool")}, {Type: "integration", ID: name("post")}}
		e.Changes = []activitylog.Change{{Path: name("path"), Old: name("old"), New: name("new")}}
		e.Client.UserAgent, e.Client.Country = name("agent"), ""
		e.Request.ID, e.Request.SessionID = name("req"), name("ses")
		e.Metadata = map[string]any{name("key"): name("value")}
		e.AI.Model, e.AI.Provider, e.AI.ToolNames = name("model"), name("provider"), []string{name("tool")}
		e.Reason = name("reason")
	}
	id = r.record("acme", "p1", "leo", time.Hour, foreign).ID.String()
	r.record("acme", "p1", "leo", time.Hour+time.Minute, foreign)
	r.record("acme", "p1", "leo", 50*time.Hour, foreign, func(e *activitylog.Event) { e.Outcome, e.Severity = activitylog.Denied, activitylog.High })
	signIn := func(ago time.Duration, o activitylog.Outcome) {
		r.record("acme", "", "leo", ago, foreign, func(e *activitylog.Event) { e.Action, e.Outcome, e.AI = "auth.login", o, nil })
	}
	signIn(9*24*time.Hour, activitylog.Success)
	for i := range 12 {
		signIn(time.Duration(i)*time.Second, activitylog.Failure)
	}
	m := r.newMonitor()
	require.NoError(t, m.Poll(t.Context()))
	found, err := m.Alerts(t.Context(), "acme")
	require.NoError(t, err)
	require.NotEmpty(t, found)
	keeper := r.newKeeper(store)
	ctx := activitylog.WithActor(t.Context(), ana)
	require.NoError(t, keeper.SetRules(ctx, "acme", []retention.Rule{{Name: name("rule"), Filter: activitylog.RetentionIs("usage"), Max: 90}}, name("why")))
	o := web.Options{Monitor: m, Keeper: keeper, Book: r.newBook(),
		OrgName: func(string) string { return name("acme") }, ProjectName: func(string, string) string { return name("project") }}
	change(&o)
	r.serve(&o)
	return r, found[0].Fingerprint, id
}
