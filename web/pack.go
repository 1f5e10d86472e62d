package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
	"github.com/activitylog/activitylog/integrity"
)

// unproved is why there is no evidence pack of what the page shows; empty: there is one.
func (v *visit) unproved() string {
	switch {
	case v.h.opts.Evidence == nil:
		return v.h.t("There is no evidence pack: this log is not sealed here.")
	case !v.whole(v.route.scope.org), v.route.scope.kind == "own":
		return v.h.t("There is no evidence pack: it would tell how much there is in the whole organization.")
	}
	return ""
}

// refuse answers that there is no such file.
func (v *visit) refuse(why string) {
	if v.isAPI() {
		v.problem(http.StatusNotFound, "not_found", why)
		return
	}
	v.fail(http.StatusBadRequest, errors.New(why))
}

// pack writes an evidence pack of the page's query. It has no table: that would need room on the disk of the host.
func (v *visit) pack(ctx context.Context, a asked) func(io.Writer, iter.Seq2[activitylog.Event, error]) error {
	org := v.route.scope.org
	write := v.h.opts.Evidence.AsEvidence(ctx, integrity.EvidenceOptions{
		Org: org, Filter: a.filter.And(v.within()), Zone: v.zone().String(),
		Hidden: v.grant.Rights()&access.ViewSensitive == 0, Now: v.h.opts.Now,
	})
	return func(out io.Writer, events iter.Seq2[activitylog.Event, error]) error {
		const piece = 32 << 10
		buffered := bufio.NewWriterSize(out, piece) // an archive is written in small parts
		if err := write(buffered, events); err != nil {
			return err
		}
		return buffered.Flush()
	}
}

// within is the part of an organization that the page is about.
func (v *visit) within() activitylog.Filter {
	if v.route.scope.kind == "project" {
		return activitylog.ProjectIs(v.route.scope.project)
	}
	return activitylog.Filter{}
}
