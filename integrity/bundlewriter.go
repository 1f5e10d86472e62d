package integrity

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/internal/decision"
	"golang.org/x/mod/sumdb/note"
)

// BundleOptions say what goes into a bundle.
type BundleOptions struct {
	Verifiers []note.Verifier   // the public keys of the log; required
	Org       string            // only the tree and the rows of this organization; empty: all
	Hide      activitylog.Parts // parts of events that whoever gets it may not see; what they were stays proved
	Now       func() time.Time
}

// WriteBundle writes all that is sealed at this moment into files with which VerifyBundle, or the verifier in
// scripts/verify.py, needs no database: entries, checkpoints, the root log, the rows with their openings and the receipts
// of anchors. Names of other organizations are not in the bundle of one; how many there are and when they were sealed is,
// in the root log. The error wraps ErrNotSealed if a purge or an erasure was recorded and not sealed yet: then seal first.
func WriteBundle(ctx context.Context, store activitylog.Store, to Files, opts *BundleOptions) (*Manifest, error) {
	if opts == nil || len(opts.Verifiers) == 0 {
		return nil, fmt.Errorf("integrity: %w: a bundle needs the public key of the log", activitylog.ErrInvalid)
	}
	if opts.Hide&^activitylog.AllParts != 0 {
		return nil, fmt.Errorf("integrity: %w: Hide has what is no part of an event; combine those of activitylog.AllParts", activitylog.ErrInvalid)
	}
	snap, ok := store.(snapshotter)
	if !ok {
		return nil, fmt.Errorf("integrity: this store cannot be read as of one moment: %w", errors.ErrUnsupported)
	}
	w := &bundleWriter{ctx: ctx, to: to, opts: opts}
	w.m = Manifest{Format: bundleFormat, Origin: opts.Verifiers[0].Name(), Made: time.Now().UTC(), Org: opts.Org, Trees: []BundleTree{}}
	if opts.Now != nil {
		w.m.Made = opts.Now().UTC()
	}
	w.m.Hidden = partNames(opts.Hide)
	err := snap.Snapshot(ctx, func(tail activitylog.Tailer, spaces activitylog.Spacer) error {
		return spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
			if w.src != nil {
				return errors.New("the database was too busy; write the bundle again")
			}
			w.src = &live{Tailer: tail, tx: tx}
			return w.write()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("integrity: bundle: %w", err)
	}
	return &w.m, nil
}

// partNames are the names of parts, but for the message, which goes with any.
func partNames(p activitylog.Parts) (names []string) {
	for g := range textGroup {
		if p>>g&1 != 0 {
			names = append(names, groupNames[g])
		}
	}
	return names
}

type bundleWriter struct {
	ctx  context.Context
	to   Files
	opts *BundleOptions
	src  *live
	m    Manifest
}

func (w *bundleWriter) write() error {
	if err := w.tree(0, rootFolder, 0); err != nil {
		return fmt.Errorf("root log: %w", err)
	}
	for p, err := range w.src.tx.Range([]byte("s"), []byte("t")) {
		if err != nil {
			return err
		}
		var t tree
		if err := w.src.keys.openRow(p.Key, p.Value, &t); err != nil || len(p.Key) != 5 {
			return errors.New("what is known of a tree cannot be read; verify the log")
		}
		if numberOf(p.Key) == 0 || w.opts.Org != "" && t.Org != w.opts.Org {
			continue
		}
		name := streamName(t.Stream)
		if err := w.tree(numberOf(p.Key), treesFolder+name, t.Min); err != nil {
			return fmt.Errorf("organization %q: %w", t.Org, err)
		}
		w.m.Trees = append(w.m.Trees, BundleTree{Name: name, Org: t.Org})
	}
	if w.opts.Org != "" && len(w.m.Trees) == 0 {
		return fmt.Errorf("organization %q: %w", w.opts.Org, ErrNotSealed)
	}
	if err := w.rows(); err != nil {
		return err
	}
	var receipts receiptsOut
	if err := w.src.receipts(receipts.add); err != nil {
		return err
	}
	if w.m.Receipts = receipts.count; w.m.Receipts > 0 {
		if err := w.file(receiptsName, receipts.text); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(&w.m, "", "  ")
	if err != nil {
		return err
	}
	return w.file(manifestName, append(text, '\n'))
}

func (w *bundleWriter) file(name string, b []byte) error {
	f, err := w.to.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return err
}

// tree writes the checkpoint and the entries of a tree, and the tiles with which the first entries begin.
func (w *bundleWriter) tree(number uint32, folder string, min int64) error {
	checkpoint, err := w.src.checkpoint(number)
	if err != nil {
		return err
	}
	if len(checkpoint) == 0 {
		return ErrNotSealed
	}
	size, err := sizeIn(checkpoint)
	if err != nil {
		return err
	}
	if err := w.file(folder+"/checkpoint", checkpoint); err != nil {
		return err
	}
	for l := 0; min>>(l*tileHeight) > 0; l++ {
		if below := min >> (l * tileHeight); below&(1<<tileHeight-1) > 0 {
			t := tileOf(size, l, below>>tileHeight)
			b, err := w.src.tile(number, t)
			if err != nil {
				return err
			}
			if err := w.file(folder+"/"+tilePath(t), b); err != nil {
				return err
			}
		}
	}
	for from := min; from < size; {
		var text []byte
		for end := from + int64(tileOf(size, 0, from>>tileHeight).W); from < end; {
			page, err := w.src.entries(number, from, end)
			if err != nil {
				return err
			}
			for _, e := range page {
				text = appendSegment(text, e)
			}
			from += int64(len(page))
		}
		if err := w.file(folder+"/"+entryPath(size, (from-1)>>tileHeight), text); err != nil {
			return err
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// rows writes the rows that are sealed.
func (w *bundleWriter) rows() error {
	waiting, err := w.unsealed()
	if err != nil {
		return err
	}
	f, err := w.to.Create(eventsName)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 64<<10)
	var at activitylog.Position
	for {
		events, next, err := w.src.Tail(w.ctx, at, rowBatch)
		if err != nil {
			return err
		}
		for i := range events {
			e := &events[i].Event
			if w.opts.Org != "" && e.Org != w.opts.Org || waiting[eventKey{e.Org, e.ID}] {
				continue
			}
			if err := w.row(out, e); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			return out.Flush()
		}
		at = next
	}
}

func (w *bundleWriter) row(out io.Writer, e *activitylog.Event) error {
	hide := w.opts.Hide &^ activitylog.OpeningPart
	if e.Action == decision.Erase || e.Action == decision.Purge { // what they tell is what rows that are gone are held to
		hide &^= activitylog.ContentPart
	}
	hide.Erase(e)
	line := e.AppendJSON(nil)
	if len(line) >= maxEvent {
		return fmt.Errorf("event %s of %q has %d bytes, more than fit into a bundle", e.ID, e.Org, len(line))
	}
	w.m.Rows++
	_, err := out.Write(append(line, '\n'))
	return err
}

// unsealed are the events for the bundle that wait for their seal.
func (w *bundleWriter) unsealed() (map[eventKey]bool, error) {
	b, ok, err := w.src.tx.Get(headKey)
	var h head
	if err == nil && ok {
		err = w.src.keys.openRow(headKey, b, &h)
	}
	if err != nil {
		return nil, fmt.Errorf("the place of the sealer cannot be read; verify the log: %w", err)
	}
	waiting := map[eventKey]bool{}
	for at := h.Position; ; {
		events, next, err := w.src.Tail(w.ctx, at, rowBatch)
		if err != nil || len(events) == 0 {
			return waiting, err
		}
		for i := range events {
			e := &events[i].Event
			if w.opts.Org != "" && e.Org != w.opts.Org {
				continue
			}
			// What it took is missing from the rows already, and without it nothing would tell why.
			if _, purges := purgeOf(e); purges || erases(e) {
				return nil, fmt.Errorf("%w: it tells of a purge or an erasure; seal and write the bundle again", ErrNotSealed)
			}
			waiting[eventKey{e.Org, e.ID}] = true
		}
		at = next
	}
}
