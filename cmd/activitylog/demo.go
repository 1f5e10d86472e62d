package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/demo"
)

func demoCommand() command {
	return command{
		name: "demo", args: "[flags]",
		about: `makes a log of invented organizations and shows what to ask it

The log is a file of SQLite. A demo of the same seed that is younger than a day is kept, an older one is replaced; a file
that holds anything else is left alone.`,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var d demoLog
			fs.StringVar(&d.path, "db", filepath.Join(os.TempDir(), "activitylog-demo.db"), "the `file` to make")
			fs.Uint64Var(&d.seed, "seed", 1, "another `N` makes another log")
			fs.StringVar(&d.addr, "addr", "", "open the demo in the pages of admins on `HOST:PORT`, with a switch between roles")
			return d.run
		},
	}
}

type demoLog struct {
	path, addr string
	seed       uint64
	size       float64 // of the made-up log; zero is the usual one
}

func (d *demoLog) run(ctx context.Context, s streams, args []string) error {
	switch {
	case len(args) > 0:
		return usage("demo takes flags only; to search the demo, use activitylog query --db %s", d.path)
	case d.path == "" || d.path == "memory:" || strings.Contains(d.path, "://"):
		return usage("--db of the demo is a file that it makes; write a path")
	}
	fresh, err := d.fresh(ctx)
	if err != nil {
		return err
	}
	if d.addr != "" {
		return d.serve(ctx, s, fresh)
	}
	if !fresh {
		if err := d.build(ctx, s); err != nil {
			return err
		}
	}
	return d.show(ctx, s)
}

// demoMark is the target of the event by which a demo is known.
const demoMark = "activitylog demo"

// fresh tells whether the file is already what build would make. It is an error if the file is something else.
func (d *demoLog) fresh(ctx context.Context) (fresh bool, err error) {
	info, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("no regular file")
	}
	if err != nil {
		return false, err
	}
	foreign := fmt.Errorf("%s holds something else; move it away, or write --db with another path", d.path)
	db, err := readDatabase(ctx, d.path)
	if err != nil {
		return false, fmt.Errorf("%w (%w)", foreign, err)
	}
	defer db.closeInto(&err)
	mark, ok, err := markOf(ctx, db)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, foreign
	}
	ours := map[string]bool{activitylog.SystemOrg: true}
	for _, o := range demo.Orgs() {
		ours[o.ID] = true
	}
	for b, err := range db.AllOrgs().Aggregate(ctx, activitylog.Aggregation{By: []string{"org"}}) {
		if err != nil {
			return false, err
		}
		if !ours[b.Values[0]] {
			return false, fmt.Errorf("%s is a demo to which other organizations were added; move it away, or write --db with another path", d.path)
		}
	}
	seed, _ := mark.Metadata["seed"].(json.Number)
	return seed.String() == strconv.FormatUint(d.seed, 10) && time.Since(mark.Time) < 24*time.Hour, nil
}

// markOf is the event by which a demo is known.
func markOf(ctx context.Context, db *database) (mark activitylog.Event, ok bool, err error) {
	page, err := db.Org(activitylog.SystemOrg).Page(ctx, activitylog.Query{Filter: activitylog.TargetIs("dataset", demoMark), Limit: 1})
	if err != nil || len(page.Events) == 0 {
		return mark, false, err
	}
	return page.Events[0], true, nil
}

// build makes the log beside its place and moves it there when it is whole.
func (d *demoLog) build(ctx context.Context, s streams) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(d.path), ".activitylog-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, "demo.db")
	if err := d.fill(ctx, s, part); err != nil {
		return fmt.Errorf("make the demo: %w", err)
	}
	return d.put(part)
}

// put moves a whole demo to its place.
func (d *demoLog) put(part string) error {
	for _, suffix := range []string{"-wal", "-shm"} { // of the demo that is replaced
		if err := os.Remove(d.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(part, d.path)
}

func (d *demoLog) fill(ctx context.Context, s streams, path string) (err error) {
	db, err := openDatabase(ctx, path, d.path+".key", true)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	return d.fillInto(ctx, s, db, demo.Events)
}

// fillInto records the events that generate yields, which are those of the demo in any order.
func (d *demoLog) fillInto(ctx context.Context, s streams, db *database, generate func(demo.Options) iter.Seq[activitylog.Event]) error {
	now := time.Now().UTC()
	if _, err := db.Record(ctx, activitylog.Event{
		Org: activitylog.SystemOrg, Action: "data.import", Time: now, Actor: activitylog.Actor{Type: activitylog.System},
		Targets:  []activitylog.Target{{Type: "dataset", ID: demoMark}},
		Metadata: map[string]any{"seed": json.Number(strconv.FormatUint(d.seed, 10))},
	}); err != nil {
		return err
	}
	shown := newProgress(s.err, "events made")
	defer shown.done()
	var batch []activitylog.Event
	record := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := db.RecordAll(ctx, batch)
		shown.add(int64(len(batch)))
		batch = batch[:0]
		return err
	}
	for e := range generate(demo.Options{Seed: d.seed, End: now, Size: d.size}) {
		if batch = append(batch, e); len(batch) < batchSize {
			continue
		}
		if err := record(); err != nil {
			return err
		}
	}
	return record()
}
