package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/activitylog/activitylog"
)

// table writes one line for each event. Cells are padded and never cut: what is longer moves the rest of its line.
type table struct {
	w    *bufio.Writer
	orgs bool
}

func newTable(w io.Writer, orgs bool) *table {
	t := &table{bufio.NewWriterSize(w, 64<<10), orgs}
	t.line("TIME (UTC)", "ORG", "ACTOR", "OUTCOME", "IP", "PROJECT", "MESSAGE")
	return t
}

// Write implements export.Writer.
func (t *table) Write(e *activitylog.Event) error {
	ip := ""
	if e.Client.IP.IsValid() {
		ip = e.Client.IP.String()
	}
	return t.line(e.Time.UTC().Format("2006-01-02 15:04:05"), e.Org, actorName(&e.Actor), string(e.Outcome), ip, e.Project, message(e))
}

// Close implements export.Writer.
func (t *table) Close() error { return t.w.Flush() }

func (t *table) line(time, org, actor, outcome, ip, project, message string) error {
	fmt.Fprintf(t.w, "%-19s  ", time)
	if t.orgs {
		fmt.Fprintf(t.w, "%-16s  ", cell(org))
	}
	_, err := fmt.Fprintf(t.w, "%-20s  %-8s  %-15s  %-12s  %s\n", cell(actor), cell(outcome), cell(ip), cell(project), cell(message))
	return err
}

// cell is a text as a cell: one that is empty shows as a dash, so that columns can be told apart.
func cell(s string) string {
	if s == "" {
		return "-"
	}
	return safe(s)
}

func actorName(a *activitylog.Actor) string {
	for _, s := range []string{a.Name, a.Email, a.ID} {
		if s != "" {
			return s
		}
	}
	return string(a.Type)
}

func message(e *activitylog.Event) string {
	switch {
	case e.Message == "":
		return e.Action
	case strings.Contains(e.Message, e.Action):
		return e.Message
	}
	return e.Message + " (" + e.Action + ")"
}
