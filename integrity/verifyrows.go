package integrity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

const rowBatch = 1000

// rowChecks is what the rows have told so far.
type rowChecks struct {
	stamped  bool                 // whether any event brought evidence
	unsealed []unsealedRow        // since the last row that is sealed
	numbers  []*Leaf              // of rows that are not sealed
	at       activitylog.Position // behind the last row that is sealed
	erased   []erasedRow          // to be held against the records of erasures
	erasures map[eventKey]bool
	claimed  map[eventKey]bool // erasures of which only rows tell that nobody vouches for
	declared *declaration      // how the log is sealed, as was told last
	halted   bool              // rows from some place on cannot be read
}

type unsealedRow struct {
	org      string
	id       uuid.UUID
	recorded time.Time
}

type eventKey struct {
	org string
	id  uuid.UUID
}

type erasedRow struct {
	eventKey
	index int64
	since time.Time
}

// readRows holds all rows to their entries, in the order in which they were sealed.
func (v *verification) readRows() error {
	v.rows.erasures, v.rows.claimed = map[eventKey]bool{}, map[eventKey]bool{}
	for _, t := range v.trees {
		if err := v.open(t); err != nil {
			return err
		}
	}
	at := v.since.Position
	v.rows.at = at
	for {
		events, next, err := v.src.Tail(v.ctx, at, rowBatch)
		var row interface{ Damaged() (string, uuid.UUID) }
		if errors.As(err, &row) {
			org, id := row.Damaged()
			v.found(Finding{Verdict: Tampered, Check: "row", Org: org, ID: id, Index: -1, What: "the row is damaged; those behind it were not looked at"})
			v.rows.halted = true
			return nil
		}
		var bad *badLineError
		if errors.As(err, &bad) {
			v.found(Finding{Verdict: Tampered, Check: "row", Index: -1, What: bad.Error() + "; those behind it were not looked at"})
			v.rows.halted = true
			err = nil
		}
		if err != nil {
			return err
		}
		for i := range events {
			if err := v.row(&events[i].Event, events[i].Position); err != nil {
				return err
			}
		}
		v.report.Events += int64(len(events))
		if v.opts.Progress != nil {
			v.opts.Progress(v.report.Events)
		}
		if len(events) == 0 || v.rows.halted {
			break
		}
		at = next
	}
	v.report.Unsealed = int64(len(v.rows.unsealed))
	for _, x := range v.rows.erased {
		switch {
		case v.rows.erasures[x.eventKey]:
		case v.rows.claimed[x.eventKey]:
			v.found(Finding{Verdict: Undecided, Check: "erasure", Org: x.org, ID: x.id, Index: x.index, Since: x.since,
				What: "the row was emptied, and the record that tells why is not sealed yet; verify again when it is, or with the keys"})
		default:
			v.found(Finding{Verdict: Tampered, Check: "erasure", Org: x.org, ID: x.id, Index: x.index, Since: x.since,
				What: "the row was emptied, and no record of an erasure tells why"})
		}
	}
	return nil
}

// open prepares the walk through a tree.
func (v *verification) open(t *treeCheck) error {
	org := t.tree.Org
	t.cursor = newCursor(v.src, t.number, 0, func(what string) { v.tampered("tile", org, "tree: %s", what) })
	if len(t.seals) == 0 {
		v.tampered("tree", org, "the root log tells nothing of the tree")
		return nil
	}
	last := &t.seals[len(t.seals)-1]
	switch {
	case v.live != nil:
		v.live.settledTree(v, t, last)
	default:
		t.tree.Gone = last.Gone
	}
	at, _, err := v.checkpoint(t.number, streamOrigin(v.origin, t.tree.Stream))
	if what, ok := isDamaged(err); ok {
		v.tampered("root", org, "tree: %s", what)
	} else if err != nil {
		return err
	} else if at.N != last.Size || at.Hash != last.Hash {
		v.tampered("root", org, "the checkpoint of the tree is not the one that the root log tells of")
	}
	t.cursor.size, t.cursor.min = last.Size, t.min
	err = t.cursor.start(max(t.from, t.min))
	if what, ok := isDamaged(err); ok {
		t.broken = true
		v.tampered("entry", org, "tree: %s", what)
		return nil
	}
	if err != nil {
		return err
	}
	for t.at < len(t.seals) && t.seals[t.at].Size < t.cursor.f.size {
		t.at++
	}
	return v.sealedHere(t, t.cursor.f.size-1)
}

