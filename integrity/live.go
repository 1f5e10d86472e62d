package integrity

import (
	"bytes"
	"context"
	"fmt"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
)

// live is a database at one moment. It has more than a bundle, which is checked too: what the sealer keeps beside the
// trees, tiles of all hashes, and indexes.
type live struct {
	activitylog.Tailer
	spaces activitylog.Spacer
	tx     activitylog.SpaceTx
	keys   *WriterKeys // nil: it is not known who wrote what is not signed

	sealed bool // whether there is any seal
	head   head
	root   *tree // the state of the root log; nil: there is none
}

// trees reads what the sealer keeps beside the trees.
func (l *live) trees(v *verification) error {
	b, ok, err := l.tx.Get(headKey)
	if err != nil {
		return err
	}
	if l.sealed = ok; ok {
		if err := l.keys.openRow(headKey, b, &l.head); err != nil {
			v.tampered("state", "", "the place of the sealer cannot be believed: %v", err)
		}
	}
	if err := l.anchors(v); err != nil {
		return err
	}
	numbers := map[string]uint32{}
	for p, err := range l.tx.Range([]byte("o"), []byte("p")) {
		if err != nil {
			return err
		}
		var n uint32
		if err := l.keys.openRow(p.Key, p.Value, &n); err != nil {
			v.tampered("state", string(p.Key[1:]), "the number of a tree cannot be believed: %v", err)
		}
		numbers[string(p.Key[1:])] = n
	}
	for p, err := range l.tx.Range([]byte("s"), []byte("t")) {
		if err != nil {
			return err
		}
		var t tree
		if err := l.keys.openRow(p.Key, p.Value, &t); err != nil || len(p.Key) != 5 {
			v.tampered("state", t.Org, "what is known of a tree cannot be believed: %v", err)
			continue
		}
		number := numberOf(p.Key)
		if number == 0 {
			l.root = &t
			continue
		}
		if n, ok := numbers[t.Org]; !ok || n != number || v.byOrg[t.Org] != nil {
			v.tampered("state", t.Org, "the organization has not exactly one tree")
		}
		v.add(number, t)
	}
	if !l.sealed && (l.root != nil || len(v.trees) > 0) {
		v.tampered("state", "", "the place of the sealer is gone")
	}
	return l.strangers(v)
}

// strangers looks for rows that no sealer writes: between the kinds of rows, and of trees that nothing else knows.
func (l *live) strangers(v *verification) error {
	last := []byte{0xff, 0xff, 0xff, 0xff, 0xff}
	ranges := [][2][]byte{
		{nil, []byte("a")}, {[]byte("c"), numberKey('c', 0)}, {[]byte("d"), headKey}, {append(bytes.Clone(headKey), 0), numberKey('l', 0)}, {[]byte("m"), []byte("o")},
		{[]byte("p"), numberKey('p', 0)}, {[]byte("q"), []byte("s")}, {[]byte("t"), numberKey('t', 0)}, {[]byte("u"), nil},
	}
	numbers := []uint32{0}
	for _, t := range v.sorted() {
		numbers = append(numbers, t.number)
	}
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
		for p, err := range l.tx.Range(r[0], r[1]) {
			if err != nil {
				return err
			}
			v.tampered("state", "", "row %x among the seals is none that a sealer writes", p.Key)
			break
		}
	}
	return nil
}

func (l *live) checkpoint(number uint32) ([]byte, error) {
	b, _, err := l.tx.Get(numberKey('c', number))
	return b, err
}

// pageSize is how many entries are read ahead. There may be as many trees as organizations.
const pageSize = 256

func (l *live) entries(number uint32, from, end int64) ([][]byte, error) {
	var page [][]byte
	at := from
	for p, err := range l.tx.Range(segmentKey(number, at), segmentKey(number, min(at+pageSize, end))) {
		if err != nil {
			return nil, err
		}
		entries, err := splitSegment(p.Value)
		if err != nil {
			return nil, damaged("%v", err)
		}
		if len(p.Key) != len(segmentKey(0, 0)) {
			return nil, damaged("entries from %d on are missing", from)
		}
		last := lastOf(p.Key)
		skip := at - (last - int64(len(entries)) + 1) // above 0 only in the first, where from lies within it
		if skip < 0 || skip >= int64(len(entries)) || skip > 0 && at > from {
			return nil, damaged("entries from %d on are missing", from)
		}
		page = append(page, entries[skip:]...)
		at = last + 1
	}
	if len(page) == 0 {
		return nil, damaged("entries from %d on are missing", from)
	}
	return page, nil
}

