package main

import (
	"context"
	"io"
	"iter"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
)

// reader is what the commands read by.
type reader interface {
	Page(ctx context.Context, q activitylog.Query) (activitylog.Page, error)
	Events(ctx context.Context, q activitylog.Query) iter.Seq2[activitylog.Event, error]
	Count(ctx context.Context, f activitylog.Filter, limit int64) (int64, error)
	Aggregate(ctx context.Context, a activitylog.Aggregation) iter.Seq2[activitylog.Bucket, error]
	Watch(ctx context.Context, after activitylog.Position, f activitylog.Filter) iter.Seq2[activitylog.Tailed, error]
	Export(ctx context.Context, out io.Writer, q activitylog.Query, write func(io.Writer, iter.Seq2[activitylog.Event, error]) error) (access.Exported, error)
}

var _ reader = access.Reader{}

// archiveReader reads an archive, which keeps no record of that: it is made of files that anybody could copy.
type archiveReader struct{ activitylog.Reader }

func (r archiveReader) Export(ctx context.Context, out io.Writer, q activitylog.Query, write func(io.Writer, iter.Seq2[activitylog.Event, error]) error) (access.Exported, error) {
	return access.Exported{}, write(out, r.Events(ctx, q))
}

func (s *scope) archived(d *database) reader {
	if s.all {
		return archiveReader{d.AllOrgs()}
	}
	return archiveReader{d.Org(s.org)}
}
