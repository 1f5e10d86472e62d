package integrity

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
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

type evidenceTreeCheck struct {
	stream [16]byte
	hashes tlog.HashReader // of the signed tree; nil: it cannot be believed
	first  int64           // covered
	end    int64
	sealed time.Time
	page   []tlog.Hash                             // of the entries that were asked for last
	from   int64                                   // the first of them
	seen   map[int64]*[1 << tileHeight / 64]uint64 // indexes of events
	rows   int64
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

// tree checks the checkpoint of a tree against the root log, and that all hashes of the covered range lead to it.
func (v *evidenceCheck) tree(t *EvidenceTree, x *evidenceTreeCheck, root tlog.HashReader) error {
	folder := treesFolder + t.Name
	at, _, ok, err := v.signed(folder, streamOrigin(v.m.Origin, x.stream), t.Org)
	if err != nil || !ok {
		return err
	}
	rootSize, err := sizeIn([]byte(v.report.Root))
	if err != nil {
		return err
	}
	told, err := holds(root, rootSize, t.Seal.Index, t.Seal.Entry)
	if err != nil {
		return err
	}
	r, err := parseRootEntry(t.Seal.Entry)
	if !told || err != nil || r.seal == nil || r.seal.Stream != x.stream || r.seal.Size != at.N || r.seal.Hash != at.Hash {
		v.tampered("root", t.Org, "the checkpoint of the tree is not the one that the root log tells of")
		return nil
	}
	if t.End > at.N {
		v.tampered("entry", t.Org, "the pack covers %d entries of a tree of %d", t.End, at.N)
		return nil
	}
	if x.sealed = micro(r.seal.At); x.sealed.After(v.report.AsOf) {
		v.report.AsOf = x.sealed
	}
	hashes := tlog.TileHashReader(at, &fileTiles{v.files, folder})
	err = readAll(hashes, t.First, t.End, func(int64, tlog.Hash) error { return v.ctx.Err() })
	if errors.Is(err, ErrBundle) || v.ctx.Err() != nil {
		return err
	}
	if err != nil {
		v.tampered("tile", t.Org, "the hashes of the covered entries do not lead to the signed root")
		return nil
	}
	x.hashes = hashes
	return nil
}

// events checks the files of events against each other and against the trees.
func (v *evidenceCheck) events() error {
	rows, err := openLines(v.files, eventsName)
	if err != nil {
		return err
	}
	defer rows.file.Close()
	proofs, err := openLines(v.files, proofsName)
	if err != nil {
		return err
	}
	defer proofs.file.Close()
	lines, cells := newCounted(), newCounted()
	var table export.Writer
	if v.m.Table != nil {
		if table, err = export.NewCSV(cells, &export.CSVOptions{Columns: v.m.Table.Columns, BOM: v.m.Table.BOM}); err != nil {
			return unreadable("%v", err)
		}
	}
	var last activitylog.Key
	for {
		line, err := rows.next()
		if err != nil {
			return err
		}
		proof, err := proofs.next()
		if err != nil {
			return err
		}
		if line == nil || proof == nil {
			if (line == nil) != (proof == nil) {
				return unreadable("%s and %s have not equally many lines", eventsName, proofsName)
			}
			break
		}
		lines.Write(line)
		lines.Write([]byte{'\n'})
		e, err := parseLine(line)
		if err != nil {
			v.tampered("row", "", "%v; those behind it were not looked at", rows.bad(err))
			return nil
		}
		if key := activitylog.KeyOf(&e); v.report.Rows > 0 && (v.m.Order == "oldest") != (last.Compare(key) < 0) {
			v.tampered("row", e.Org, "line %d of %s is out of its order", rows.n, eventsName)
		} else {
			last = key
		}
		if table != nil {
			if err := table.Write(&e); err != nil {
				return err
			}
		}
		if err := v.event(&e, proof); err != nil {
			return err
		}
		if v.report.Rows++; v.opts.Progress != nil && v.report.Rows%rowBatch == 0 {
			v.opts.Progress(v.report.Rows)
		}
	}
	v.same(lines, &v.m.Events)
	if v.report.Rows != v.m.Rows {
		v.tampered("manifest", "", "there are %d events; the manifest tells of %d", v.report.Rows, v.m.Rows)
	}
	for i, t := range v.m.Trees {
		v.report.LeftOut += t.End - t.First - v.trees[i].rows
		if v.trees[i].rows != t.Rows {
			v.tampered("manifest", t.Org, "there are %d events of the organization; the manifest tells of %d", v.trees[i].rows, t.Rows)
		}
	}
	if table == nil {
		return nil
	}
	if err := table.Close(); err != nil {
		return err
	}
	return v.table(cells)
}

// same compares a file with what the manifest says of it.
func (v *evidenceCheck) same(c *counted, want *EvidenceFile) {
	if got := c.file(want.Name); got != *want {
		v.tampered("manifest", "", "%s is not the file of which the manifest tells: SHA-256 %s", want.Name, got.SHA256)
	}
}

// table compares the table with the one that follows from the events.
func (v *evidenceCheck) table(want *counted) error {
	f, err := v.files.Open(csvName)
	if err != nil {
		return unreadable("%v", err)
	}
	defer f.Close()
	got := newCounted()
	if _, err := io.Copy(got, io.LimitReader(f, want.n+1)); err != nil {
		return unreadable("%s: %v", csvName, err)
	}
	v.same(got, &v.m.Table.EvidenceFile)
	if !bytes.Equal(got.sum.Sum(nil), want.sum.Sum(nil)) {
		v.tampered("table", "", "%s does not show the events of %s: that would have the SHA-256 %s", csvName, eventsName, hex.EncodeToString(want.sum.Sum(nil)))
	}
	return nil
}

// event checks one event and the line that proves it.
func (v *evidenceCheck) event(e *activitylog.Event, line []byte) error {
	var p provedLine
	if err := json.Unmarshal(line, &p); err != nil || p.Tree < 0 || p.Tree >= len(v.trees) {
		return unreadable("a line of %s proves nothing: %v", proofsName, err)
	}
	t, x := &v.m.Trees[p.Tree], &v.trees[p.Tree]
	wrong := func(format string, args ...any) {
		v.found(Finding{Verdict: Tampered, Check: "row", Org: e.Org, ID: e.ID, Index: p.Index, Since: x.sealed, What: fmt.Sprintf(format, args...)})
	}
	if x.hashes == nil {
		return nil // told already
	}
	if p.Index < t.First || p.Index >= t.End || e.Org != t.Org {
		wrong("the event stands in another range or organization than the pack covers")
		return nil
	}
	hash, err := x.hash(p.Index)
	if err != nil {
		return err
	}
	if hash != tlog.RecordHash(p.Entry) {
		wrong("the entry of the event is not the one in the signed tree")
		return nil
	}
	if x.mark(p.Index) {
		wrong("the event stands there twice")
	}
	entry, err := parseEntry(p.Entry)
	if err != nil || entry.stream() != x.stream || entry.id() != e.ID {
		wrong("the entry is of another event")
		return nil
	}
	partly := v.content(e, &entry, p.Entry, wrong)
	if partly {
		v.report.Partly++
	} else if !v.filter.Match(e) {
		wrong("the filter of the pack does not mean the event")
	}
	return nil
}

// content compares an event with its entry, and tells whether parts of it are not proved.
func (v *evidenceCheck) content(e *activitylog.Event, x *entry, entry []byte, wrong func(string, ...any)) (partly bool) {
	var hidden func(int)
	if v.m.Hidden {
		hidden = func(int) { partly = true }
	}
	if x.adopted != nil {
		differ, erased, open := v.room.adoptedDiffers(e, x.adopted, hidden)
		if len(differ) > 0 {
			wrong("the event was changed after it was sealed, in: %s", strings.Join(differ, ", "))
		}
		return partly || erased != 0 || len(open) > 0
	}
	if leaf, _, ok := splitMAC(e.Leaf); len(e.Leaf) > 0 && (!ok || !bytes.Equal(leaf, entry)) {
		wrong("the evidence in the event is not what was sealed")
	}
	differ, erased := v.room.differences(e, x.leaf, hidden)
	if len(differ) > 0 {
		wrong("the event differs from its evidence in: %s", strings.Join(differ, ", "))
	}
	return partly || erased != 0
}

// hash returns the hash of a covered entry. Events that follow each other are often near each other in their tree.
func (x *evidenceTreeCheck) hash(index int64) (tlog.Hash, error) {
	if i := index - x.from; i >= 0 && i < int64(len(x.page)) {
		return x.page[i], nil
	}
	x.from, x.page = max(x.first, index>>tileHeight<<tileHeight), x.page[:0]
	err := readAll(x.hashes, x.from, min(x.end, (index>>tileHeight+1)<<tileHeight), func(_ int64, h tlog.Hash) error {
		x.page = append(x.page, h)
		return nil
	})
	if err != nil {
		return tlog.Hash{}, err
	}
	return x.page[index-x.from], nil
}

// mark notes that an event of the entry was seen, and tells whether one was before.
func (x *evidenceTreeCheck) mark(index int64) (twice bool) {
	n, bit := index>>tileHeight, index&(1<<tileHeight-1)
	if x.seen[n] == nil {
		x.seen[n] = &[1 << tileHeight / 64]uint64{}
	}
	word, mask := &x.seen[n][bit/64], uint64(1)<<(bit%64)
	if twice = *word&mask != 0; !twice {
		x.rows++
	}
	*word |= mask
	return twice
}

// IsEvidence tells whether files are an evidence pack rather than a bundle.
func IsEvidence(files fs.FS) bool {
	text, err := readFile(files, manifestName, maxManifest)
	var m struct{ Format string }
	return err == nil && json.Unmarshal(text, &m) == nil && m.Format == evidenceFormat
}
