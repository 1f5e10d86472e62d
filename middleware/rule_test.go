package middleware_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/middleware"
)

func TestRules(t *testing.T) {
	t.Parallel()
	rules := []middleware.Rule{
		{Path: "/health"},
		{Methods: []string{"DELETE"}, Path: "/projects/{id}", Action: "project.delete", Targets: []string{"project:{id}"}, Project: "id"},
		{Methods: []string{"POST", "PUT"}, Path: "/projects/{p}/members/{m}", Action: "member.add",
			Targets: []string{"project:{p}", "user:{m}", "role:member"}, Project: "p"},
		{Methods: []string{"GET"}, Path: "/files/{path...}", Action: "data.view", Targets: []string{"file:{path}"}},
		{Methods: []string{"POST"}, Path: "/a b/{x}", Action: "data.import"},
		{Path: "/{path...}", Action: "access.denied", Outcomes: []activitylog.Outcome{activitylog.Denied}},
	}
	tests := []struct {
		name           string
		method, target string
		status         int
		want           string // action project targets outcome; empty: not recorded
	}{
		{"wildcard", "DELETE", "/projects/p7", 204, "project.delete p7 project:p7 success"},
		{"failure", "DELETE", "/projects/p7", 500, "project.delete p7 project:p7 failure"},
		{"not found", "DELETE", "/projects/p7", 404, "project.delete p7 project:p7 failure"},
		{"denied", "DELETE", "/projects/p7", 403, "project.delete p7 project:p7 denied"},
		{"not signed in", "DELETE", "/projects/p7", 401, "project.delete p7 project:p7 denied"},
		{"redirect", "DELETE", "/projects/p7", 303, "project.delete p7 project:p7 success"},
		{"other method", "GET", "/projects/p7", 200, ""},
		{"other method, denied", "GET", "/projects/p7", 403, "access.denied   denied"},
		{"longer path", "DELETE", "/projects/p7/x", 200, ""},
		{"shorter path", "DELETE", "/projects", 200, ""},
		{"empty wildcard", "DELETE", "/projects/", 200, ""},
		{"two wildcards and a fixed target", "PUT", "/projects/p7/members/u2", 200, "member.add p7 project:p7,user:u2,role:member success"},
		{"final slash", "DELETE", "/projects/p7/", 200, "project.delete p7 project:p7 success"},
		{"doubled slashes", "DELETE", "//projects//p7", 200, "project.delete p7 project:p7 success"},
		{"escaped slash", "DELETE", "/projects/a%2Fb", 200, "project.delete a/b project:a/b success"},
		{"escaped letter", "DELETE", "/project%73/p%37", 200, "project.delete p7 project:p7 success"},
		{"escaped percent", "DELETE", "/projects/%2541", 200, "project.delete %41 project:%41 success"},
		{"text like a wildcard", "PUT", "/projects/%7Bm%7D/members/u2", 200, "member.add {m} project:{m},user:u2,role:member success"},
		{"rest of the path", "GET", "/files/a/b.txt", 200, "data.view  file:a/b.txt success"},
		{"no rest", "GET", "/files/", 200, "data.view  file: success"},
		{"blank in a rule", "POST", "/a%20b/x", 200, "data.import   success"},
		{"query", "DELETE", "/projects/p7?id=p8", 200, "project.delete p7 project:p7 success"},
		{"long project", "DELETE", "/projects/" + strings.Repeat("x", 300), 404, "project.delete  project: failure"},
		{"left out", "GET", "/health", 403, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			serve(wrap(t, l, middleware.Options{Rules: rules}, status(tt.status)), tt.method, tt.target)
			got := ""
			for _, e := range events(t, l) {
				var targets []string
				for _, x := range e.Targets {
					if len(x.ID) > 100 {
						x.ID = ""
					}
					targets = append(targets, x.Type+":"+x.ID)
				}
				got += strings.Join([]string{e.Action, e.Project, strings.Join(targets, ","), string(e.Outcome)}, " ")
			}
			if got != tt.want {
				t.Errorf("recorded %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	rule := func(r middleware.Rule) middleware.Options { return middleware.Options{Rules: []middleware.Rule{r}} }
	tests := []struct {
		name string
		opts middleware.Options
		want string
	}{
		{"relative path", rule(middleware.Rule{Path: "projects"}), "rule 1 of 1: invalid: path \"projects\" must begin with /"},
		{"half a segment", rule(middleware.Rule{Path: "/p{id}"}), "use {name} for a whole segment"},
		{"no name", rule(middleware.Rule{Path: "/{}"}), "use {name} for a whole segment"},
		{"twice", rule(middleware.Rule{Path: "/{a}/{a}"}), "each name once"},
		{"rest in the middle", rule(middleware.Rule{Path: "/{a...}/b"}), "{name...} at the end"},
		{"target without type", rule(middleware.Rule{Path: "/{a}", Targets: []string{"{a}"}}), "use type:{wildcard}"},
		{"target of another path", rule(middleware.Rule{Path: "/{a}", Targets: []string{"x:{b}"}}), "has no wildcard {b}"},
		{"project of another path", rule(middleware.Rule{Path: "/{a}", Project: "b"}), "no wildcard {b} for the project"},
		{"invalid proxy", middleware.Options{Proxies: middleware.Proxies{Trusted: make([]netip.Prefix, 1)}}, "trusted proxy 1 of 1"},
		{"mapped proxy", middleware.Options{Proxies: middleware.Proxies{Trusted: prefixes("10.0.0.0/8", "::ffff:10.0.0.0/104")}},
			"trusted proxy 2 of 2 is ::ffff:10.0.0.0/104; use a prefix of IPv4 or IPv6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := middleware.New(newLog(t), &tt.opts)
			if !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
	if _, err := middleware.New(nil, &middleware.Options{Rules: everything}); !errors.Is(err, activitylog.ErrInvalid) {
		t.Errorf("rules without a log: got %v", err)
	}
	m, err := middleware.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := serve(m.Wrap(status(204)), http.MethodGet, "/"); w.Code != 204 {
		t.Errorf("without a log: got status %d", w.Code)
	}
}
