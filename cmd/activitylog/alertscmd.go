package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"io"

	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
)

func alertsCommand() command {
	return command{
		name: "alerts", args: "--db DB --org ORG [flags]",
		about: `lists what an admin should look at

It reads the events of an organization up to --at and judges them: failing sign-ins, spikes, odd hours, cost, new models,
errors and more; docs/alerts.md describes the rules. Nothing is written. What is found again and again is one finding that
says how often. It is acknowledged, snoozed or resolved as people decided up to --at, else open, or resolved after a day
without more, a week where the rule compares with what is usual. Thresholds are those that were set in the log.

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
		return a.writeFindings(s.out, found)
	}
	t := newAlertTable(s.out, a.zone)
	for _, f := range mostSevereFirst(found) {
		t.write(&f, string(a.stateOf(&f)))
	}
	t.end(found, events, a.db, a.org)
	return t.w.Flush()
}

// stateOf tells how a finding stands at the end: as somebody decided in the log, or else open, and resolved once its rule
// was quiet.
func (a *alertList) stateOf(f *alerts.Finding) monitor.Status {
	for _, alert := range a.alerts {
		same := alert.Fingerprint == f.Fingerprint && f.Window.From.Before(alert.LastSeen) && !f.LastSeen.Before(alert.Window.From)
		switch {
		case !same || alert.Status == monitor.Open:
		case alert.Status == monitor.Snoozed && !a.until.Before(alert.Until):
		default:
			return alert.Status
		}
	}
	if a.until.Sub(f.LastSeen) >= alerts.Quiet(f.Rule) {
		return monitor.Resolved
	}
	return monitor.Open
}

// writeFindings writes one array of objects.
func (a *alertList) writeFindings(w io.Writer, found []alerts.Finding) error {
	b := bufio.NewWriter(w)
	before := "[\n"
	for _, f := range found {
		object, err := findingJSON(f, a.stateOf(&f))
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
func findingJSON(f alerts.Finding, state monitor.Status) ([]byte, error) {
	object, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	object = append(object[:len(object)-1], `,"state":"`...)
	return append(append(object, state...), `"}`...), nil
}
