package integrity

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"golang.org/x/mod/sumdb/note"
)

// EvidenceReport is what the verification of an evidence pack says.
type EvidenceReport struct {
	Evidence *Evidence
	Findings []Finding // the first 1,000
	More     int       // findings beyond those

	Rows    int64     // events that were checked
	Partly  int64     // events of which parts are not proved, since they were hidden or erased
	LeftOut int64     // entries in the covered ranges that are named by index and hash only
	AsOf    time.Time // of the newest seal of the trees in it
	Root    string    // the checkpoint of the root log

	Anchors []Anchored // whose receipts are in it, by name
}

// Verdict is the worst of the findings.
func (r *EvidenceReport) Verdict() Verdict { return worst(r.Findings) }

// VerifyEvidence holds an evidence pack to its signatures, with nothing but a public key of its log: the files to the
// hashes in the manifest, each event to its entry and to the filter, each entry to its tree, the trees to the root log,
// and that to the checkpoints that were kept and to the receipts of anchors. Of the options it goes by Verifiers, Known,
// Attesters, Attested with MaxSilence, and Progress. An error that wraps ErrBundle means that the files cannot be read.
func VerifyEvidence(ctx context.Context, files fs.FS, opts *VerifyOptions) (*EvidenceReport, error) {
	if opts == nil || len(opts.Verifiers) == 0 {
		return nil, fmt.Errorf("integrity: %w: verifying needs the public key of the log", activitylog.ErrInvalid)
	}
	v := &evidenceCheck{ctx: ctx, files: files, opts: opts, verifiers: slices.Clone(opts.Verifiers)}
	if err := v.run(); err != nil {
		return nil, fmt.Errorf("integrity: verify: %w", err)
	}
	return &v.report, nil
}

// evidenceCheck is one run of VerifyEvidence.
type evidenceCheck struct {
	ctx       context.Context
	files     fs.FS
	opts      *VerifyOptions
	verifiers []note.Verifier
	m         Evidence
	filter    activitylog.Filter
	trees     []evidenceTreeCheck
	report    EvidenceReport
	room      scratch
}

func (v *evidenceCheck) found(f Finding) {
	v.report.Findings = f.addTo(v.report.Findings, &v.report.More)
}

func (v *evidenceCheck) tampered(check, org, format string, args ...any) {
	v.found(Finding{Verdict: Tampered, Check: check, Org: org, Index: -1, What: fmt.Sprintf(format, args...)})
}

func (v *evidenceCheck) run() error {
	if err := v.manifest(); err != nil {
		return err
	}
	v.report.Evidence = &v.m
	root, err := v.root()
	if err != nil || root == nil {
		return err
	}
	for i := range v.m.Trees {
		if err := v.tree(&v.m.Trees[i], &v.trees[i], root); err != nil {
			return err
		}
	}
	return v.events()
}

func (v *evidenceCheck) manifest() error {
	text, err := readFile(v.files, manifestName, maxManifest)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &v.m); err != nil {
		return unreadable("%s: %v", manifestName, err)
	}
	m := &v.m
	switch {
	case m.Format != evidenceFormat:
		return unreadable("%s tells of the format %.80q; this version reads %q", manifestName, m.Format, evidenceFormat)
	case m.Origin != v.verifiers[0].Name():
		return unreadable("it is of the log %.80q, and the key of %q", m.Origin, v.verifiers[0].Name())
	case m.Events.Name != eventsName || m.Table != nil && m.Table.Name != csvName || m.Order != "newest" && m.Order != "oldest":
		return unreadable("%s names other files or another order than a pack has", manifestName)
	}
	if v.filter, err = activitylog.ParseFilter(m.Filter); err != nil {
		return unreadable("the filter in %s: %v", manifestName, err)
	}
	v.trees = make([]evidenceTreeCheck, len(m.Trees))
	seen := map[[16]byte]bool{}
	for i, t := range m.Trees {
		stream, ok := streamOf(t.Name)
		if !ok || seen[stream] || t.Org == "" || m.Org != "" && t.Org != m.Org || t.First < 0 || t.End < t.First {
			return unreadable("tree %d of %s is named wrongly, twice, of another organization, or has no range", i+1, manifestName)
		}
		seen[stream] = true
		v.trees[i] = evidenceTreeCheck{stream: stream, first: t.First, end: t.End, seen: map[int64]*[1 << tileHeight / 64]uint64{}}
	}
	return nil
}

// IsEvidence tells whether files are an evidence pack rather than a bundle.
func IsEvidence(files fs.FS) bool {
	text, err := readFile(files, manifestName, maxManifest)
	var m struct{ Format string }
	return err == nil && json.Unmarshal(text, &m) == nil && m.Format == evidenceFormat
}