// row checks one row.
func (v *verification) row(e *activitylog.Event, at activitylog.Position) error {
	t := v.byOrg[e.Org]
	var x *sealedEntry
	if t != nil {
		var err error
		if x, err = v.match(t, e.ID); err != nil {
			return err
		}
	}
	if x == nil {
		v.unsealed(t, e)
		return nil
	}
	for _, u := range v.rows.unsealed {
		v.found(Finding{Verdict: Tampered, Check: "inserted", Org: u.org, ID: u.id, Index: -1,
			What: "the row was never sealed although later ones were: it was inserted, or its seal removed"})
	}
	v.rows.unsealed, v.rows.at = nil, at
	since := t.sealedAt(x.index)
	if v.live != nil && v.opts.Keys != nil && x.place != placeOf(at) {
		v.found(Finding{Verdict: Tampered, Check: "place", Org: e.Org, ID: e.ID, Index: x.index, Since: since,
			What: "the row stands in another place of the log than when it was sealed"})
	}
	if x.adopted != nil {
		if v.bundle != nil && v.bundle.hidden != 0 {
			v.report.Hidden++ // its hash is of all of it
			return nil
		}
		if string(contentHash(e)) != string(x.adopted.Hash) {
			v.found(Finding{Verdict: Tampered, Check: "row", Org: e.Org, ID: e.ID, Index: x.index, Since: since, What: "the row was changed after it was sealed"})
		}
		return nil
	}
	v.note(e)
	leaf, mac, ok := splitMAC(e.Leaf)
	if !ok || string(leaf) != string(x.bytes) || v.macs != nil && !equalMAC(mac, v.macs.mac("row", leaf)) {
		v.found(Finding{Verdict: Tampered, Check: "leaf", Org: e.Org, ID: e.ID, Index: x.index, Since: since, What: "the evidence in the row is not what was sealed"})
	}
	v.compare(e, x.leaf, x.index, since)
	return nil
}

// compare holds a row to its leaf.
func (v *verification) compare(e *activitylog.Event, l *Leaf, index int64, since time.Time) {
	wrong, erased := v.room.differences(e, l, nil)
	if len(wrong) > 0 {
		v.found(Finding{Verdict: Tampered, Check: "row", Org: e.Org, ID: e.ID, Index: index, Since: since,
			What: "the row differs from its evidence in: " + strings.Join(wrong, ", ")})
	}
	if erased != 0 && v.bundle != nil && erased&^v.bundle.hides() == 0 {
		v.report.Hidden++
		return
	}
	if erased != 0 {
		v.report.Erased++
		v.rows.erased = append(v.rows.erased, erasedRow{eventKey{e.Org, e.ID}, index, since})
	}
}

// note remembers what an event tells about the log itself.
func (v *verification) note(e *activitylog.Event) {
	for _, id := range erasureOf(e) {
		v.rows.erasures[eventKey{e.Org, id}] = true
	}
	if x, ok := declaredBy(e); ok {
		v.rows.declared = &x
	}
}

// unsealed checks a row that no seal covers.
func (v *verification) unsealed(t *treeCheck, e *activitylog.Event) {
	if v.bundle != nil {
		v.found(Finding{Verdict: Tampered, Check: "inserted", Org: e.Org, ID: e.ID, Index: -1, What: "no seal covers the row: it was inserted, or stands there twice"})
		return
	}
	v.rows.unsealed = append(v.rows.unsealed, unsealedRow{e.Org, e.ID, e.Recorded})
	if len(e.Leaf) == 0 && !v.rows.stamped {
		return
	}
	leaf, _, _ := splitMAC(e.Leaf)
	if v.macs != nil {
		if _, reason := v.macs.authentic(e); reason != "" {
			v.found(Finding{Verdict: Tampered, Check: "mac", Org: e.Org, ID: e.ID, Index: -1, What: "a row that is not sealed yet cannot be believed: " + reason})
			return
		}
	}
	l, err := ParseLeaf(leaf)
	if err != nil {
		v.found(Finding{Verdict: Tampered, Check: "leaf", Org: e.Org, ID: e.ID, Index: -1, What: "the evidence in the row cannot be read"})
		return
	}
	v.rows.stamped = true
	v.rows.numbers = append(v.rows.numbers, l)
	v.compare(e, l, -1, time.Time{})
	p, purges := purgeOf(e)
	if v.macs == nil { // anybody can have written it
		for _, id := range erasureOf(e) {
			v.rows.claimed[eventKey{e.Org, id}] = true
		}
		if purges && t != nil {
			t.claimed.purge(p)
		}
		return
	}
	v.note(e)
	if purges && t != nil {
		t.tree.purge(p)
	}
}

// match returns the entry of an event, or nil.
func (v *verification) match(t *treeCheck, id uuid.UUID) (*sealedEntry, error) {
	if m, ok := t.missing[id]; ok {
		delete(t.missing, id)
		page, err := v.src.entries(t.number, m.index, t.cursor.size)
		if err != nil {
			return nil, err
		}
		x, err := parseEntry(page[0])
		return &sealedEntry{x, m.index, page[0], m.place}, err
	}
	for {
		x, err := v.advance(t)
		if err != nil || x == nil || x.id() == id {
			return x, err
		}
		t.missing[x.id()] = missingRow{x.index, x.place}
	}
}

