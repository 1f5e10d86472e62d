package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
)

func importCommand() command {
	return command{
		name: "import", args: "--db DB --org ORG [flags] FILE…",
		about: `reads events from files of JSON lines; - is the standard input

It makes the database if there is none. A file is checked as a whole before anything of it is stored: if one line is bad
nothing is imported, unless --skip-bad leaves bad lines out. Importing again adds nothing: the id of an event is derived
from the organization, the bytes of its line and how often that line came before in the file, so that equal lines are
different events and the name of the file does not matter. All events are marked as written after the fact.

Lines are either what export --format ndjson writes, which keep their ids and must belong to --org, or objects with

  time        RFC 3339, "2006-01-02 15:04:05" in UTC, or seconds or milliseconds since 1970
  actor       "alice", "service:NAME", "agent:NAME" …; "ip:ADDRESS" and none are anonymous
  tz_offset_min  minutes by which the actor's clock was ahead of UTC; 345 makes the zone +05:45
  action      such as "auth.login"; a known action brings its category, else "category" counts
  outcome     success, failure, denied or unknown; none means success
  ip user_agent target project reason error message severity session_id request_id
  model provider tokens_in tokens_out cost currency
  org         with --all-orgs, else kept as metadata

Other fields become metadata, except those that give away what a detector should find: label, incident, technique, rule
and the like are never stored. Rows with "count" or "value" are refused: they are sums, not events.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var i importer
			fs.StringVar(&i.db, "db", "", dbUsage)
			keyFlag(fs, &i.key)
			fs.StringVar(&i.conv.org, "org", "", "the `organization` that the events belong to")
			fs.BoolVar(&i.conv.ownOrgs, "all-orgs", false, "lines that name an organization belong to it, others to --org")
			fs.BoolVar(&i.skipBad, "skip-bad", false, "leave bad lines out instead of importing nothing")
			fs.Func("time", "the `time` of lines that have none", func(s string) (err error) {
				i.conv.time, err = parseTime(s)
				return err
			})
			fs.StringVar(&i.conv.action, "action", "", "the `action` of lines that have none")
			return i.run
		},
	}
}

type importer struct {
	db, key string
	skipBad bool
	conv    converter
}

func (i *importer) run(ctx context.Context, s streams, args []string) (err error) {
	switch {
	case i.conv.org == "" && !i.conv.ownOrgs:
		return usage("say whose events: --org NAME, or --all-orgs if the lines say it")
	case len(args) == 0:
		return usage("say which files: activitylog import --db DB --org ORG FILE…; - is the standard input")
	case i.db == "":
		_, err := openStore(ctx, "", false)
		return err
	}
	i.conv.catalog = activitylog.DefaultCatalog()
	inputs, err := openInputs(args, s.in)
	defer func() {
		for _, in := range inputs {
			in.close()
		}
	}()
	if err != nil {
		return err
	}
	good, bad, err := i.check(ctx, s, inputs)
	if err != nil {
		return err
	}
	if bad > 0 && !i.skipBad {
		if good == 0 {
			return fmt.Errorf("nothing was imported: all %s are bad", plural(bad, "line"))
		}
		return fmt.Errorf("nothing was imported: %s of %s are bad; --skip-bad imports the others", grouped(bad), plural(bad+good, "line"))
	}
	db, err := openDatabase(ctx, i.db, i.key, true)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	w := batches{log: db.Log, skipBad: i.skipBad, bad: bad, report: newReport(s.err), shown: newProgress(s.err, fmt.Sprintf("of %s events", grouped(good)))}
	defer w.shown.done()
	if err := i.store(ctx, inputs, &w); err != nil {
		return fmt.Errorf("stopped after %s: %w", plural(w.imported+w.there, "event"), err)
	}
	w.shown.done()
	_, err = fmt.Fprintf(s.out, "imported %s, %s already there, %s skipped\n", plural(w.imported, "event"),
		wereThere(w.there), plural(w.bad, "bad line"))
	return err
}

func wereThere(n int64) string {
	if n == 1 {
		return "1 was"
	}
	return grouped(n) + " were"
}

// check reads everything once and reports what is bad.
func (i *importer) check(ctx context.Context, s streams, inputs []*input) (good, bad int64, err error) {
	shown, report := newProgress(s.err, "lines checked"), newReport(s.err)
	defer shown.done()
	for _, err := range i.events(ctx, inputs) {
		var wrong *lineError
		switch {
		case errors.As(err, &wrong):
			bad++
			report.add(wrong)
		case err != nil:
			return 0, 0, err
		default:
			good++
		}
		shown.add(1)
	}
	shown.done()
	report.rest()
	return good, bad, nil
}

// store reads everything again and records it. What is bad was reported by check.
func (i *importer) store(ctx context.Context, inputs []*input, w *batches) error {
	for e, err := range i.events(ctx, inputs) {
		var wrong *lineError
		if errors.As(err, &wrong) && w.skipBad {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.add(ctx, e); err != nil {
			return err
		}
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	w.report.rest()
	return nil
}

// nowhere is a store that keeps nothing.
type nowhere struct{ activitylog.Store }

func (nowhere) Append(context.Context, []activitylog.Event) error { return nil }

// parseTime reads the times that a line may have, and those of --time.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if micros, _, err := parseMicros(s); err == nil && micros >= 0 {
		if micros > 100_000_000_000*1_000_000 { // later than the year 5000, as seconds
			micros /= 1000
		}
		return time.UnixMicro(micros).UTC(), nil
	}
	return time.Time{}, errors.New("write a time as RFC 3339, such as 2006-01-02T15:04:05Z")
}
