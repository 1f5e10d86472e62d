package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/integrity"
)

// pack writes what is exported as an evidence pack.
func (x *exporter) pack(ctx context.Context, s streams, db *database, r reader, ask activitylog.Query, shown *progress) error {
	if db.sealer == nil {
		return errors.New("the log has no keys, so that nothing of it can be proved")
	}
	o := &integrity.EvidenceOptions{Verifiers: db.verifiers, Org: x.scope.org, Filter: ask.Filter, Order: ask.Order}
	o.Seal = func(ctx context.Context) error {
		_, err := db.sealer.Seal(ctx)
		return err
	}
	if x.format.name == "csv" {
		o.CSV = x.format.csv()
	}
	for _, path := range x.known {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		o.Anchors = append(o.Anchors, integrity.ReadCheckpoints(b)...)
	}
	var written *integrity.Evidence
	err := writeFiles(x.evidence, func(files integrity.Files) error {
		_, err := r.Export(ctx, io.Discard, ask, func(out io.Writer, events iter.Seq2[activitylog.Event, error]) (err error) {
			o.Sent = out // so that the record of the export tells the hash of the file that people read
			written, err = integrity.WriteEvidence(ctx, db.events, files, counted(events, shown), o)
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	shown.done()
	var left int64
	for _, t := range written.Trees {
		left += t.End - t.First - t.Rows
	}
	fmt.Fprintf(s.err, "wrote %s to %s, with the hashes of %s that the filter left out\n", plural(written.Rows, "event"), safe(x.evidence), grouped(left))
	return nil
}

// concludeEvidence prints what the verification of an evidence pack says, and turns its verdict into an exit code.
func concludeEvidence(w io.Writer, r *integrity.EvidenceReport) error {
	showFindings(w, r.Findings, r.More)
	e := r.Evidence
	scope := "all organizations"
	if e.Org != "" {
		scope = fmt.Sprintf("organization %q", e.Org)
	}
	what := "all events"
	if e.Filter != "" {
		what = "the filter " + safe(e.Filter)
	}
	fmt.Fprintf(w, "%s of %s, exported by %s\n", plural(r.Rows, "event"), safe(scope), what)
	for _, t := range e.Trees {
		fmt.Fprintf(w, "organization %q: entries %s to %s are covered, and %s left out\n", safe(t.Org), grouped(t.First), grouped(t.End-1), grouped(t.End-t.First-t.Rows))
	}
	if r.Partly > 0 {
		fmt.Fprintf(w, "%s had parts hidden or erased, which are not proved\n", plural(r.Partly, "event"))
	}
	for _, a := range r.Anchors {
		printAnchor(w, a)
	}
	if !r.AsOf.IsZero() {
		fmt.Fprintf(w, "newest seal: %s\n", r.AsOf.Format(time.RFC3339))
	}
	return verdict(w, r.Verdict())
}
