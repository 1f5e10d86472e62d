package integrity

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// fileTiles reads tiles of a pack, for tlog.TileHashReader, which authenticates them.
type fileTiles struct {
	files  fs.FS
	folder string
}

func (f *fileTiles) Height() int                     { return tileHeight }
func (f *fileTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *fileTiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(list))
	for i, t := range list {
		b, err := readFile(f.files, f.folder+"/"+tilePath(t), maxTile)
		if err != nil {
			return nil, err
		}
		if len(b) != t.W*tlog.HashSize {
			return nil, unreadable("%s/%s has %d bytes", f.folder, tilePath(t), len(b))
		}
		data[i] = b
	}
	return data, nil
}

// signed opens a checkpoint. What is wrong with it is a finding.
func (v *evidenceCheck) signed(folder, origin, org string) (at tlog.Tree, text []byte, ok bool, err error) {
	if text, err = readFile(v.files, folder+"/checkpoint", maxCheckpoint); err != nil {
		return at, nil, false, err
	}
	at, _, wrong := openCheckpoint(text, origin, v.verifiers)
	if wrong != nil {
		v.tampered("root", org, "%s", strings.TrimSpace(wrong.Error()))
		return at, nil, false, nil
	}
	return at, text, true, nil
}

// root checks the checkpoint of the root log, and what was kept of it. It returns nil if it cannot be believed.
func (v *evidenceCheck) root() (tlog.HashReader, error) {
	for _, k := range v.m.Keys {
		r, err := parseRootEntry(k.Entry)
		if err != nil || r.next == nil {
			return nil, unreadable("a key in %s is none", manifestName)
		}
		if next, err := r.next.verifier(k.Index, v.verifiers); err == nil {
			v.verifiers = append(v.verifiers, next)
		}
	}
	at, text, ok, err := v.signed(rootFolder, v.m.Origin, "")
	if err != nil || !ok {
		return nil, err
	}
	v.report.Root = string(text)
	hashes := tlog.TileHashReader(at, &fileTiles{v.files, rootFolder})
	for _, k := range v.m.Keys {
		if ok, err := holds(hashes, at.N, k.Index, k.Entry); err != nil {
			return nil, err
		} else if !ok {
			v.tampered("key", "", "root log: entry %d is not the one that hands over to another key", k.Index)
		}
	}
	if err := v.receipts(hashes, at); err != nil {
		return nil, err
	}
	return hashes, v.known(hashes, at)
}

// known compares checkpoints that were kept elsewhere.
func (v *evidenceCheck) known(hashes tlog.HashReader, at tlog.Tree) error {
	kept := slices.Clone(v.opts.Known)
	if v.m.Anchors > 0 {
		text, err := readFile(v.files, anchorsName, maxManifest)
		if err != nil {
			return err
		}
		anchors := ReadCheckpoints(text)
		if len(anchors) != v.m.Anchors {
			return unreadable("%s has %d checkpoints; %s tells of %d", anchorsName, len(anchors), manifestName, v.m.Anchors)
		}
		kept = append(kept, anchors...)
	}
	for _, b := range kept {
		was, _, err := openCheckpoint(b, v.m.Origin, v.verifiers)
		if err != nil {
			v.found(Finding{Verdict: Undecided, Check: "known", Index: -1, What: "a checkpoint that was kept elsewhere cannot be believed: " + err.Error()})
			continue
		}
		if was.N > at.N {
			v.found(Finding{Verdict: Undecided, Check: "known", Index: -1, What: fmt.Sprintf("a checkpoint that was kept elsewhere is newer than the pack: %d entries of %d", at.N, was.N)})
			continue
		}
		hash, err := tlog.TreeHash(was.N, hashes)
		if errors.Is(err, ErrBundle) {
			v.found(Finding{Verdict: Undecided, Check: "known", Index: -1, What: fmt.Sprintf(
				"the pack has no hashes that lead to the checkpoint with %d entries; give it to the export with --known", was.N)})
			continue
		}
		if err != nil || hash != was.Hash {
			v.tampered("known", "", "the first %d entries of the root log are not those that were kept elsewhere: the log was rewritten", was.N)
		}
	}
	return nil
}

// holds tells whether a tree has an entry at an index. Hashes that lead nowhere are no error but false.
func holds(hashes tlog.HashReader, size, index int64, entry []byte) (bool, error) {
	if index < 0 || index >= size {
		return false, nil
	}
	h, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if errors.Is(err, ErrBundle) {
		return false, err
	}
	return err == nil && h[0] == tlog.RecordHash(entry), nil
}
