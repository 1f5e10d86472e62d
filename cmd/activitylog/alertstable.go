package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

// alertTable writes findings for people: one line of what and when, the explanation, and how to see the events.
type alertTable struct {
	w     *bufio.Writer
	zone  *time.Location
	width int
	some  bool
}

func newAlertTable(w io.Writer, zone *time.Location) *alertTable {
	return &alertTable{w: bufio.NewWriter(w), zone: zone, width: columns(w)}
}

const alertIndent = "          "

func (t *alertTable) write(f *alerts.Finding, state string) {
	if !t.some {
		t.line("SEVERITY", "STATE", "WHEN ("+t.zone.String()+")", "RULE", "SUBJECT")
	}
	t.some = true
	subject := cell(f.Subject.ID)
	if f.Occurrences > 1 {
		subject += fmt.Sprintf("  %d times, the last until %s", f.Occurrences, t.clock(f.LastSeen))
	}
	t.line(string(f.Severity), state, t.clock(f.Window.From), cell(f.Rule+"/"+f.Kind), subject)
	for _, line := range wrapped(safe(f.Explanation), t.width-len(alertIndent)) {
		fmt.Fprintf(t.w, "%s%s\n", alertIndent, line)
	}
	fmt.Fprintf(t.w, "%s%s\n\n", alertIndent, shellQuoted(safe(f.Filter.String())))
}

func (t *alertTable) line(severity, state, when, rule, subject string) {
	fmt.Fprintf(t.w, "%-8s  %-12s  %-21s  %-38s  %s\n", severity, state, when, rule, subject)
}

func (t *alertTable) clock(at time.Time) string { return at.In(t.zone).Format("2006-01-02 15:04:05") }

// end says how many there were and how to go on.
func (t *alertTable) end(found []alerts.Finding, events int64, db, org string) {
	if len(found) == 0 {
		fmt.Fprintf(t.w, "nothing found in %s\n", plural(events, "event"))
		return
	}
	n := map[string]int{}
	for _, f := range found {
		n[string(f.Severity)]++
	}
	var parts []string
	for i := len(severities) - 1; i >= 0; i-- {
		if k := n[severities[i]]; k > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", k, severities[i]))
		}
	}
	fmt.Fprintf(t.w, "%s in %s: %s\n", plural(int64(len(found)), "finding"), plural(events, "event"), strings.Join(parts, ", "))
	fmt.Fprintf(t.w, "to see the events of one: activitylog query --db %s --org %s FILTER\n", shellQuoted(safe(shownDB(db))), shellQuoted(safe(org)))
}

// shownDB is the name of a database without a password.
func shownDB(db string) string {
	if strings.Contains(db, "://") {
		return "DB"
	}
	return db
}

// wrapped breaks a text at spaces into lines of at most so many characters; a longer word has a line for itself.
func wrapped(text string, width int) (lines []string) {
	line, n := "", 0
	for word := range strings.FieldsSeq(text) {
		k := len([]rune(word))
		if n > 0 && n+1+k > width {
			lines, line, n = append(lines, line), "", 0
		}
		if n > 0 {
			line, n = line+" ", n+1
		}
		line, n = line+word, n+k
	}
	return append(lines, line)
}
