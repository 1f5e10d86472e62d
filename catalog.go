package activitylog

import (
	"maps"
	"slices"
	"strings"

	"github.com/activitylog/activitylog/internal/spelling"
)

// Action describes one action of a Catalog.
type Action struct {
	Name      string   // object.verb, such as "member.role.change"
	Category  string   // empty: the first segment of Name
	Verb      string   // create, read, update, delete, execute, access or other; empty: other
	Severity  Severity // when it succeeds; empty: Info
	Retention string   // retention class; empty: "usage"
	Required  bool     // the host promises to record it; coverage reports check that
	Targets   []string // the types of what it acts on, for documentation
	// Done and Do are what the actor did, as in "invited {target}" and "invite {target}". They make messages such as
	// "Ana invited Leo" and "Ana failed to invite Leo". They may hold {target}, {targets}, {project}, {model},
	// {previous_model} and {reason}. Empty: the name of the action stands for them.
	Done, Do string
}

// Catalog is the set of actions that a log knows. It is immutable and safe for concurrent use. The zero value is empty.
type Catalog struct{ actions map[string]Action }

// DefaultCatalog returns the built-in actions.
func DefaultCatalog() *Catalog {
	c := &Catalog{actions: make(map[string]Action, len(builtin))}
	for _, a := range builtin {
		c.actions[a.Name] = a.withDefaults()
	}
	return c
}

func (a Action) withDefaults() Action {
	if a.Category == "" {
		a.Category = firstSegment(a.Name)
	}
	if a.Verb == "" {
		a.Verb = "other"
	}
	if a.Severity == "" {
		a.Severity = Info
	}
	if a.Retention == "" {
		a.Retention = "usage"
	}
	return a
}

// With returns a catalogue that holds actions beside those of c; one of the same name replaces it.
func (c *Catalog) With(actions ...Action) (*Catalog, error) {
	n := &Catalog{actions: make(map[string]Action, len(c.actions)+len(actions))}
	maps.Copy(n.actions, c.actions)
	for _, a := range actions {
		if !validAction(a.Name) {
			return nil, invalid("action %q; use object.verb in lower-case letters, digits, _ and dots", a.Name)
		}
		if a.Severity != "" && a.Severity.rank() < 0 {
			return nil, invalid("action %s has severity %q; use info, low, medium, high or critical", a.Name, a.Severity)
		}
		a.Targets = slices.Clone(a.Targets)
		n.actions[a.Name] = a.withDefaults()
	}
	return n, nil
}

func validAction(name string) bool {
	for segment := range strings.SplitSeq(name, ".") {
		if segment == "" || strings.Trim(segment, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
	}
	return true
}

// Lookup returns the action of that name.
func (c *Catalog) Lookup(name string) (Action, bool) {
	a, ok := c.actions[name]
	a.Targets = slices.Clone(a.Targets)
	return a, ok
}

// Actions returns all actions, sorted by name.
func (c *Catalog) Actions() []Action {
	list := make([]Action, 0, len(c.actions))
	for _, name := range slices.Sorted(maps.Keys(c.actions)) {
		a, _ := c.Lookup(name)
		list = append(list, a)
	}
	return list
}

func firstSegment(action string) string {
	first, _, _ := strings.Cut(action, ".")
	return first
}

// complete fills what the catalogue knows about e.
func (c *Catalog) complete(e *Event, strict bool) error {
	a, known := c.actions[e.Action]
	if !known {
		if strict {
			return unknownAction(c, e.Action)
		}
		a = Action{Name: e.Action}.withDefaults()
	}
	if e.Category == "" {
		e.Category = a.Category
	}
	if e.Verb == "" {
		e.Verb = a.Verb
	}
	if e.Retention == "" {
		e.Retention = a.Retention
	}
	if e.Severity == "" {
		e.Severity = a.Severity
		if e.Outcome == Failure || e.Outcome == Denied {
			e.Severity = a.Severity.raised()
		}
	}
	if e.Message == "" {
		e.Message = a.render(e)
	}
	return nil
}

func unknownAction(c *Catalog, name string) error {
	return &unknownActionError{name: name, near: spelling.Nearest(name, 3, slices.Collect(maps.Keys(c.actions)))}
}

type unknownActionError struct{ name, near string }

func (e *unknownActionError) Error() string {
	text := "activitylog: " + ErrUnknownAction.Error() + " " + e.name
	if e.near != "" {
		text += "; did you mean " + e.near + "?"
	}
	return text + "; add it to Options.Catalog with Catalog.With"
}

func (e *unknownActionError) Unwrap() error { return ErrUnknownAction }
