package main

import (
	"context"
	"flag"
	"io"
	"slices"

	"github.com/activitylog/activitylog"
)

func tailCommand() command {
	return command{
		name: "tail", args: "--db DB --org ORG [flags] [FILTER]",
		about: `shows the last events and follows the log

Events that other processes record appear within half a second, in the order in which they were committed.

` + recordedAbout + filterAbout,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var t tail
			t.scope.flags(fs)
			fs.StringVar(&t.format, "format", "table", "`table` or ndjson")
			fs.IntVar(&t.n, "n", 10, "begin with the last `N` events")
			fs.BoolVar(&t.follow, "follow", true, "wait for more events; --follow=false does not")
			return t.run
		},
	}
}

type tail struct {
	scope  scope
	format string
	n      int
	follow bool
}

func (t *tail) run(ctx context.Context, s streams, args []string) (err error) {
	f, err := filter(args)
	if err != nil {
		return err
	}
	if t.n < 0 {
		return usage("-n %d; write 0 or more", t.n)
	}
	if t.format != "table" && t.format != "ndjson" {
		return usage("--format %s; write table or ndjson, since a tail has no end", t.format)
	}
	db, reader, err := t.scope.open(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	var end activitylog.Position
	if t.follow {
		// Before reading the last events, so that none falls between; those that are seen twice are shown once.
		if _, end, err = db.Tail(ctx, activitylog.End, 1); err != nil {
			return err
		}
	}
	last, err := t.last(ctx, reader, f)
	if err != nil {
		return err
	}
	show := t.writer(s.out)
	shown := map[activitylog.Key]bool{}
	for i := range last {
		shown[activitylog.KeyOf(&last[i])] = true
		if err := show(&last[i]); err != nil {
			return err
		}
	}
	if !t.follow {
		return nil
	}
	for e, err := range reader.Watch(ctx, end, f) {
		if err != nil && ctx.Err() != nil {
			return nil // the person had enough
		}
		if err != nil {
			return err
		}
		if shown[activitylog.KeyOf(&e.Event)] {
			continue
		}
		if err := show(&e.Event); err != nil {
			return err
		}
	}
	return nil
}

// writer returns what writes one event at once.
func (t *tail) writer(w io.Writer) func(*activitylog.Event) error {
	if t.format == "ndjson" {
		var b []byte
		return func(e *activitylog.Event) error {
			b = append(e.AppendJSON(b[:0]), '\n')
			_, err := w.Write(b)
			return err
		}
	}
	lines := newTable(w, t.scope.all)
	return func(e *activitylog.Event) error {
		if err := lines.Write(e); err != nil {
			return err
		}
		return lines.Close()
	}
}

func (t *tail) last(ctx context.Context, r reader, f activitylog.Filter) ([]activitylog.Event, error) {
	var list []activitylog.Event
	if t.n == 0 {
		return nil, nil
	}
	for e, err := range r.Events(ctx, activitylog.Query{Filter: f, Limit: t.n}) {
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	slices.Reverse(list)
	return list, nil
}
