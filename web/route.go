package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/activitylog/activitylog/access"
)

// scope is the part of the log that a page is about, as its address says. Only a grant makes it readable.
type scope struct{ kind, org, project string }

// path is where the pages of the scope begin, seen from the mount.
func (s scope) path() string {
	switch s.kind {
	case "project":
		return "orgs/" + url.PathEscape(s.org) + "/projects/" + url.PathEscape(s.project) + "/"
	case "own":
		return "mine/" + url.PathEscape(s.org) + "/"
	case "platform":
		return "platform/"
	}
	return "orgs/" + url.PathEscape(s.org) + "/"
}

// grant finds what lets somebody read a scope: the first grant that covers it, narrowed to it.
func (s scope) grant(grants []access.Grant) (access.Grant, bool) {
	for _, g := range grants {
		kind, org, _ := g.Scope()
		switch {
		case s.kind == "platform":
			if kind == "platform" {
				return g, true
			}
		case s.kind == "own":
			if kind == "own" && org == s.org {
				return g, true
			}
		case kind == "own": // is no part of an organization's page
		default:
			if n, ok := g.Within(s.org, s.project); ok {
				return n, true
			}
		}
	}
	return access.Grant{}, false
}

// scopeOf is the scope that a grant covers.
func scopeOf(g access.Grant) scope {
	kind, org, project := g.Scope()
	return scope{kind, org, project}
}

// route is what a path means.
type route struct {
	scope scope // kind is empty where the path names none
	rest  []string
	up    int  // how many steps lead back to the mount
	slash bool // a slash is missing at the end
}

// parse reads a path. Each step is unescaped on its own, so that an id may hold a slash.
func parse(r *http.Request) (route, bool) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/")
	if !ok && path != "" {
		return route{}, false
	}
	steps := strings.Split(path, "/")
	for i, s := range steps {
		u, err := url.PathUnescape(s)
		if err != nil || u == "" && i < len(steps)-1 {
			return route{}, false
		}
		steps[i] = u
	}
	rt := route{rest: steps, up: len(steps) - 1, slash: !ok}
	take := func(n int) bool {
		if len(rt.rest) < n {
			return false
		}
		if len(rt.rest) == n {
			rt.slash, rt.rest = true, append(rt.rest, "")
		}
		rt.rest = rt.rest[n:]
		return true
	}
	switch {
	case steps[0] == "platform":
		rt.scope.kind = "platform"
		return rt, take(1)
	case steps[0] == "mine" && len(steps) > 1:
		rt.scope = scope{kind: "own", org: steps[1]}
		return rt, steps[1] != "" && take(2)
	case steps[0] == "orgs" && len(steps) > 1:
		rt.scope = scope{kind: "org", org: steps[1]}
		if steps[1] == "" || !take(2) {
			return rt, false
		}
		if len(rt.rest) > 1 && rt.rest[0] == "projects" && rt.rest[1] != "" {
			rt.scope = scope{kind: "project", org: steps[1], project: rt.rest[1]}
			return rt, take(2)
		}
	}
	return rt, true
}

// root leads from a page back to the mount.
func (h *Handler) root(up int) string {
	if h.opts.BasePath != "" {
		return h.opts.BasePath
	}
	if up == 0 {
		return "./"
	}
	return strings.Repeat("../", up)
}
