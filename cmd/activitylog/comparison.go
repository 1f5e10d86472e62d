package main

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
)

// comparison is what two configurations find in the same time.
type comparison struct {
	From     time.Time        `json:"from"`
	To       time.Time        `json:"to"`
	Weeks    float64          `json:"weeks"`
	Set      []string         `json:"set"`
	Rules    []frequency      `json:"rules"`
	Subjects []frequency      `json:"subjects"` // on whom there are most, at most 20
	Silenced []alerts.Finding `json:"silenced"`
	Added    []alerts.Finding `json:"added"`
	Changed  []regraded       `json:"changed"`
}

// frequency is how often something is found before and after a change.
type frequency struct {
	Name          string  `json:"name"`
	Before        int     `json:"before"`
	After         int     `json:"after"`
	BeforePerWeek float64 `json:"before_per_week"`
	AfterPerWeek  float64 `json:"after_per_week"`
}

// regraded is a finding whose severity differs.
type regraded struct {
	Before  activitylog.Severity `json:"before"`
	Finding alerts.Finding       `json:"finding"`
}

// compared pairs the findings of two configurations. The same trouble at overlapping times is the same finding.
func compared(before, after []alerts.Finding) *comparison {
	c := &comparison{Silenced: []alerts.Finding{}, Added: []alerts.Finding{}, Changed: []regraded{}}
	byPrint := map[string][]alerts.Finding{}
	for _, f := range before {
		byPrint[f.Fingerprint] = append(byPrint[f.Fingerprint], f)
	}
	kept := map[string][]alerts.Finding{}
	for _, f := range after {
		kept[f.Fingerprint] = append(kept[f.Fingerprint], f)
		i := slices.IndexFunc(byPrint[f.Fingerprint], func(b alerts.Finding) bool { return overlap(&b, &f) })
		if i < 0 {
			c.Added = append(c.Added, f)
		} else if b := byPrint[f.Fingerprint][i]; b.Severity != f.Severity {
			c.Changed = append(c.Changed, regraded{b.Severity, f})
		}
	}
	for _, f := range before {
		if !slices.ContainsFunc(kept[f.Fingerprint], func(a alerts.Finding) bool { return overlap(&a, &f) }) {
			c.Silenced = append(c.Silenced, f)
		}
	}
	c.Rules = frequencies(before, after, func(f *alerts.Finding) string { return f.Rule })
	c.Subjects = frequencies(before, after, func(f *alerts.Finding) string { return f.Subject.Type + " " + f.Subject.ID })
	c.Subjects = c.Subjects[:min(20, len(c.Subjects))]
	return c
}

// overlap compares from the window that is told to the end of the last that it stands for.
func overlap(a, b *alerts.Finding) bool {
	return a.Window.From.Before(b.LastSeen) && b.Window.From.Before(a.LastSeen)
}

// frequencies counts by name, the most frequent first.
func frequencies(before, after []alerts.Finding, name func(*alerts.Finding) string) []frequency {
	byName := map[string]frequency{}
	for i := range before {
		n := name(&before[i])
		f := byName[n]
		f.Name, f.Before = n, f.Before+1
		byName[n] = f
	}
	for i := range after {
		n := name(&after[i])
		f := byName[n]
		f.Name, f.After = n, f.After+1
		byName[n] = f
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b frequency) int {
		return cmp.Or(max(b.Before, b.After)-max(a.Before, a.After), strings.Compare(a.Name, b.Name))
	})
}

// perWeek completes the figures once From and To are known. Less than a week counts as one.
func (c *comparison) perWeek() {
	c.Weeks = max(1, c.To.Sub(c.From).Hours()/(7*24))
	for _, list := range [][]frequency{c.Rules, c.Subjects} {
		for i := range list {
			list[i].BeforePerWeek, list[i].AfterPerWeek = float64(list[i].Before)/c.Weeks, float64(list[i].After)/c.Weeks
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// table writes the comparison for people. Without a change there is only one column of figures.
func (c *comparison) table(w *bufio.Writer, b *backtest) {
	date := func(t time.Time) string { return t.In(b.zone).Format(time.DateOnly) }
	fmt.Fprintf(w, "%.1f weeks from %s to %s", c.Weeks, date(c.From), date(c.To))
	if len(c.Set) > 0 {
		fmt.Fprintf(w, ", by default and with %s", safe(strings.Join(c.Set, ", ")))
	}
	total := frequency{Name: "all"}
	for _, r := range c.Rules {
		total.Before, total.After = total.Before+r.Before, total.After+r.After
	}
	total.BeforePerWeek, total.AfterPerWeek = float64(total.Before)/c.Weeks, float64(total.After)/c.Weeks
	for _, part := range []struct {
		head string
		list []frequency
	}{{"RULE", append(slices.Clone(c.Rules), total)}, {"ON WHOM", c.Subjects}} {
		fmt.Fprintf(w, "\n\n%-40s  %8s  %8s", part.head, "FINDINGS", "PER WEEK")
		if len(c.Set) > 0 {
			fmt.Fprintf(w, "  %8s  %8s", "CHANGED", "PER WEEK")
		}
		for _, f := range part.list {
			fmt.Fprintf(w, "\n%-40s  %8s  %8.1f", cell(f.Name), grouped(int64(f.Before)), f.BeforePerWeek)
			if len(c.Set) > 0 {
				fmt.Fprintf(w, "  %8s  %8.1f", grouped(int64(f.After)), f.AfterPerWeek)
			}
		}
	}
	fmt.Fprintln(w)
	if len(c.Set) == 0 {
		return
	}
	width := columns(b.out) - 12
	show := func(mark string, f *alerts.Finding, severity string) {
		fmt.Fprintf(w, "%s  %-17s  %s  %s  %s\n", mark, severity, date(f.Window.From), cell(f.Rule+"/"+f.Kind), cell(f.Subject.ID))
		for _, line := range wrapped(safe(f.Explanation), width) {
			fmt.Fprintf(w, "            %s\n", line)
		}
	}
	fmt.Fprintf(w, "\n%s silenced, %s added, %s of another severity\n", plural(int64(len(c.Silenced)), "finding"), grouped(int64(len(c.Added))), grouped(int64(len(c.Changed))))
	for _, f := range mostSevereFirst(c.Silenced) {
		show("silenced", &f, string(f.Severity))
	}
	for _, f := range mostSevereFirst(c.Added) {
		show("added   ", &f, string(f.Severity))
	}
	for _, x := range c.Changed {
		show("changed ", &x.Finding, string(x.Before)+" → "+string(x.Finding.Severity))
	}
}
