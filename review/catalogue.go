package review

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/activitylog/activitylog"
)

// CatalogueOptions say what the code does not know. Empty texts are told as not said.
type CatalogueOptions struct {
	Title   string // empty: "Event catalogue"
	Kept    string // where events are kept, such as "PostgreSQL, in the EU"
	Readers string // who may read them
	// HowLong tells how long events of an action stay, such as "400 days". nil: the retention class stands for it.
	HowLong func(activitylog.Action) string
}

// field is one field of an event, as its JSON form names it.
type field struct{ name, about string }

// fields describes every field of activitylog.Event, in its order. A test keeps them together.
var fields = []field{
	{"id", "identifies the event within its organization"},
	{"time", "when it happened, as the host says; UTC, microseconds"},
	{"recorded", "when the log took it; retention counts from here"},
	{"duration_us", "how long it took"},
	{"org", "the organization"},
	{"project", "the project"},
	{"category", "the group of the action"},
	{"action", "what was tried"},
	{"verb", "create, read, update, delete, execute, access or other"},
	{"outcome", "success, failure, denied, pending or unknown"},
	{"reason", "why it failed or was refused, or a comment"},
	{"error_code", "the source's own code"},
	{"severity", "info, low, medium, high or critical"},
	{"message", "one sentence for people"},
	{"actor", "who acted: type, id, name, e-mail, roles (personal data)"},
	{"on_behalf_of", "whose identity or authority was used (personal data)"},
	{"targets", "what was acted on"},
	{"changes", "fields with old and new values; never secret ones"},
	{"client", "address, user agent and claimed proxies (personal data)"},
	{"request", "request, session, credential and trace ids"},
	{"ai", "model, tokens and cost"},
	{"labels", "of the host, for filters"},
	{"metadata", "of the host"},
	{"retention", "the retention class"},
	{"backfill", "written after the fact"},
	{"completes", "the pending event that this one ends"},
	{"expires", "when a pending event counts as abandoned"},
	{"truncated", "what was over a limit"},
	{"leaf", "evidence"},
	{"opening", "what opens the evidence"},
}

// Catalogue returns the actions of a catalogue, with their fields and how long they stay, as Markdown.
func Catalogue(c *activitylog.Catalog, opts *CatalogueOptions) string {
	o := CatalogueOptions{}
	if opts != nil {
		o = *opts
	}
	for s, d := range map[*string]string{&o.Title: "Event catalogue", &o.Kept: "not said", &o.Readers: "not said"} {
		if *s == "" {
			*s = d
		}
	}
	if o.HowLong == nil {
		o.HowLong = func(a activitylog.Action) string { return "class " + a.Retention }
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nGenerated from the code; do not edit.\n\n- Kept in: %s\n- Read by: %s\n", cell(o.Title), cell(o.Kept), cell(o.Readers))
	category := ""
	for _, a := range sorted(c) {
		if a.Category != category {
			category = a.Category
			fmt.Fprintf(&b, "\n## %s\n\n| action | what was done | verb | severity | required | targets | kept for |\n|---|---|---|---|---|---|---|\n", cell(category))
		}
		required := ""
		if a.Required {
			required = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", a.Name, cell(a.Done), cell(a.Verb), cell(string(a.Severity)),
			required, cell(strings.Join(a.Targets, ", ")), cell(o.HowLong(a)))
	}
	b.WriteString("\n## Fields of every event\n\n| field | what it holds |\n|---|---|\n")
	for _, f := range fields {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.name, f.about)
	}
	return b.String()
}

// sorted are the actions by category, then by name.
func sorted(c *activitylog.Catalog) []activitylog.Action {
	var list []activitylog.Action
	byCategory := map[string][]activitylog.Action{}
	var order []string
	for _, a := range c.Actions() {
		if byCategory[a.Category] == nil {
			order = append(order, a.Category)
		}
		byCategory[a.Category] = append(byCategory[a.Category], a)
	}
	for _, name := range order {
		list = append(list, byCategory[name]...)
	}
	return list
}

// cell is a text that stays within its cell and shows as it is.
func cell(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("|`*_[]<>\\#&", r):
			fmt.Fprintf(&b, "&#%d;", r)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "U+%04X", r)
		}
	}
	return b.String()
}
