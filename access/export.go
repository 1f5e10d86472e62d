package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// Exported says what an export sent.
type Exported struct {
	ID     uuid.UUID // of the event that began it; the one that ended it completes this
	Rows   int64     // events that were handed out
	Bytes  int64     // that were written
	SHA256 string    // of these bytes, hexadecimal
}

// Export sends the events of a query to out, in the form that write gives them, such as export.AsCSV(nil). Before the
// first byte an audit.export event with the filter is durable; at the end a second one tells the rows, the bytes and
// their SHA-256, also where write failed or ctx ended. The grant needs the rights View and Export.
func (r Reader) Export(ctx context.Context, out io.Writer, q activitylog.Query, write func(io.Writer, iter.Seq2[activitylog.Event, error]) error) (Exported, error) {
	a := r.reading("export", q.Filter)
	if r.err != nil {
		return Exported{}, r.err
	}
	if err := r.may(a, View|Export); err != nil {
		return Exported{}, r.guard.refused(ctx, r.grant, "audit.export", a, err)
	}
	e := r.grant.record("audit.export", a)
	e.Metadata["order"], e.Metadata["limit"] = "newest", q.Limit
	if q.Order == activitylog.Oldest {
		e.Metadata["order"] = "oldest"
	}
	ctx = r.grant.scope.under(ctx)
	op, err := r.guard.log.Begin(ctx, e)
	if err != nil {
		return Exported{}, fmt.Errorf("access: nothing was sent, since the export could not be recorded: %w", err)
	}
	x := Exported{ID: op.ID()}
	sent := &counter{out: out, sum: sha256.New()}
	err = write(sent, func(yield func(activitylog.Event, error) bool) {
		for e, err := range r.events(ctx, q, op.ID()) {
			if err == nil {
				x.Rows++
			}
			if !yield(e, err) {
				return
			}
		}
	})
	x.Bytes, x.SHA256 = sent.n, hex.EncodeToString(sent.sum.Sum(nil))
	op.Event.Metadata["rows"], op.Event.Metadata["bytes"], op.Event.Metadata["sha256"] = x.Rows, x.Bytes, x.SHA256
	if _, ending := op.End(context.WithoutCancel(ctx), err); ending != nil {
		err = errors.Join(err, fmt.Errorf("access: the end of the export could not be recorded: %w", ending))
	}
	return x, err
}

// counter counts and hashes what was written.
type counter struct {
	out io.Writer
	sum hash.Hash
	n   int64
}

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.out.Write(b)
	c.sum.Write(b[:max(0, min(n, len(b)))])
	c.n += int64(n)
	return n, err
}
