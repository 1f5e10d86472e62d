package middleware

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// Rule says which requests are recorded, and as what.
type Rule struct {
	// Methods are those that it fits; empty: all.
	Methods []string
	// Path is that of the request, with wildcards as in net/http: "/projects/{id}", "/files/{path...}". It is compared
	// with the path that reaches the middleware, whatever router comes after it. Doubled and final slashes do not count.
	Path string
	// Outcomes are those that it fits; empty: all. A later rule may fit the others.
	Outcomes []activitylog.Outcome
	// Action is that of the event. Empty: what fits is not recorded.
	Action string
	// Targets are those of the event, as type and wildcard or text: "project:{id}".
	Targets []string
	// Project names the wildcard that holds the project of the event. Empty: that of the context.
	Project string
}

// maxProject is how long a project can be that comes from a path. The log would refuse longer ones by default, and with
// them the event.
const maxProject = 256

// rule is a Rule that was checked.
type rule struct {
	Rule
	segments []string // of Path
	targets  []activitylog.Target
}

func (r Rule) compile() (rule, error) {
	if !strings.HasPrefix(r.Path, "/") {
		return rule{}, invalid("path %q must begin with /", r.Path)
	}
	c := rule{Rule: r, segments: segmentsOf(r.Path)}
	c.Methods = slices.Clone(r.Methods)
	names := map[string]bool{}
	for i, s := range c.segments {
		if !strings.ContainsAny(s, "{}") {
			continue
		}
		name, ok := wildcard(s)
		name, rest := strings.CutSuffix(name, "...")
		if !ok || name == "" || strings.ContainsAny(name, "{}.$") || names[name] || rest && i < len(c.segments)-1 {
			return rule{}, invalid("path %q: use {name} for a whole segment, each name once, and {name...} at the end", r.Path)
		}
		names[name] = true
	}
	for _, t := range r.Targets {
		kind, id, ok := strings.Cut(t, ":")
		if !ok || kind == "" || id == "" {
			return rule{}, invalid("target %q: use type:{wildcard}, such as project:{id}", t)
		}
		if name, ok := wildcard(id); ok && !names[name] {
			return rule{}, invalid("target %q: the path %q has no wildcard {%s}", t, r.Path, name)
		}
		c.targets = append(c.targets, activitylog.Target{Type: kind, ID: id})
	}
	if r.Project != "" && !names[r.Project] {
		return rule{}, invalid("the path %q has no wildcard {%s} for the project", r.Path, r.Project)
	}
	return c, nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", activitylog.ErrInvalid, fmt.Sprintf(format, args...))
}

// segmentsOf splits a path at slashes, of which several count as one.
func segmentsOf(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// wildcard returns the name of a wildcard.
func wildcard(s string) (string, bool) {
	inner, ok := strings.CutPrefix(s, "{")
	inner, end := strings.CutSuffix(inner, "}")
	return inner, ok && end
}

// path is that of a request, in the form in which an escaped slash is no separator.
type path struct {
	text    string
	escaped bool
}

func pathOf(r *http.Request) path {
	if r.URL.RawPath != "" {
		return path{r.URL.RawPath, true}
	}
	return path{r.URL.Path, false}
}

// plain is a part of the path as a handler sees it.
func (p path) plain(part string) string {
	if p.escaped {
		if u, err := url.PathUnescape(part); err == nil {
			return u
		}
	}
	return part
}

// candidate returns the first rule that fits the request, whatever its outcome will be, or -1 if it is not recorded.
func (m *Middleware) candidate(r *http.Request) int {
	for i := range m.rules {
		if m.rules[i].fits(r) {
			if m.rules[i].Action == "" && len(m.rules[i].Outcomes) == 0 {
				return -1
			}
			return i
		}
	}
	return -1
}

// pick returns the first rule from a candidate on that fits the request and its outcome, or nil if it is not recorded.
func (m *Middleware) pick(first int, r *http.Request, o activitylog.Outcome) *rule {
	for i := first; i < len(m.rules); i++ {
		c := &m.rules[i]
		if c.fits(r) && (len(c.Outcomes) == 0 || slices.Contains(c.Outcomes, o)) {
			if c.Action == "" {
				return nil
			}
			return c
		}
	}
	return nil
}

func (c *rule) fits(r *http.Request) bool {
	if len(c.Methods) > 0 && !slices.Contains(c.Methods, r.Method) {
		return false
	}
	return c.walk(pathOf(r), nil)
}

// walk tells whether the rule fits a path and, if found is given, tells it the text of each wildcard.
func (c *rule) walk(p path, found func(name, text string)) bool {
	rest := p.text
	for _, want := range c.segments {
		rest = strings.TrimLeft(rest, "/")
		name, wild := wildcard(want)
		if all, ok := strings.CutSuffix(name, "..."); ok && wild {
			if found != nil {
				found(all, p.plain(rest))
			}
			return true
		}
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		switch {
		case segment == "":
			return false
		case !wild:
			if segment != want && p.plain(segment) != want {
				return false
			}
		case found != nil:
			found(name, p.plain(segment))
		}
	}
	return strings.Trim(rest, "/") == ""
}

// apply fills the event of a request.
func (c *rule) apply(e *activitylog.Event, p path) {
	e.Action = c.Action
	e.Targets = slices.Clone(c.targets)
	c.walk(p, func(name, text string) {
		if name == c.Project && len(text) <= maxProject {
			e.Project = text
		}
		for i := range c.targets {
			if c.targets[i].ID == "{"+name+"}" {
				e.Targets[i].ID = text
			}
		}
	})
}