// advance reads the next entry of a tree and compares its root where it was sealed.
func (v *verification) advance(t *treeCheck) (*sealedEntry, error) {
	for !t.broken {
		b, index, err := t.cursor.next()
		if what, ok := isDamaged(err); ok {
			t.broken = true
			v.tampered("entry", t.tree.Org, "tree: %s", what)
			return nil, nil
		}
		if err != nil || b == nil {
			return nil, err
		}
		if err := v.sealedHere(t, index); err != nil || t.broken {
			return nil, err
		}
		x, err := parseEntry(b)
		if err != nil || x.stream() != t.tree.Stream {
			v.found(Finding{Verdict: Tampered, Check: "entry", Org: t.tree.Org, Index: index, What: "a sealed entry is none of this tree"})
			continue
		}
		v.sealedEntry(t, &x, index)
		return &sealedEntry{x, index, b, t.cursor.place}, nil
	}
	return nil, nil
}

// sealedHere compares the root of the entries up to index, if it was signed.
func (v *verification) sealedHere(t *treeCheck, index int64) error {
	if t.at == len(t.seals) || t.seals[t.at].Size != t.cursor.f.size {
		return nil
	}
	root, err := t.cursor.f.root()
	if err != nil {
		return err
	}
	if root != t.seals[t.at].Hash {
		v.found(Finding{Verdict: Tampered, Check: "entry", Org: t.tree.Org, Index: index, Since: micro(t.seals[t.at].At),
			What: "the sealed entries up to this one are not those that were signed"})
		t.broken = true
	}
	t.at++
	return nil
}

// clockSkew is how far the clocks of writers may be ahead of the sealer's.
const clockSkew = 5 * time.Minute

// sealedEntry notes what an entry tells by itself.
func (v *verification) sealedEntry(t *treeCheck, x *entry, index int64) {
	v.report.Sealed++
	at := t.sealedAt(index)
	if late := micro(x.recorded()).Sub(at); late > clockSkew {
		v.found(Finding{Verdict: Tampered, Check: "time", Org: t.tree.Org, ID: x.id(), Index: index,
			What: fmt.Sprintf("the event says that it was recorded %v after it was sealed", late.Round(time.Second))})
	}
	if x.leaf != nil {
		v.rows.stamped = true
		v.numbers.add(x.leaf)
		return
	}
	if x.adopted.Reason == noLeaf && !v.rows.stamped {
		v.report.Adopted++
		return
	}
	v.found(Finding{Verdict: Tampered, Check: "adopted", Org: t.tree.Org, ID: x.id(), Index: index,
		What: fmt.Sprintf("when the event was sealed at %s, %s", at.Format(time.RFC3339), x.adopted.Reason)})
}

// sealedAt is when the entry was sealed.
func (t *treeCheck) sealedAt(index int64) time.Time {
	i, _ := slices.BinarySearchFunc(t.seals, index, func(s sealRecord, index int64) int { return cmp.Compare(s.Size, index+1) })
	if i < len(t.seals) {
		return micro(t.seals[i].At)
	}
	return time.Time{}
}

// finish checks the rest of a tree, and what became of rows that are gone.
func (v *verification) finish(t *treeCheck) error {
	for {
		x, err := v.advance(t)
		if err != nil {
			return err
		}
		if x == nil {
			break
		}
		t.missing[x.id()] = missingRow{x.index, x.place}
	}
	if !t.broken {
		if err := t.cursor.end(max(t.from, t.min)); err != nil {
			return err
		}
	}
	if v.rows.halted {
		return nil
	}
	gone, allowed := int64(len(t.missing))+max(0, t.min-t.from), t.tree.allowed()-t.before
	if gone > allowed && gone <= allowed+t.claimed.allowed() {
		v.found(Finding{Verdict: Undecided, Check: "gone", Org: t.tree.Org, Index: -1, What: fmt.Sprintf(
			"%d rows are gone, and the record of the purge that removed them is not sealed yet; verify again when it is, or with the keys", gone)})
		return nil
	}
	if gone <= allowed {
		if t.from > 0 && len(t.missing) > 0 { // a purge of older rows, which were not read, would allow it as well
			v.found(Finding{Verdict: Undecided, Check: "gone", Org: t.tree.Org, Index: -1, What: fmt.Sprintf(
				"%d rows since the earlier verification are gone; whether a purge took just them tells a verification from the beginning", len(t.missing))})
		}
		v.report.Purged += gone
		v.report.Pruned += t.min
		return nil
	}
	if allowed > 0 {
		v.tampered("gone", t.tree.Org, "%d rows are gone, but recorded purges removed %d", gone, allowed)
		return nil
	}
	for id, x := range t.missing {
		v.found(Finding{Verdict: Tampered, Check: "gone", Org: t.tree.Org, ID: id, Index: x.index, Since: t.sealedAt(x.index),
			What: "the row is gone, and no purge tells why"})
	}
	return nil
}