// places returns where the rows of n entries stood, from an index on.
func (l *live) places(number uint32, from int64, n int) (places []byte, err error) {
	end := from + int64(n)
	unbelievable := damaged("where the rows up to entry %d stood cannot be believed", end-1)
	for p, err := range l.tx.Range(placesKey(number, from), placesKey(number, end)) {
		if err != nil {
			return nil, err
		}
		var b []byte
		if err := l.keys.openRow(p.Key, p.Value, &b); err != nil || len(p.Key) != len(placesKey(0, 0)) || len(b)%placeSize != 0 {
			return nil, unbelievable
		}
		skip := from - (lastOf(p.Key) - int64(len(b)/placeSize) + 1) // above 0 only in the first
		if skip < 0 || skip*placeSize >= int64(len(b)) || skip > 0 && len(places) > 0 {
			return nil, unbelievable
		}
		places, from = append(places, b[skip*placeSize:]...), lastOf(p.Key)+1
	}
	if from != end {
		return nil, unbelievable
	}
	return places, nil
}

func (l *live) tile(number uint32, t tlog.Tile) ([]byte, error) {
	b, _, err := l.tx.Get(tileKey(number, t))
	return b, err
}

// settled compares what the sealer keeps beside the root log with the root log.
func (l *live) settled(v *verification, head tlog.Tree, newest int64) {
	if l.sealed && l.head.Root != head.N {
		v.tampered("state", "", "the place of the sealer is not that of the newest seal")
	}
	if t := l.root; t == nil || t.Size != head.N || string(t.Hash) != string(head.Hash[:]) {
		v.tampered("state", "", "the state of the root log is not the one that was signed")
	} else if t.Sealed != newest {
		v.tampered("state", "", "the state of the root log tells another time than its newest entry")
	}
}

// settledTree compares what the sealer keeps beside a tree with its newest seal.
func (l *live) settledTree(v *verification, t *treeCheck, last *sealRecord) {
	if s := &t.tree; s.Size != last.Size || string(s.Hash) != string(last.Hash[:]) || s.allowed() != last.Gone || s.Sealed != last.At || s.Min != t.min {
		v.tampered("state", t.tree.Org, "the state of the tree is not the one that was signed")
	}
}

// deep has the store and others check what they derived from the events.
func (l *live) deep(ctx context.Context, v *verification) error {
	if err := l.derived(v); err != nil {
		return err
	}
	store, ok := l.Tailer.(interface {
		Check(ctx context.Context, purged int64, behind activitylog.Position, number func(leaf []byte) (writer [8]byte, n uint64),
			found func(what, org string, id uuid.UUID)) error
	})
	if !ok {
		return nil
	}
	var purged int64
	for _, t := range v.trees {
		purged += t.tree.allowed()
	}
	return store.Check(ctx, purged, v.rows.at, numberIn, func(what, org string, id uuid.UUID) {
		v.found(Finding{Verdict: Tampered, Check: "derived", Org: org, ID: id, Index: -1, What: what})
	})
}

// leftOver looks for rows of a tree that should not be there, around what a cursor went through from an index on.
func (l *live) leftOver(c *cursor, from int64) error {
	want := c.whole
	for level := 0; from>>(level*tileHeight) > 0; level++ { // whole tiles before it
		whole := from >> ((level + 1) * tileHeight)
		want += whole - min(whole, c.min>>((level+1)*tileHeight))
	}
	var tiles int64
	prefix := numberKey('t', c.number)
	for _, err := range l.tx.Range(prefix, behind(prefix)) {
		if err != nil {
			return err
		}
		tiles++
	}
	if tiles != want {
		c.wrong(fmt.Sprintf("there are %d tiles where there should be %d", tiles, want))
	}
	for _, kind := range []byte("lp") {
		for _, r := range [][2]int64{{0, c.min}, {c.size, -1}} {
			to := behind(numberKey(kind, c.number))
			if r[1] >= 0 {
				to = entryKey(kind, c.number, r[1])
			}
			for _, err := range l.tx.Range(entryKey(kind, c.number, r[0]), to) {
				if err != nil {
					return err
				}
				what := "there are entries behind the signed end"
				if r[1] >= 0 {
					what = "there are entries that were pruned"
				}
				c.wrong(what)
				break
			}
		}
	}
	return nil
}
