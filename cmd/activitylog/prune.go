package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/activitylog/activitylog/retention"
)

func pruneCommand() command {
	return command{
		name: "prune", args: "--db DB --org ORG [flags]",
		about: `removes the events that the retention rules of the log let go

What the rules say, what holds keep and that it was purged stands in the log itself. Writers go on meanwhile. It may be
stopped at any moment; the next run goes on. With --dry-run it only says exactly what would go. With --archive everything
is first written to files in a folder, which --db DIR of query and export reads.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var p prune
			p.scope.flags(fs)
			fs.BoolVar(&p.dry, "dry-run", false, "only say what would go")
			fs.StringVar(&p.o.Archive, "archive", "", "write what goes to files in this `folder` first")
			fs.BoolVar(&p.leaves, "leaves", false, "also let go of the sealed evidence at the beginning of which all events are gone; the rest stays proved")
			fs.IntVar(&p.o.Batch, "batch", 500, "at most `N` events in one transaction")
			fs.Float64Var(&p.o.Load, "load", 0.2, "the `share` of the time in which it works rather than waits, up to 1")
			fs.DurationVar(&p.o.Time, "time", 10*time.Minute, "stop after this `duration`")
			return p.run
		},
	}
}

type prune struct {
	scope  scope
	dry    bool
	leaves bool
	o      retention.PurgeOptions
}

func (p *prune) run(ctx context.Context, s streams, args []string) (err error) {
	if len(args) > 0 {
		return usage("prune takes flags only, since the rules of the log say what goes; activitylog rules shows them")
	}
	if p.leaves && (p.dry || p.scope.all) {
		return usage("--leaves goes with --org, and not with --dry-run")
	}
	db, keeper, ctx, err := p.scope.keeper(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	if p.dry {
		plan, err := keeper.Plan(ctx, p.scope.org)
		if err != nil {
			return err
		}
		return showPlan(s.out, plan)
	}
	shown := newProgress(s.err, "events removed")
	defer shown.done()
	p.o.Progress = func(at retention.Progress) { shown.add(at.Deleted - shown.n) }
	report, err := keeper.Purge(ctx, p.scope.org, &p.o)
	shown.done()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "removed %s of %s\n", grouped(report.Deleted), plural(report.Planned, "event"))
	for _, file := range report.Files {
		fmt.Fprintf(s.out, "they are in %s\n", safe(file))
	}
	if report.More {
		return errors.New("the time was over before all was removed; run it again, or with a longer --time")
	}
	return p.pruneLeaves(ctx, s, db)
}

// pruneLeaves lets go of the evidence of what is gone, if it was asked for.
func (p *prune) pruneLeaves(ctx context.Context, s streams, db *database) error {
	switch {
	case !p.leaves:
		return nil
	case db.sealer == nil:
		return errors.New("the log has no keys and no evidence that could go")
	}
	minimum, err := db.sealer.Prune(ctx, p.scope.org)
	if err == nil {
		_, err = fmt.Fprintf(s.out, "the evidence of the first %s is gone\n", plural(minimum, "event"))
	}
	return err
}

func showPlan(w io.Writer, plan retention.Plan) error {
	if len(plan.Parts) > 0 {
		fmt.Fprintf(w, "%-20s  %-12s  %12s  %-10s  %-10s\n", "ORG", "CATEGORY", "EVENTS", "FROM", "TO")
	}
	for _, p := range plan.Parts {
		fmt.Fprintf(w, "%-20s  %-12s  %12s  %-10s  %-10s\n", cell(p.Org), cell(p.Category), grouped(p.Events),
			p.Oldest.Format(time.DateOnly), p.Newest.Format(time.DateOnly))
	}
	_, err := fmt.Fprintf(w, "%s would go, %s are held\n", plural(plan.Events, "event"), grouped(plan.Held))
	return err
}

// keeper opens the log for decisions of whoever runs the command.
func (s *scope) keeper(ctx context.Context) (*database, *retention.Keeper, context.Context, error) {
	if err := s.check(); err != nil {
		return nil, nil, nil, err
	}
	ctx, err := asCommand(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	d, err := openDatabase(ctx, s.db, s.key, false)
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := retention.New(d.Log, d.events, nil)
	if err != nil {
		return nil, nil, nil, errors.Join(err, d.close())
	}
	return d, k, ctx, nil
}
