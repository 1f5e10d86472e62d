package integrity

import (
	"bytes"
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
		return spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
			v = &verification{ctx: ctx, opts: opts, tx: tx, tail: tail, spaces: spaces, origin: opts.Verifiers[0].Name()}
			return v.run()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("integrity: verify: %w", err)
	}
	return &v.report, nil
}

// verification is one run of Verify.
type verification struct {
	ctx    context.Context
	opts   *VerifyOptions
	tx     activitylog.SpaceTx
	tail   activitylog.Tailer
	spaces activitylog.Spacer
	origin string
	report Report

	verifiers []note.Verifier // with the keys to which those that were given handed over
	headKey   uint32          // that signed the root log
	spoilt    map[string]bool // organizations with findings

	head    head
	sealed  bool // whether there is any seal
	anchors map[string]*anchorCheck
	trees   map[uint32]*treeCheck
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
	cursor  *cursor
	missing map[uuid.UUID]*sealedEntry // entries whose rows did not come in their turn
	broken  bool                       // cannot be read on
}

// sealedEntry is an entry of a tree and its bytes.
type sealedEntry struct {
	entry
	index int64
	bytes []byte
	place [placeSize]byte
}

func (v *verification) found(f Finding) {
	if f.Org != "" {
		if v.spoilt == nil {
			v.spoilt = map[string]bool{}
		}
		v.spoilt[f.Org] = true
	}
	if len(v.report.Findings) >= maxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, f)
}

// tampered notes a finding about the log or an organization as a whole.
func (v *verification) tampered(check, org, format string, args ...any) {
	v.found(Finding{Verdict: Tampered, Check: check, Org: org, Index: -1, What: fmt.Sprintf(format, args...)})
}

func (v *verification) run() error {
	if err := v.state(); err != nil {
		return err
	}
	if err := v.root(); err != nil {
		return err
	}
	v.attest()
	if err := v.readRows(); err != nil {
		return err
	}
	for _, number := range v.sorted() {
		if err := v.finish(v.trees[number]); err != nil {
			return err
		}
	}
	v.report.Trees = len(v.byOrg)
	for org := range v.byOrg {
		if !v.spoilt[org] {
			v.report.Intact++
		}
	}
	v.numbers.report(v)
	v.expected()
	return v.deep()
}

// deep has the store check what it derived from the events.
func (v *verification) deep() error {
	if !v.opts.Deep {
		return nil
	}
	if err := v.derived(); err != nil {
		return err
	}
	store, ok := v.tail.(interface {
		Check(ctx context.Context, purged int64, found func(what, org string, id uuid.UUID)) error
	})
	if !ok {
		return nil
	}
	var purged int64
	for _, t := range v.trees {
		purged += t.tree.allowed()
	}
	return store.Check(v.ctx, purged, func(what, org string, id uuid.UUID) {
		v.found(Finding{Verdict: Tampered, Check: "derived", Org: org, ID: id, Index: -1, What: what})
	})
}

func (v *verification) sorted() []uint32 {
	var list []uint32
	for n := range v.trees {
		if n != 0 {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// state reads what the sealer keeps beside the trees.
func (v *verification) state() error {
	v.trees, v.byOrg = map[uint32]*treeCheck{}, map[string]*treeCheck{}
	k := v.opts.Keys
	b, ok, err := v.tx.Get(headKey)
	if err != nil {
		return err
	}
	if v.sealed = ok; ok {
		if err := k.openRow(headKey, b, &v.head); err != nil {
			v.tampered("state", "", "the place of the sealer cannot be believed: %v", err)
		}
	}
	if err := v.readAnchors(); err != nil {
		return err
	}
	numbers := map[string]uint32{}
	for p, err := range v.tx.Range([]byte("o"), []byte("p")) {
		if err != nil {
			return err
		}
		var n uint32
		if err := k.openRow(p.Key, p.Value, &n); err != nil {
			v.tampered("state", string(p.Key[1:]), "the number of a tree cannot be believed: %v", err)
		}
		numbers[string(p.Key[1:])] = n
	}
	for p, err := range v.tx.Range([]byte("s"), []byte("t")) {
		if err != nil {
			return err
		}
		var t tree
		if err := k.openRow(p.Key, p.Value, &t); err != nil || len(p.Key) != 5 {
			v.tampered("state", t.Org, "what is known of a tree cannot be believed: %v", err)
			continue
		}
		c := &treeCheck{number: numberOf(p.Key), tree: t, missing: map[uuid.UUID]*sealedEntry{}}
		v.trees[c.number] = c
		if c.number == 0 {
			continue
		}
		if n, ok := numbers[t.Org]; !ok || n != c.number || v.byOrg[t.Org] != nil {
			v.tampered("state", t.Org, "the organization has not exactly one tree")
		}
		v.byOrg[t.Org] = c
	}
	if !v.sealed && len(v.trees) > 0 {
		v.tampered("state", "", "the place of the sealer is gone")
	}
	return v.strangers()
}

// strangers looks for rows that no sealer writes: between the kinds of rows, and of trees that nothing else knows.
func (v *verification) strangers() error {
	last := []byte{0xff, 0xff, 0xff, 0xff, 0xff}
	ranges := [][2][]byte{
		{nil, []byte("a")}, {[]byte("c"), numberKey('c', 0)}, {[]byte("d"), headKey}, {append(bytes.Clone(headKey), 0), numberKey('l', 0)}, {[]byte("m"), []byte("o")},
		{[]byte("p"), numberKey('p', 0)}, {[]byte("q"), []byte("s")}, {[]byte("t"), numberKey('t', 0)}, {[]byte("u"), nil},
	}
	numbers := append([]uint32{0}, v.sorted()...)
	for _, kind := range []byte("clpt") {
		for i, n := range numbers {
			to := append([]byte{kind}, last[1:]...)
			if i+1 < len(numbers) {
				to = numberKey(kind, numbers[i+1])
			}
			ranges = append(ranges, [2][]byte{numberKey(kind, n+1), to})
		}
	}
	for _, r := range ranges {
		for p, err := range v.tx.Range(r[0], r[1]) {
			if err != nil {
				return err
			}
			v.tampered("state", "", "row %x among the seals is none that a sealer writes", p.Key)
			break
		}
	}
	return nil
}

// checkpoint opens the newest checkpoint of a tree.
func (v *verification) checkpoint(number uint32, origin string) (tlog.Tree, []byte, error) {
	b, ok, err := v.tx.Get(numberKey('c', number))
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	if !ok {
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
