package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/review"
)

func coverageCommand() command {
	return command{
		name: "coverage", args: "--db DB --org ORG [flags]",
		about: `says whether everything is recorded that must be

It compares the log with the built-in catalogue, in a window of days that ends now: actions that are required and were
never seen, actions that are not in the catalogue, and those that were seen regularly and have gone silent. It exits with
0 whatever it finds; with --fail it exits with 1 when something required was never seen.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var c coverage
			c.scope.flags(fs)
			fs.IntVar(&c.days, "days", 30, "the window: the last `N` days")
			fs.BoolVar(&c.fail, "fail", false, "exit with 1 when something required was never seen")
			fs.BoolVar(&c.markdown, "catalogue", false, "print the catalogue as Markdown instead")
			return c.run
		},
	}
}

type coverage struct {
	scope          scope
	days           int
	fail, markdown bool
}

func (c *coverage) run(ctx context.Context, s streams, args []string) (err error) {
	switch {
	case len(args) > 0:
		return usage("coverage takes flags only")
	case c.markdown:
		_, err := fmt.Fprint(s.out, review.Catalogue(activitylog.DefaultCatalog(), nil))
		return err
	case c.days < 1 || c.days > 36_500:
		return usage("--days %d; write 1 or more", c.days)
	}
	db, reader, err := c.scope.open(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	now := time.Now()
	found, err := review.Cover(ctx, reader, activitylog.DefaultCatalog(), review.Window{From: now.AddDate(0, 0, -c.days), To: now})
	if err != nil {
		return err
	}
	for _, i := range found.Items {
		last := "never"
		if !i.Last.IsZero() {
			last = i.Last.UTC().Format(time.DateOnly)
		}
		required := ""
		if i.Required {
			required = "required"
		}
		if _, err := fmt.Fprintf(s.out, "%-16s  %-14s  %-28s  %-8s  last %s\n", cell(i.Org), i.Finding, cell(i.Action), required, last); err != nil {
			return err
		}
	}
	missing := int64(len(found.Missing()))
	if _, err := fmt.Fprintf(s.out, "%s, %d of them required and never seen\n", plural(int64(len(found.Items)), "finding"), missing); err != nil {
		return err
	}
	if c.fail && missing > 0 {
		return fmt.Errorf("%s required and never seen", plural(missing, "action"))
	}
	return nil
}
