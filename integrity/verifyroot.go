package integrity

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// root checks the root log: its signature, its entries, and that it continues what was known of it.
func (v *verification) root() error {
	if !v.sealed && v.trees[0] == nil {
		if len(v.opts.Known) > 0 {
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
	var wrong *damagedError
	if errors.As(err, &wrong) {
		v.tampered("root", "", "root log: %s; none of the seals can be believed", wrong.what)
		return nil
	}
	if err != nil {
		return err
	}
	v.report.Root = string(text)
	if t := v.trees[0]; t == nil || t.tree.Size != head.N || string(t.tree.Hash) != string(head.Hash[:]) {
		v.tampered("state", "", "the state of the root log is not the one that was signed")
	}
	if v.sealed && v.head.Root != head.N {
		v.tampered("state", "", "the place of the sealer is not that of the newest seal")
	}
	known := v.known(head)
	c := &cursor{tx: v.tx, size: head.N, wrong: func(what string) { v.tampered("tile", "", "root log: %s", what) }}
	byStream := map[[16]byte]*treeCheck{}
	for _, t := range v.trees {
		byStream[t.tree.Stream] = t
	}
	var last int64
	var holds uint32 // the key
	for c.f.size < head.N {
		b, index, err := c.next()
		if errors.As(err, &wrong) {
			v.tampered("root", "", "root log: %s", wrong.what)
			return nil
		}
		if err != nil {
			return err
		}
		r, err := parseRootEntry(b)
		if err != nil {
			v.tampered("root", "", "root log, entry %d: %v", index, err)
			continue
		}
		at, key := r.made()
		if at < last {
			v.tampered("time", "", "root log: entry %d is older than the one before", index)
		}
		if index > 0 && key != holds {
			v.tampered("key", "", "root log: entry %d was made under a key that did not hold then", index)
		}
		last, holds = at, key
		switch {
		case r.seal != nil:
			v.seal(byStream, r.seal)
		case r.next != nil:
			next, err := v.next(r.next, index)
			if err != nil {
				v.tampered("key", "", "root log: entry %d hands over to another key without the signature of the one before", index)
				break
			}
			holds = next.KeyHash()
		}
		if err := v.compareKnown(known, c); err != nil {
			return err
		}
	}
	if v.headKey != holds {
		v.tampered("key", "", "the root log is signed with a key that holds no longer")
	}
	hash, err := c.f.root()
	if err != nil {
		return err
	}
	if hash != head.Hash {
		v.tampered("root", "", "the entries of the root log are not those that were signed")
	}
	v.report.AsOf = micro(last)
	if t := v.trees[0]; t != nil && t.tree.Sealed != last {
		v.tampered("state", "", "the state of the root log tells another time than its newest entry")
	}
	if silence := v.now().Sub(micro(last)); v.opts.MaxSilence > 0 && silence > v.opts.MaxSilence {
		v.found(Finding{Verdict: Undecided, Check: "silence", Index: -1, Since: micro(last),
			What: "nothing was sealed for too long: sealing stands still, or the database was set back"})
	}
	return c.end()
}

func (v *verification) now() time.Time {
	if v.opts.Now != nil {
		return v.opts.Now()
	}
	return time.Now()
}

// seal notes what the root log says of a tree.
func (v *verification) seal(byStream map[[16]byte]*treeCheck, s *sealRecord) {
	t := byStream[s.Stream]
	if t == nil || t.number == 0 {
		v.tampered("tree", "", "the root log tells of a tree that is gone: all of an organization was removed")
		return
	}
	var before int64
	if n := len(t.seals); n > 0 {
		before = t.seals[n-1].Size
	}
	if s.Previous != before || s.Size <= before {
		v.tampered("root", t.tree.Org, "the root log does not tell the seals of the tree one after the other")
	}
	t.seals = append(t.seals, *s)
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
	v.verifiers = slices.Clone(v.opts.Verifiers)
	for p, err := range v.tx.Range(numberKey('l', 0), numberKey('l', 1)) {
		if err != nil {
			return err
		}
		if !bytes.Contains(p.Value, []byte(keyPrefix)) {
			continue
		}
		entries, err := splitSegment(p.Value)
		if err != nil || len(p.Key) != len(segmentKey(0, 0)) {
			continue
		}
		for i, b := range entries {
			r, err := parseRootEntry(b)
			if err != nil || r.next == nil {
				continue
			}
			if next, err := r.next.verifier(lastOf(p.Key)-int64(len(entries)-1-i), v.verifiers); err == nil && !v.knows(next) {
				v.verifiers = append(v.verifiers, next)
			}
		}
	}
	return nil
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
