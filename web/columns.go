package web

import (
	"slices"
	"strings"
)

// column is one of a list of events.
type column struct {
	ID    string
	Title string
	Label string // the key of the host's label that it shows
}

var usualColumns = []string{"time", "event", "project", "category", "ip", "outcome"}

var columnTitles = map[string]string{
	"time": "Time", "org": "Organization", "event": "Event", "project": "Project", "category": "Category", "ip": "IP address",
	"outcome": "Outcome", "model": "Model", "cost": "Cost",
}

// columnNames are all that there are beside labels, in the order in which they are offered.
var columnNames = []string{"time", "org", "event", "project", "category", "model", "cost", "ip", "outcome"}

const mostColumns = 12

// columnsOf checks what a host asked for, and returns its columns and those that a reader may choose from.
func columnsOf(asked []string) (usual, choice []string, err error) {
	if asked == nil {
		return usualColumns, columnNames, nil
	}
	choice = slices.Clone(columnNames)
	for i, name := range asked {
		key, isLabel := strings.CutPrefix(name, "label.")
		switch {
		case slices.Contains(asked[:i], name):
			return nil, nil, invalid("Columns has %q twice", name)
		case isLabel && key != "" && !strings.ContainsAny(key, ", "):
			choice = append(choice, name)
		case !slices.Contains(columnNames, name):
			return nil, nil, invalid("Columns has %q; use %s or label.KEY", name, strings.Join(columnNames, ", "))
		}
	}
	if usual = slices.Clone(asked); !slices.Contains(usual, "event") {
		usual = append(usual, "event")
	}
	if len(usual) > mostColumns {
		return nil, nil, invalid("Columns has %d entries, at most %d fit", len(usual), mostColumns)
	}
	return usual, choice, nil
}

// usual are the columns of the page unless its address says otherwise.
func (v *visit) usual() []string {
	list := slices.Clone(v.h.columns)
	at := slices.Index(list, "org")
	switch platform := v.route.scope.kind == "platform"; {
	case platform && at < 0:
		list = slices.Insert(list, slices.Index(list, "event"), "org")
	case !platform && at >= 0:
		list = slices.Delete(list, at, at+1)
	}
	return list
}

// offers tells whether there is a column on this page: over one organization there is none of organizations.
func (v *visit) offers(name string) bool {
	return slices.Contains(v.h.choice, name) && (name != "org" || v.route.scope.kind == "platform")
}

// columns are those of the page.
func (v *visit) columns() []column {
	names := v.chosenColumns()
	list := make([]column, len(names))
	for i, name := range names {
		list[i] = v.h.column(name)
	}
	return list
}

func (h *Handler) column(name string) column {
	if key, ok := strings.CutPrefix(name, "label."); ok {
		return column{ID: "label", Title: key, Label: key}
	}
	return column{ID: name, Title: h.t(columnTitles[name])}
}

// chosenColumns are those that the address names and that there are, else the usual ones.
func (v *visit) chosenColumns() []string {
	var list []string
	for _, name := range v.params.cols {
		if v.offers(name) && !slices.Contains(list, name) && len(list) < mostColumns {
			list = append(list, name)
		}
	}
	if len(list) == 0 {
		return v.usual()
	}
	if !slices.Contains(list, "event") {
		list = append(list, "event")
	}
	return list
}

// columnChoice are the columns to choose from, each with the address of the page with it or without.
func (v *visit) columnChoice() []option {
	now, usual := v.chosenColumns(), v.usual()
	var list []option
	for _, name := range v.h.choice {
		if name == "event" || !v.offers(name) {
			continue
		}
		next := slices.Clone(now)
		i := slices.Index(now, name)
		if i >= 0 {
			next = slices.Delete(next, i, i+1)
		} else {
			next = slices.Insert(next, v.place(next, name), name)
		}
		if slices.Equal(next, usual) {
			next = nil
		}
		list = append(list, option{Value: name, Text: v.h.column(name).Title, On: i >= 0, Link: v.keeping(func(p *params) { p.cols = next })})
	}
	return list
}

// place is where a column comes among others: where it usually is, else in the order in which they are offered.
func (v *visit) place(list []string, name string) int {
	order := v.usual()
	if !slices.Contains(order, name) {
		order = v.h.choice
	}
	for i, other := range list {
		if at := slices.Index(order, other); at > slices.Index(order, name) {
			return i
		}
	}
	return len(list)
}

// Cell is the text of a column of the host's labels.
func (r *row) Cell(label string) string { return r.labels[label] }
