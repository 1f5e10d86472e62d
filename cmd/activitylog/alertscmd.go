package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"io"
	"time"

	"github.com/activitylog/activitylog/alerts"
)

func alertsCommand() command {
	return command{
		name: "alerts", args: "--db DB --org ORG [flags]",
		about: `lists what an admin should look at

It reads the events of an organization up to --at and judges them: failing sign-ins, spikes, odd hours, cost, new models,
errors and more; docs/alerts.md describes the rules. Nothing is written. What is found again and again is one finding that
says how often. It is open as of --at, or resolved after a day without more, a week where the rule compares with what is
usual.

The table begins with the most severe, and among those with the newest. Below each finding stands the filter that means
its events, ready for activitylog query. The JSON is one array, oldest first; [] says that nothing was found.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var a alertList
			a.flags(fs)
			fs.Func("at", "judge as of this `time`: what happened later does not count (default now)", timeFlag(&a.until))
			fs.StringVar(&a.format, "format", "table", "`table` or json")
			return a.run
		},
	}
}

type alertList struct {
	judging
	format string
}

func (a *alertList) run(ctx context.Context, s streams, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "backtest":
		return usage("write activitylog alerts backtest before the flags")
	case len(args) > 0:
		return usage("alerts takes flags only, not %s; --rule and --severity choose findings", safe(args[0]))
	case a.format != "table" && a.format != "json":
		return usage("--format %s; write table or json", a.format)
	}
	if err := a.prepare(); err != nil {
		return err
	}
	figures, events, err := a.read(ctx, s)
	if err != nil {
		return err
	}
	found := a.episodes(figures, a.changed)
	if a.format == "json" {
		return writeFindings(s.out, found, a.until)
	}
	t := newAlertTable(s.out, a.zone)
	for _, f := range mostSevereFirst(found) {
		t.write(&f, stateOf(&f, a.until))
	}
	t.end(found, events, a.db, a.org)
	return t.w.Flush()
}

// stateOf tells how a finding stands at a moment: open, or resolved once its rule was quiet.
func stateOf(f *alerts.Finding, at time.Time) string {
	if at.Sub(f.LastSeen) >= alerts.Quiet(f.Rule) {
		return "resolved"
	}
	return "open"
}

// writeFindings writes one array of objects.
func writeFindings(w io.Writer, found []alerts.Finding, at time.Time) error {
	b := bufio.NewWriter(w)
	before := "[\n"
	for _, f := range found {
		object, err := findingJSON(f, at)
		if err != nil {
			return err
		}
		b.WriteString(before)
		b.Write(object)
		before = ",\n"
	}
	if len(found) == 0 {
		b.WriteString("[")
	} else {
		b.WriteString("\n")
	}
	b.WriteString("]\n")
	return b.Flush()
}

// findingJSON is a finding as JSON, with how it stands.
func findingJSON(f alerts.Finding, at time.Time) ([]byte, error) {
	object, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	object = append(object[:len(object)-1], `,"state":"`...)
	return append(append(object, stateOf(&f, at)...), `"}`...), nil
}
