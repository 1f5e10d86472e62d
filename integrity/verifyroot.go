package integrity

import (
	"bytes"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// root checks the root log: its signature, its entries, and that it continues what was known of it.
func (v *verification) root() error {
	if v.live != nil && !v.live.sealed && v.live.root == nil {
		if len(v.opts.Known) > 0 || v.since.Root != "" {
			v.tampered("known", "", "nothing is sealed, but there were seals before: they were removed, or the database was set back")
			return nil
		}
		v.found(Finding{Verdict: Undecided, Check: "root", Index: -1, What: "nothing was ever sealed, so that nothing can be proved"})
		return nil
	}
	if err := v.successors(); err != nil {
		return err
	}
	head, text, err := v.checkpoint(0, v.origin)
	if what, ok := isDamaged(err); ok {
		v.tampered("root", "", "root log: %s; none of the seals can be believed", what)
		return nil
	}
	if err != nil {
		return err
	}
	v.report.Root = string(text)
	w := rootWalk{v: v, known: v.known(head), byStream: map[[16]byte]*treeCheck{}}
	for _, t := range v.trees {
		w.byStream[t.tree.Stream] = t
	}
	w.c = newCursor(v.src, 0, head.N, func(what string) { v.tampered("tile", "", "root log: %s", what) })
	if ok, err := w.goOn(head); err != nil || !ok {
		return err
	}
	from := w.c.f.size
	for w.c.f.size < head.N {
		err := w.next()
		if what, ok := isDamaged(err); ok {
			v.tampered("root", "", "root log: %s", what)
			return nil
		}
		if err != nil {
			return err
		}
	}
	if v.headKey != w.holds {
		v.tampered("key", "", "the root log is signed with a key that holds no longer")
	}
	hash, err := w.c.f.root()
	if err != nil {
		return err
	}
	if hash != head.Hash {
		v.tampered("root", "", "the entries of the root log are not those that were signed")
	}
	v.report.AsOf = micro(w.last)
	if v.live != nil {
		v.live.settled(v, head, w.last)
	}
	if silence := v.opts.now().Sub(micro(w.last)); v.opts.MaxSilence > 0 && silence > v.opts.MaxSilence {
		v.found(Finding{Verdict: Undecided, Check: "silence", Index: -1, Since: micro(w.last),
			What: "nothing was sealed for too long: sealing stands still, or the database was set back"})
	}
	return w.c.end(from)
}

// rootWalk is the walk through the root log.
type rootWalk struct {
	v        *verification
	c        *cursor
	known    map[int64]tlog.Hash
	byStream map[[16]byte]*treeCheck
	last     int64  // the time of the entry before
	holds    uint32 // the key that holds
}

// next checks the next entry.
func (w *rootWalk) next() error {
	v := w.v
	b, index, err := w.c.next()
	if err != nil {
		return err
	}
	r, err := parseRootEntry(b)
	if err != nil {
		v.tampered("root", "", "root log, entry %d: %v", index, err)
		return nil
	}
	at, key := r.made()
	if at < w.last {
		v.tampered("time", "", "root log: entry %d is older than the one before", index)
	}
	if index > 0 && key != w.holds {
		v.tampered("key", "", "root log: entry %d was made under a key that did not hold then", index)
	}
	w.last, w.holds = at, key
	switch {
	case r.seal != nil:
		v.seal(w.byStream, r.seal)
	case r.prune != nil:
		v.pruned(w.byStream, r.prune)
	case r.next != nil:
		next, err := v.next(r.next, index)
		if err != nil {
			v.tampered("key", "", "root log: entry %d hands over to another key without the signature of the one before", index)
			break
		}
		w.holds = next.KeyHash()
	}
	return v.compareKnown(w.known, w.c)
}

// seal notes what the root log says of a tree.
func (v *verification) seal(byStream map[[16]byte]*treeCheck, s *sealRecord) {
	t := byStream[s.Stream]
	if t == nil {
		v.unknownTree()
		return
	}
	var before int64
	if n := len(t.seals); n > 0 {
		before = t.seals[n-1].Size
	}
	if s.Previous != before || s.Size <= before || s.Min != t.min {
		v.tampered("root", t.tree.Org, "the root log does not tell the seals of the tree one after the other")
	}
	t.seals = append(t.seals, *s)
}

// unknownTree is told of a tree of which there is nothing. A bundle of one organization leaves the others out.
func (v *verification) unknownTree() {
	if v.bundle != nil && !v.bundle.whole() {
		v.report.Others++
		return
	}
	v.tampered("tree", "", "the root log tells of a tree that is gone: all of an organization was removed")
}

// known opens the checkpoints that were kept elsewhere, by their sizes.
func (v *verification) known(head tlog.Tree) map[int64]tlog.Hash {
	known := map[int64]tlog.Hash{}
	for _, b := range v.opts.Known {
		t, _, err := openCheckpoint(b, v.origin, v.verifiers)
		if err != nil {
			v.found(Finding{Verdict: Undecided, Check: "known", Index: -1, What: "a checkpoint that was kept elsewhere cannot be believed: " + err.Error()})
			continue
		}
		if other, ok := known[t.N]; ok && other != t.Hash {
			v.tampered("known", "", "two checkpoints that were kept elsewhere contradict each other: the log was forked")
		}
		if known[t.N] = t.Hash; t.N > head.N {
			v.tampered("known", "", "the root log had %d entries and has %d now: the database was set back to an older state", t.N, head.N)
		}
	}
	v.knownToAnchors(known, head)
	return known
}

func (v *verification) compareKnown(known map[int64]tlog.Hash, c *cursor) error {
	want, ok := known[c.f.size]
	if !ok {
		return nil
	}
	got, err := c.f.root()
	if err == nil && got != want {
		v.tampered("known", "", "the first %d entries of the root log are not those that were kept elsewhere: the log was rewritten", c.f.size)
	}
	return err
}

// successors finds the keys to which those that are known handed over. What it reads is checked later.
func (v *verification) successors() error {
	v.verifiers = append(slices.Clone(v.opts.Verifiers), v.since.verifiers...)
	for index := v.since.size; ; {
		page, err := v.src.entries(0, index, math.MaxInt64)
		if _, ok := isDamaged(err); ok { // the end, or told of later
			return nil
		}
		if err != nil {
			return err
		}
		for _, b := range page {
			if bytes.HasPrefix(b, []byte(keyPrefix)) {
				v.successor(b, index)
			}
			index++
		}
	}
}

// successor adds the key to which an entry hands over.
func (v *verification) successor(entry []byte, index int64) {
	r, err := parseRootEntry(entry)
	if err != nil {
		return
	}
	if next, err := r.next.verifier(index, v.verifiers); err == nil && !v.knows(next) {
		v.verifiers, v.handedTo = append(v.verifiers, next), append(v.handedTo, r.next.Next)
	}
}

func (v *verification) knows(next note.Verifier) bool { return v.knowsHash(next.KeyHash()) }

func (v *verification) knowsHash(hash uint32) bool {
	return slices.ContainsFunc(v.verifiers, func(k note.Verifier) bool { return k.KeyHash() == hash })
}

// next is the key to which an entry hands over. Who knows only a later key has its word for all that came before.
func (v *verification) next(r *keyRecord, index int64) (note.Verifier, error) {
	if !v.knowsHash(r.Key) {
		return note.NewVerifier(r.Next)
	}
	return r.verifier(index, v.verifiers)
}
