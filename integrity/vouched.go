package integrity

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const vouchedFormat = "activitylog/vouched/v1"

// vouched is what a verification that found nothing has seen, so that a later one can go on from there.
type vouched struct {
	Format   string               `json:"format"`
	Root     string               `json:"root"` // checkpoint of the root log
	Keys     []string             `json:"keys,omitempty"`
	Key      uint32               `json:"key"` // hash of the key that held
	At       int64                `json:"at"`  // of the newest entry of the root log, in microseconds
	Position activitylog.Position `json:"position"`
	Stamped  bool                 `json:"stamped"`
	Rows     int64                `json:"rows"`    // that were read, by this verification and those before it
	Entries  int64                `json:"entries"` // in the trees
	Trees    []vouchedTree        `json:"trees"`
	Writers  []vouchedWriter      `json:"writers"`
	Declared *vouchedSealing      `json:"declared,omitempty"` // how it is sealed; nil: nobody said

	size      int64
	hash      tlog.Hash
	verifiers []note.Verifier
}

type vouchedTree struct {
	Org  string    `json:"org"`
	Size int64     `json:"size"`
	Hash tlog.Hash `json:"hash"`
	At   int64     `json:"at"`
	Min  int64     `json:"min,omitempty"`
	Gone int64     `json:"gone,omitempty"`
}

type vouchedWriter struct {
	ID     string `json:"id"`
	Runs   []run  `json:"runs"`
	Pruned uint64 `json:"pruned,omitempty"`
}

type vouchedSealing struct {
	sealing
	Time time.Time `json:"time"`
	ID   uuid.UUID `json:"id"`
}

// Reliance is what a verification took from an earlier one and did not look at again.
type Reliance struct {
	Root    int64     // entries of the root log
	Entries int64     // in the trees of organizations
	Rows    int64     // that earlier verifications read
	AsOf    time.Time // of the newest of those entries of the root log
}

// goOn reads what an earlier verification vouches for.
func (v *verification) goOn() error {
	if len(v.opts.Since) == 0 {
		return nil
	}
	s := &v.since
	if v.bundle != nil {
		return fmt.Errorf("%w: a bundle is verified as a whole", activitylog.ErrInvalid)
	}
	if err := json.Unmarshal(v.opts.Since, s); err != nil || s.Format != vouchedFormat {
		return fmt.Errorf("%w: what is to be gone on from is not what a verification wrote", activitylog.ErrInvalid)
	}
	for _, text := range s.Keys {
		k, err := note.NewVerifier(text)
		if err != nil {
			return fmt.Errorf("%w: a key to go on from: %w", activitylog.ErrInvalid, err)
		}
		s.verifiers = append(s.verifiers, k)
	}
	at, _, err := openCheckpoint([]byte(s.Root), v.origin, append(slices.Clone(v.opts.Verifiers), s.verifiers...))
	if err != nil {
		return fmt.Errorf("%w: what is to be gone on from is of another log: %w", activitylog.ErrInvalid, err)
	}
	s.size, s.hash = at.N, at.Hash
	v.report.Relied = &Reliance{Root: at.N, Rows: s.Rows, AsOf: micro(s.At)}
	v.rows.stamped = s.Stamped
	if d := s.Declared; d != nil {
		v.rows.declared = &declaration{d.sealing, d.Time, d.ID}
		v.rows.vouched = v.rows.declared
	}
	for _, w := range s.Writers {
		id, err := hex.DecodeString(w.ID)
		if err != nil || len(id) != 8 {
			return fmt.Errorf("%w: a writer to go on from is none", activitylog.ErrInvalid)
		}
		v.numbers.of([8]byte(id)).runs, v.numbers.of([8]byte(id)).pruned = w.Runs, w.Pruned
	}
	for _, x := range s.Trees {
		v.report.Relied.Entries += x.Size
		t := v.byOrg[x.Org]
		if t == nil {
			v.tampered("tree", x.Org, "the tree of the organization, which was verified before, is gone")
			continue
		}
		t.from, t.before, t.min = x.Size, x.Gone, x.Min
		t.seals = []sealRecord{{Stream: t.tree.Stream, Size: x.Size, Hash: x.Hash, At: x.At, Min: x.Min, Gone: x.Gone}}
	}
	return nil
}

// goOn has the walk through the root log begin where an earlier verification ended, and returns false if it cannot.
func (w *rootWalk) goOn(head tlog.Tree) (bool, error) {
	s := &w.v.since
	if s.size == 0 {
		return true, nil
	}
	w.last, w.holds = s.At, s.Key
	if s.size > head.N {
		w.v.tampered("known", "", "the root log had %d entries when it was verified and has %d now: the database was set back to an older state", s.size, head.N)
		return false, nil
	}
	err := w.c.start(s.size)
	if what, ok := isDamaged(err); ok {
		w.v.tampered("root", "", "root log: %s", what)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	hash, err := w.c.f.root()
	if err == nil && hash != s.hash {
		w.v.tampered("known", "", "the first %d entries of the root log are not those that were verified before: the log was rewritten", s.size)
		return false, nil
	}
	if err == nil {
		w.before()
	}
	return true, err
}

// before compares what was kept elsewhere of the entries that are not read again: their tiles lead to the root that was
// vouched for.
func (w *rootWalk) before() {
	s := &w.v.since
	hashes := tlog.TileHashReader(tlog.Tree{N: s.size, Hash: s.hash}, &tiles{w.v.live.tx, 0})
	for size, want := range w.known {
		if size == 0 || size > s.size {
			continue
		}
		if hash, err := tlog.TreeHash(size, hashes); err != nil || hash != want {
			w.v.tampered("known", "", "the first %d entries of the root log are not those that were kept elsewhere: the log was rewritten", size)
		}
	}
}

// vouch leaves in the report what a later verification may rely on, if nothing was found.
func (v *verification) vouch(writers []vouchedWriter) {
	if v.live == nil || v.report.Root == "" || v.report.Verdict() != Clean {
		return
	}
	x := vouched{
		Format: vouchedFormat, Root: v.report.Root, Keys: append(v.since.Keys, v.handedTo...), Key: v.headKey, At: v.report.AsOf.UnixMicro(),
		Position: v.rows.at, Stamped: v.rows.stamped, Rows: v.since.Rows + v.report.Events - v.report.Unsealed, Writers: writers,
	}
	if d := v.rows.vouched; d != nil {
		x.Declared = &vouchedSealing{d.sealing, d.at, d.id}
	}
	for _, t := range v.sorted() {
		last := t.seals[len(t.seals)-1]
		x.Entries += last.Size
		x.Trees = append(x.Trees, vouchedTree{Org: t.tree.Org, Size: last.Size, Hash: last.Hash, At: last.At, Min: t.min, Gone: last.Gone})
	}
	v.report.Vouch = must(json.Marshal(x))
}
