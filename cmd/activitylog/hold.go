package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog/retention"
)

func holdCommand() command {
	return command{
		name: "hold", args: "set|list|lift --db DB --org ORG [flags] [FILTER|ID]",
		about: `keeps events whatever the retention rules say

  hold set  --reason TEXT [--id ID] FILTER   keeps what the filter means, also what is yet to come
  hold list                                  shows the active holds
  hold lift --reason TEXT ID                 ends one

With --all-orgs a hold is over all organizations.

` + filterAbout,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var h hold
			h.scope.flags(fs)
			fs.StringVar(&h.reason, "reason", "", "set, lift: the `text` that the log keeps, such as the number of the case")
			fs.StringVar(&h.id, "id", "", "set: the `name` of the hold; without one it gets an id")
			return h.run
		},
	}
}

type hold struct {
	scope      scope
	reason, id string
}

func (h *hold) run(ctx context.Context, s streams, args []string) (err error) {
	const want = "say what to do: activitylog hold set, list or lift"
	if len(args) == 0 || !slices.Contains([]string{"set", "list", "lift"}, args[0]) {
		return usage(want)
	}
	do, rest := args[0], args[1:]
	f, err := filter(rest)
	switch {
	case do != "list" && h.reason == "":
		return usage("say why: --reason TEXT; the log keeps it")
	case do == "set" && err != nil:
		return err
	case do == "set" && strings.TrimSpace(f.String()) == "":
		return usage("say which events: activitylog hold set FILTER; since:1700-01-01 means all")
	case do == "list" && len(rest) > 0:
		return usage("hold list takes flags only")
	case do == "lift" && len(rest) != 1:
		return usage("say which hold: activitylog hold lift ID; activitylog hold list shows them")
	}
	db, keeper, ctx, err := h.scope.keeper(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	switch do {
	case "set":
		set, err := keeper.SetHold(ctx, retention.Hold{ID: h.id, Org: h.scope.org, Filter: f, Reason: h.reason})
		if err == nil {
			_, err = fmt.Fprintf(s.out, "set hold %s\n", safe(set.ID))
		}
		return err
	case "lift":
		if err := keeper.LiftHold(ctx, h.scope.org, rest[0], h.reason); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "lifted hold %s\n", safe(rest[0]))
		return err
	}
	holds, err := keeper.Holds(ctx, h.scope.org)
	if err != nil {
		return err
	}
	for _, x := range holds {
		_, err = fmt.Fprintf(s.out, "%s  since %s by %s  {%s}  %s\n", safe(x.ID), x.At.Format(time.RFC3339), safe(actorName(&x.By)), safe(x.Filter.String()), safe(x.Reason))
		if err != nil {
			return err
		}
	}
	return nil
}
