package main

import (
	"context"
	"flag"
	"fmt"
	"iter"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

const recordedAbout = `That it was read is recorded in the log, as done by the user of the operating system; the answer leaves that record out.

`

const filterAbout = `A filter is a text such as

  actor:alice category:auth -outcome:success "free text" (model:a or model:b)

Terms beside each other must all hold; -term negates. The fields are id, org, project, category, action, actor, acted,
impersonated, authority, actor_type, target, outcome, severity, model, provider, ip, request, session, correlation,
retention, label.KEY, meta.KEY, cost, time, since and before; values are joined by commas, action:ai.message.* covers what
is under it.
Put the filter into quotes, so that the shell leaves it alone.`

func queryCommand() command {
	return command{
		name: "query", args: "--db DB --org ORG [flags] [FILTER]",
		about: "shows events, page by page\n\n" + recordedAbout + filterAbout,
		setup: func(fs *flag.FlagSet) func(context.Context, streams, []string) error {
			var q query
			q.scope.flags(fs)
			q.format.flags(fs, "table")
			fs.IntVar(&q.limit, "limit", 50, "at most `N` events")
			fs.StringVar(&q.order, "order", "newest", "`newest` or oldest first")
			fs.StringVar(&q.cursor, "cursor", "", "go on from the `cursor` that the page before printed")
			fs.BoolVar(&q.count, "count", false, "only print how many events there are")
			return q.run
		},
	}
}

type query struct {
	scope         scope
	format        format
	limit         int
	order, cursor string
	count         bool
}

func (q *query) run(ctx context.Context, s streams, args []string) (err error) {
	f, err := filter(args)
	if err != nil {
		return err
	}
	if q.limit < 1 {
		return usage("--limit %d; write 1 or more, or use activitylog export for everything", q.limit)
	}
	if q.count && q.cursor != "" {
		return usage("--count counts everything; leave --cursor out")
	}
	ask := activitylog.Query{Filter: f}
	if ask.Order, err = order(q.order); err != nil {
		return err
	}
	if ask.Cursor, err = activitylog.ParseCursor(q.cursor); err != nil {
		return usage("--cursor is damaged; copy it as the page before printed it")
	}
	if err := q.format.check(); err != nil {
		return err
	}
	db, reader, err := q.scope.open(ctx)
	if err != nil {
		return err
	}
	defer db.closeInto(&err)
	if q.count {
		n, err := reader.Count(ctx, f, 0)
		if err == nil {
			_, err = fmt.Fprintln(s.out, n)
		}
		return err
	}
	w, err := q.format.writer(s.out, q.scope.all)
	if err != nil {
		return err
	}
	var next activitylog.Cursor
	if _, err := export.Copy(w, pages(ctx, reader, ask, q.limit, &next)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if !next.IsZero() {
		fmt.Fprintf(s.err, "there is more: --cursor %s\n", next)
	}
	return nil
}

// pages yields up to limit events and leaves in next where the others begin. Pages that end early, because the store
// gave up looking for matches, are continued.
func pages(ctx context.Context, r reader, q activitylog.Query, limit int, next *activitylog.Cursor) iter.Seq2[activitylog.Event, error] {
	const most = 1000
	return func(yield func(activitylog.Event, error) bool) {
		for {
			q.Limit = min(limit, most)
			page, err := r.Page(ctx, q)
			if err != nil {
				yield(activitylog.Event{}, err)
				return
			}
			for _, e := range page.Events {
				if !yield(e, nil) {
					return
				}
			}
			limit -= len(page.Events)
			if page.Next.IsZero() {
				return
			}
			if limit == 0 {
				*next = page.Next
				return
			}
			q.Cursor = page.Next
		}
	}
}
