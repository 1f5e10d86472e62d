package integrity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions say what a verification goes by.
type VerifyOptions struct {
	Verifiers []note.Verifier // the keys that may have signed; required
	// Keys let the verifier check what is not sealed yet and what the sealer keeps beside the trees. nil: that is left
	// out, as an auditor does who does not trust whoever has them.
	Keys *WriterKeys
	// Known are root checkpoints of this log that were kept elsewhere. Today's root log must be a continuation of each.
	Known [][]byte
	// Attesters check what anchors signed, and Attested is how many of them must attest a checkpoint of this log: one not
	// older than MaxSilence, where that is set. Receipts of other anchors are not believed, but must fit the log too.
	Attesters []Attester
	Attested  int
	// Since is what Report.Vouch returned of an earlier verification: this one goes on from there and relies on that. It
	// must have been kept where whoever can change the database cannot. nil: from the beginning.
	Since []byte
	// MaxSilence is how old the newest entry of the root log may be. Zero: any age.
	MaxSilence time.Duration
	// Deep makes the store also check what it derived from the events, such as indexes, by deriving it again.
	Deep bool
	// Derived are further checks that Deep makes, of what other packages derived, such as monitor.CheckRollups.
	Derived []DerivedCheck
	Now     func() time.Time
	// Progress is told how many rows were read, from the goroutine of Verify. nil: nobody.
	Progress func(rows int64)
}

// snapshotter is a store that can be read as it is at one moment.
type snapshotter interface {
	Snapshot(ctx context.Context, f func(activitylog.Tailer, activitylog.Spacer) error) error
}

// Verify holds all rows of a store against its trees, and the trees against their signatures, in one snapshot: writers
// and sealers may go on meanwhile. An error means that it could not be done; what is wrong with the log stands in the
// report.
func Verify(ctx context.Context, store activitylog.Store, opts *VerifyOptions) (*Report, error) {
	if opts == nil || len(opts.Verifiers) == 0 {
		return nil, fmt.Errorf("integrity: %w: verifying needs the public key of the log", activitylog.ErrInvalid)
	}
	snap, ok := store.(snapshotter)
	if !ok {
		return nil, fmt.Errorf("integrity: this store cannot be read as of one moment: %w", errors.ErrUnsupported)
	}
	var v *verification
	err := snap.Snapshot(ctx, func(tail activitylog.Tailer, spaces activitylog.Spacer) error {
		return spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) (err error) {
			v, err = verify(ctx, &live{Tailer: tail, spaces: spaces, tx: tx, keys: opts.Keys}, opts)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("integrity: verify: %w", err)
	}
	return &v.report, nil
}

// verify verifies a source.
func verify(ctx context.Context, src source, opts *VerifyOptions) (*verification, error) {
	v := &verification{ctx: ctx, opts: opts, src: src, origin: opts.Verifiers[0].Name(), byOrg: map[string]*treeCheck{}}
	v.live, _ = src.(*live)
	v.bundle, _ = src.(*bundle)
	if opts.Keys != nil {
		v.macs = opts.Keys.macs()
	}
	return v, v.run()
}

// verification is one run of Verify.
type verification struct {
	ctx    context.Context
	opts   *VerifyOptions
	src    source
	live   *live   // src, or nil
	bundle *bundle // src, or nil
	macs   *macs   // of the keys, or nil
	origin string
	report Report
	since  vouched // what it relies on; zero: nothing

	verifiers []note.Verifier // with the keys to which those that were given handed over
	handedTo  []string        // those keys as text
	headKey   uint32          // that signed the root log
	spoilt    map[string]bool // organizations with findings

	anchors map[string]*anchorCheck
	trees   []*treeCheck // of organizations
	byOrg   map[string]*treeCheck
	numbers numbering
	rows    rowChecks
	room    scratch
}

// treeCheck is the verification of one tree.
type treeCheck struct {
	number  uint32
	tree    tree
	seals   []sealRecord // as the root log tells them
	at      int          // the next seal to be compared
	from    int64        // where an earlier verification ended
	before  int64        // rows that could be gone then
	claimed tree         // purges of which only rows tell that nobody vouches for
	min     int64        // entries below it were pruned, as the root log tells
	cursor  *cursor
	missing map[uuid.UUID]missingRow // entries whose rows did not come in their turn
	broken  bool                     // cannot be read on
}

// missingRow is where an entry stands, and where its row stood. The entry itself is read again if the row comes.
type missingRow struct {
	index int64
	place [placeSize]byte
}

// sealedEntry is an entry of a tree and its bytes.
type sealedEntry struct {
	entry
	index int64
	bytes []byte
	place [placeSize]byte
}

// add adds the tree of an organization.
func (v *verification) add(number uint32, t tree) *treeCheck {
	c := &treeCheck{number: number, tree: t, missing: map[uuid.UUID]missingRow{}}
	v.trees = append(v.trees, c)
	v.byOrg[t.Org] = c
	return c
}

func (v *verification) found(f Finding) {
	if v.byOrg[f.Org] != nil { // files may name any number of others
		if v.spoilt == nil {
			v.spoilt = map[string]bool{}
		}
		v.spoilt[f.Org] = true
	}
	v.report.Findings = f.addTo(v.report.Findings, &v.report.More)
}

// tampered notes a finding about the log or an organization as a whole.
func (v *verification) tampered(check, org, format string, args ...any) {
	v.found(Finding{Verdict: Tampered, Check: check, Org: org, Index: -1, What: fmt.Sprintf(format, args...)})
}

func (v *verification) run() error {
	if err := v.src.trees(v); err != nil {
		return err
	}
	if v.bundle != nil && !v.bundle.whole() && len(v.trees) == 0 {
		v.found(Finding{Verdict: Undecided, Check: "tree", Org: v.bundle.m.Org, Index: -1, What: "nothing of the organization of which the bundle should be is in it"})
	}
	if err := v.goOn(); err != nil {
		return err
	}
	if err := v.root(); err != nil {
		return err
	}
	v.attest()
	if err := v.readRows(); err != nil {
		return err
	}
	for _, t := range v.sorted() {
		if err := v.finish(t); err != nil {
			return err
		}
	}
	v.report.Trees = len(v.byOrg)
	for org := range v.byOrg {
		if !v.spoilt[org] {
			v.report.Intact++
		}
	}
	v.expected()
	sealed := v.numbers.vouched()
	for _, l := range v.rows.numbers {
		v.numbers.add(l)
	}
	if v.bundle == nil || v.bundle.whole() {
		v.numbers.report(v)
	}
	if v.opts.Deep && v.live != nil {
		if err := v.live.deep(v.ctx, v); err != nil {
			return err
		}
	}
	v.vouch(sealed)
	return nil
}

func (v *verification) sorted() []*treeCheck {
	return slices.SortedFunc(slices.Values(v.trees), func(a, b *treeCheck) int { return cmp.Compare(a.number, b.number) })
}

// checkpoint opens the newest checkpoint of a tree.
func (v *verification) checkpoint(number uint32, origin string) (tlog.Tree, []byte, error) {
	b, err := v.src.checkpoint(number)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	if len(b) == 0 {
		return tlog.Tree{}, nil, damaged("its checkpoint is missing")
	}
	t, key, err := openCheckpoint(b, origin, v.verifiers)
	if err != nil {
		return t, nil, damaged("%s", strings.TrimSpace(err.Error()))
	}
	if number == 0 {
		v.headKey = key
	}
	return t, b, nil
}
