package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"io"
)

func backtestCommand() command {
	return command{
		name: "alerts backtest", args: "--db DB --org ORG [flags]",
		about: `tells how often alerts would have been raised, and what other thresholds would change

It judges the time from --from to --to with the defaults, and again with what --set says. It shows how many findings a
week each rule has, on whom, and which findings the changed thresholds would silence, add, or tell with another severity.
Nothing is written.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var b backtest
			b.flags(fs)
			fs.Func("to", "the `time` up to which is judged (default now)", timeFlag(&b.until))
			fs.StringVar(&b.format, "format", "table", "`table` or json (one object)")
			return b.run
		},
	}
}

type backtest struct {
	judging
	format string
	out    io.Writer
}

func (b *backtest) run(ctx context.Context, s streams, args []string) error {
	switch {
	case len(args) > 0:
		return usage("alerts backtest takes flags only, not %s", safe(args[0]))
	case b.format != "table" && b.format != "json":
		return usage("--format %s; write table or json", b.format)
	}
	if err := b.prepare(); err != nil {
		return err
	}
	figures, _, err := b.read(ctx, s)
	if err != nil {
		return err
	}
	r := compared(b.episodes(figures, b.usual), b.episodes(figures, b.changed))
	r.From, r.To, r.Set = later(b.from, b.first), b.until, append([]string{}, b.set...)
	r.perWeek()
	if b.format == "json" {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	b.out = s.out
	w := bufio.NewWriter(s.out)
	r.table(w, b)
	return w.Flush()
}
