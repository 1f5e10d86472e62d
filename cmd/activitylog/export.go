package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

func exportCommand() command {
	return command{
		name: "export", args: "--db DB --org ORG [flags] [FILTER]",
		about: `writes all events that a filter means, oldest first

The same events give the same bytes, whatever database they are in. With --out the file appears only when it is whole;
it replaces one of that name and can be read by its owner alone. Without, the exit code says whether the output is whole.

Before the first byte the export is recorded in the log, as done by the user of the operating system; at its end, how much
was sent and its SHA-256. The output leaves that record out.

With --evidence the events come with what proves them: their places in the signed trees, the hashes of all entries around
them that the filter left out, checkpoints, and the steps to check it, which activitylog verify FOLDER does.

` + filterAbout,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var x exporter
			x.scope.flags(fs)
			x.format.flags(fs, "csv")
			fs.StringVar(&x.out, "out", "-", "write to this `file`; - is the standard output")
			fs.StringVar(&x.evidence, "evidence", "", "write a new `folder`, or archive if it ends in .zip, with the events and what proves them")
			fs.Func("known", "evidence: add the checkpoints in this `file`, which were kept elsewhere; may be repeated", func(path string) error {
				x.known = append(x.known, path)
				return nil
			})
			fs.StringVar(&x.order, "order", "oldest", "newest or `oldest` first")
			return x.run
		},
	}
}

type exporter struct {
	scope      scope
	format     format
	out, order string
	evidence   string
	known      []string
}

func (x *exporter) run(ctx context.Context, s streams, args []string) (err error) {
	f, err := filter(args)
	if err != nil {
		return err
	}
	ask := activitylog.Query{Filter: f}
	if ask.Order, err = order(x.order); err != nil {
		return err
	}
	if err := x.format.check(); err != nil {
		return err
	}
	switch {
	case x.evidence == "" && len(x.known) > 0:
		return usage("--known belongs to --evidence")
	case x.evidence != "" && x.out != "-":
		return usage("--evidence has the events in it; leave --out away")
	case x.evidence != "" && x.format.name != "csv" && x.format.name != "ndjson":
		return usage("--evidence goes with --format csv or ndjson")
	}
	db, reader, err := x.scope.open(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	shown := newProgress(s.err, "events")
	shown.on = shown.on && (x.out != "-" || !terminal(s.out))
	defer shown.done()
	if x.evidence != "" {
		return x.pack(ctx, s, db, reader, ask, shown)
	}
	write := func(out io.Writer) error {
		_, err := reader.Export(ctx, out, ask, func(out io.Writer, events iter.Seq2[activitylog.Event, error]) error {
			w, err := x.format.writer(out, x.scope.all)
			if err != nil {
				return err
			}
			if _, err := export.Copy(w, counted(events, shown)); err != nil {
				return err
			}
			return w.Close()
		})
		return err
	}
	if x.out == "-" {
		return write(s.out)
	}
	if err := writeFile(x.out, write); err != nil {
		return err
	}
	shown.done()
	fmt.Fprintf(s.err, "wrote %s to %s\n", plural(shown.n, "event"), safe(x.out))
	return nil
}

func counted(events iter.Seq2[activitylog.Event, error], p *progress) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		for e, err := range events {
			if !yield(e, err) {
				return
			}
			if err == nil {
				p.add(1)
			}
		}
	}
}

// writeFile makes the file only when write had no error: it writes beside it and renames. What is no regular file, such
// as a device or a pipe, is written as it is.
func writeFile(path string, write func(io.Writer) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			return usage("--out %s is a folder; write the name of a file", path)
		}
		if err == nil && !info.Mode().IsRegular() {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			if err := write(f); err != nil {
				f.Close()
				return err
			}
			return f.Close()
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
