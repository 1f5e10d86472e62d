package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/alerts"
	"github.com/activitylog/activitylog/alerts/monitor"
	"github.com/activitylog/activitylog/internal/spelling"
)

// judging is what is judged, how, and which findings are wanted.
type judging struct {
	db, org, zoneName string
	least, ruleNames  string
	from, until       time.Time // until is inclusive
	set               []string  // thresholds, as NAME=VALUE

	zone     *time.Location
	rules    []string      // empty: all
	usual    alerts.Config // what the log says, or the defaults
	changed  alerts.Config // with --set
	severity int

	first  time.Time       // of the events that were read
	alerts []monitor.Alert // as monitors and people left them
}

func (j *judging) flags(fs *flag.FlagSet) {
	fs.StringVar(&j.db, "db", "", dbUsage)
	fs.StringVar(&j.org, "org", "", "the events of this `organization`")
	fs.Func("from", "leave out what began before this `time` (default the first event)", timeFlag(&j.from))
	fs.StringVar(&j.zoneName, "zone", "UTC", "the `zone` in which days begin and times are shown, such as Europe/Berlin or +05:45")
	fs.StringVar(&j.least, "severity", "info", "this `severity` and above: info, low, medium, high, critical")
	fs.StringVar(&j.ruleNames, "rule", "", "only these `rules`, separated by commas; a wrong name lists them")
	fs.Func("set", "judge with another threshold: `NAME=VALUE`, such as volume.record=2; may be given more than once, a wrong name lists all", func(s string) error {
		j.set = append(j.set, s)
		return nil
	})
}

func timeFlag(t *time.Time) func(string) error {
	return func(s string) (err error) {
		*t, err = parseTime(s)
		return err
	}
}

// severities in their order.
var severities = []string{"info", "low", "medium", "high", "critical"}

// prepare finds what is wrong with the flags before anything is opened.
func (j *judging) prepare() (err error) {
	if j.org == "" {
		return usage("say whose events: --org NAME")
	}
	if j.until.IsZero() {
		j.until = time.Now()
	}
	if j.until.Before(j.from) {
		return usage("--from lies behind the end, %s", j.until.Format(time.RFC3339))
	}
	if j.severity = slices.Index(severities, j.least); j.severity < 0 {
		return usage("--severity %s; write one of %s", safe(j.least), strings.Join(severities, ", "))
	}
	if j.ruleNames != "" {
		j.rules = strings.Split(j.ruleNames, ",")
	}
	for _, r := range j.rules {
		if !slices.Contains(alerts.Rules(), r) {
			return usage("--rule: there is no rule %s; %s", safe(r), instead(r, alerts.Rules()))
		}
	}
	if j.zone, err = parseZone(j.zoneName); err != nil {
		return err
	}
	return j.configure(alerts.Config{Org: j.org, Zone: j.zone})
}

// configure takes how the organization is judged, and applies --set to it.
func (j *judging) configure(usual alerts.Config) error {
	j.usual, j.changed = usual, usual
	for _, s := range j.set {
		if err := setThreshold(&j.changed, s); err != nil {
			return err
		}
	}
	return nil
}

// decided reads what people decided about alerts in the log itself: how the organization is judged, and how its alerts
// stand.
func (j *judging) decided(ctx context.Context, reader activitylog.Reader) error {
	usual, err := monitor.ConfigOf(ctx, reader, j.usual, j.end())
	if err != nil {
		return err
	}
	if j.alerts, err = monitor.Alerts(ctx, reader, j.end()); err != nil {
		return err
	}
	return j.configure(usual)
}

// parseZone finds a zone by its name or as an offset. "Local" would be another one on each machine.
func parseZone(name string) (*time.Location, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(name, offset), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, usage("--zone %s; write a name such as Europe/Berlin, or an offset such as +05:45", safe(name))
	}
	return zone, nil
}

// read opens the log without changing it and sums up its events up to the end. It holds one event at a time.
func (j *judging) read(ctx context.Context, s streams) (figures *alerts.Figures, events int64, err error) {
	db, err := readDatabase(ctx, j.db)
	if err != nil {
		return nil, 0, err
	}
	defer db.closeInto(&err)
	if err := j.decided(ctx, db.Org(j.org)); err != nil {
		return nil, 0, err
	}
	shown := newProgress(s.err, "events read")
	defer shown.done()
	figures = new(alerts.Figures)
	upTo := activitylog.Query{Filter: activitylog.Before(j.end()), Order: activitylog.Oldest}
	for e, err := range counted(db.Org(j.org).Events(ctx, upTo), shown) {
		if err != nil {
			return nil, 0, err
		}
		if j.first.IsZero() {
			j.first = e.Time
		}
		figures.Add(&e)
	}
	return figures, shown.n, nil
}

// end is the first moment that does not count any more. Times in a log are whole microseconds.
func (j *judging) end() time.Time { return j.until.Truncate(time.Microsecond).Add(time.Microsecond) }

// episodes are the wanted findings under a configuration.
func (j *judging) episodes(f *alerts.Figures, c alerts.Config) []alerts.Finding {
	return slices.DeleteFunc(alerts.Episodes(alerts.Judge(f, j.from, j.end(), c)), func(f alerts.Finding) bool {
		return slices.Index(severities, string(f.Severity)) < j.severity || len(j.rules) > 0 && !slices.Contains(j.rules, f.Rule)
	})
}

// mostSevereFirst orders findings as an admin reads them: by severity, then the newest.
func mostSevereFirst(found []alerts.Finding) []alerts.Finding {
	list := slices.Clone(found)
	slices.SortStableFunc(list, func(a, b alerts.Finding) int {
		if x, y := slices.Index(severities, string(a.Severity)), slices.Index(severities, string(b.Severity)); x != y {
			return y - x
		}
		return b.Window.From.Compare(a.Window.From)
	})
	return list
}

// instead suggests the name that is nearest to one that does not exist; where none is near it lists all.
func instead(name string, names []string) string {
	if near := spelling.Nearest(name, 3, names); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "write one of " + strings.Join(names, ", ")
}
