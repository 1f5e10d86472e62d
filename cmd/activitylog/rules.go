package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/activitylog/activitylog/retention"
)

func rulesCommand() command {
	return command{
		name: "rules", args: "show|set|presets --db DB --org ORG [flags] [FILE]",
		about: `shows and sets the retention rules, by which prune goes

  rules show                       the rules as JSON
  rules set --reason TEXT FILE     replaces them by those of a file; - is the standard input
  rules presets                    the legal minima that are built in, with their sources

With --all-orgs they are those of the platform, which count in every organization. The JSON is a list of

  {"name":"usage","filter":"retention:usage","min_days":0,"max_days":90,"note":"why"}

An event goes when one rule with a maximum means it and every rule that means it lets it go.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var r rules
			r.scope.flags(fs)
			fs.StringVar(&r.reason, "reason", "", "set: the `text` that the log keeps")
			return r.run
		},
	}
}

type rules struct {
	scope  scope
	reason string
}

func (r *rules) run(ctx context.Context, s streams, args []string) (err error) {
	var list []retention.Rule
	switch {
	case len(args) == 1 && args[0] == "presets":
		return presets(s.out)
	case len(args) == 1 && args[0] == "show":
	case len(args) == 2 && args[0] == "set" && r.reason == "":
		return usage("say why: --reason TEXT; the log keeps it")
	case len(args) == 2 && args[0] == "set":
		if list, err = readRules(args[1], s.in); err != nil {
			return err
		}
	default:
		return usage("say what to do: activitylog rules show, set FILE or presets")
	}
	db, keeper, ctx, err := r.scope.keeper(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	if args[0] == "set" {
		return keeper.SetRules(ctx, r.scope.org, list, r.reason)
	}
	if list, err = keeper.Rules(ctx, r.scope.org); err != nil {
		return err
	}
	if list == nil {
		list = []retention.Rule{}
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(s.out, "%s\n", safeLines(string(b)))
	}
	return err
}

func readRules(name string, stdin io.Reader) (list []retention.Rule, err error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	d := json.NewDecoder(io.LimitReader(in, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s is no list of rules: %w", safe(name), err)
	}
	return list, nil
}

func presets(w io.Writer) error {
	for _, p := range retention.Presets() {
		b, err := json.Marshal(p.Rules)
		if err == nil {
			_, err = fmt.Fprintf(w, "%s: %s\n  %s\n  %s\n", p.Name, p.About, p.Source, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
