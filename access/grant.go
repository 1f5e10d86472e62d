package access

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// Right is a set of rights. They are separate: none implies another, except that nothing can be read without View and
// nothing exported without View and Export.
type Right uint8

// The rights.
const (
	View            Right = 1 << iota // see pages, figures and single events
	ViewSensitive                     // see what is hidden from others
	Export                            // take events out in bulk
	AckAlerts                         // acknowledge alerts
	Review                            // record reviews
	ManageRetention                   // change retention, set and lift holds, purge
	Erase                             // erase personal data

	AllRights = View | ViewSensitive | Export | AckAlerts | Review | ManageRetention | Erase
)

var rightNames = []string{"view", "view sensitive fields", "export", "acknowledge alerts", "review", "manage retention", "erase"}

// String names the rights, such as "view, export".
func (r Right) String() string {
	var names []string
	for i, name := range rightNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// ErrDenied means that a grant lacks a right. It wraps fs.ErrPermission, which Operation.End records as denied.
var ErrDenied = fmt.Errorf("the grant lacks a right: %w", fs.ErrPermission)

// Grant says who may read what. Make it with Org, Project, Own or Platform. It is an immutable value; the zero value
// allows nothing.
type Grant struct {
	actor  activitylog.Actor
	behalf []activitylog.Delegation
	scope  scope
	rights Right
}

// scope is the part of the log that a grant covers.
type scope struct {
	kind         string // org, project, own or platform; empty: nothing
	org, project string
}

// Org grants the log of one organization.
func Org(a activitylog.Actor, org string, rights Right) Grant {
	return grant(a, scope{kind: "org", org: org}, rights)
}

// Project grants what belongs to one project of an organization.
func Project(a activitylog.Actor, org, project string, rights Right) Grant {
	return grant(a, scope{kind: "project", org: org, project: project}, rights)
}

// Own grants the events of an organization in which a had any role: acted, was impersonated or gave the authority.
func Own(a activitylog.Actor, org string, rights Right) Grant {
	return grant(a, scope{kind: "own", org: org}, rights)
}

// Platform grants the logs of all organizations.
func Platform(a activitylog.Actor, rights Right) Grant {
	return grant(a, scope{kind: "platform"}, rights)
}

func grant(a activitylog.Actor, s scope, rights Right) Grant {
	a.Roles = slices.Clone(a.Roles)
	if a.Type == "" && a.ID != "" {
		a.Type = activitylog.User
	}
	return Grant{actor: a, scope: s, rights: rights}
}

// OnBehalfOf returns the grant with those whose identity or authority the actor uses, nearest first; they are recorded.
func (g Grant) OnBehalfOf(d ...activitylog.Delegation) Grant {
	g.behalf = slices.Clone(d)
	return g
}

// Actor returns who was granted it.
func (g Grant) Actor() activitylog.Actor { return g.actor }

// Behalf returns those whose identity or authority the actor uses, nearest first.
func (g Grant) Behalf() []activitylog.Delegation { return slices.Clone(g.behalf) }

// Rights returns the rights that it brings.
func (g Grant) Rights() Right { return g.rights }

// Scope says what it covers. Kind is "org", "project", "own" or "platform", and empty for the zero grant.
func (g Grant) Scope() (kind, org, project string) { return g.scope.kind, g.scope.org, g.scope.project }

// Within returns the grant narrowed to an organization, or with a project to that project of it, and false where it does
// not cover that. Somebody who may see more looks at less this way; it is recorded with what is looked at. One's own
// activity has no projects.
func (g Grant) Within(org, project string) (Grant, bool) {
	s := g.scope
	switch {
	case org == "" || s.kind == "" || s.org != org && s.kind != "platform":
		return Grant{}, false
	case s.kind == "own":
		return g, project == ""
	case s.kind == "project" && s.project != project:
		return Grant{}, false
	case project != "":
		g.scope = scope{kind: "project", org: org, project: project}
	default:
		g.scope = scope{kind: "org", org: org}
	}
	return g, true
}

// Under returns a context whose events belong to what the grant covers, whatever the request belongs to, and are done by
// its actor, for those whose identity or authority that one uses.
func (g Grant) Under(ctx context.Context) context.Context {
	return activitylog.WithActor(g.scope.under(ctx), g.actor, g.behalf...)
}

// Allow returns nil if the grant has all the rights in an organization, and otherwise an error that wraps ErrDenied. The
// empty org stands for what concerns the whole platform. Rights beyond reading need a grant for the whole organization,
// not for a project or one's own activity.
func (g Grant) Allow(rights Right, org string) error {
	covers := g.scope.kind == "platform" || g.scope.kind == "org" && org != "" && g.scope.org == org
	return g.need(rights, covers)
}

func (g Grant) need(rights Right, covers bool) error {
	missing := rights &^ g.rights
	if !covers {
		missing = rights
	}
	if missing == 0 {
		return nil
	}
	return fmt.Errorf("access: %w: %s", ErrDenied, missing)
}

// check finds what no grant may lack.
func (g Grant) check() error {
	s := g.scope
	bad := ""
	switch {
	case s.kind == "":
		bad = "the zero grant allows nothing; make one with Org, Project, Own or Platform"
	case g.actor.ID == "" && g.actor.Type != activitylog.System:
		bad = "a grant needs an actor with an ID, who is recorded as the reader"
	case s.org == "" && s.kind != "platform":
		bad = "a grant for less than the platform needs an organization"
	case s.project == "" && s.kind == "project":
		bad = "a grant for a project needs its id"
	case s.kind == "own" && g.actor.ID == "":
		bad = "one's own activity needs an actor with an ID"
	default:
		return nil
	}
	return fmt.Errorf("access: %w: %s", activitylog.ErrInvalid, bad)
}

// within is the filter that every answer of the grant fulfils.
func (g Grant) within() activitylog.Filter {
	switch g.scope.kind {
	case "project":
		return activitylog.ProjectIs(g.scope.project)
	case "own":
		// An id belongs to its type: a service may have that of a person.
		return activitylog.Any(activitylog.ActedBy(g.actor.ID).And(activitylog.ActorTypeIs(g.actor.Type)),
			activitylog.Impersonated(g.actor.ID), activitylog.AuthorizedBy(g.actor.ID))
	}
	return activitylog.Filter{}
}
