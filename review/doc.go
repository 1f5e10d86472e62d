// Package review answers what a reviewer asks of a log: is everything recorded that must be (Cover), what is recorded at
// all and for how long (Catalogue), who looked at the log and its rules and what is overdue (Book), what something looked
// like at a moment and how it got there (StateAt, Drift).
//
//	report, err := review.Cover(ctx, log.Org("acme"), catalog, review.Window{From: from, To: to})
//	…
//	for _, name := range report.Missing() { … }
//
// Cover, StateAt and Drift read through a Reader, which may be that of package access: then they show what it shows.
package review

import (
	"context"
	"iter"

	"github.com/activitylog/activitylog"
)

// Reader is what is reviewed: an activitylog.Reader, or one that checks and records access.
type Reader interface {
	Events(ctx context.Context, q activitylog.Query) iter.Seq2[activitylog.Event, error]
	Aggregate(ctx context.Context, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error]
}
