package integrity

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// receiptsName is the file of a bundle or pack with the receipts of anchors, each in a line, the older ones of an anchor
// before its newer ones.
const receiptsName = "receipts.ndjson"

// maxReceipts bounds that file, which is kept in memory: decades of one receipt a day.
const maxReceipts = 64 << 20

// receiptLine is a receipt, which is checked by what the anchor signed in it. The rest is the word of the sealer.
type receiptLine struct {
	Anchor     string    `json:"anchor"`
	At         time.Time `json:"at"` // when the sealer got it
	Checkpoint []byte    `json:"checkpoint"`
	Receipt    []byte    `json:"receipt"`
}

// receipts calls f with all receipts that are kept, sorted by anchor and day.
func (l *live) receipts(f func(*receiptLine) error) error {
	for p, err := range l.tx.Range([]byte("b"), []byte("c")) {
		if err != nil {
			return err
		}
		name, ok := anchorOf(p.Key)
		var r keptReceipt
		if err := l.keys.openRow(p.Key, p.Value, &r); err != nil || !ok {
			return errors.New("a receipt of an anchor cannot be read; verify the log")
		}
		if err := f(&receiptLine{name, micro(r.At), r.Checkpoint, r.Receipt}); err != nil {
			return err
		}
	}
	return nil
}

// receiptsOut are receipts as they go into a file.
type receiptsOut struct {
	text  []byte
	count int64
}

func (o *receiptsOut) add(r *receiptLine) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	o.text = append(append(o.text, line...), '\n')
	o.count++
	return nil
}

// readReceipts reads what a manifest tells of.
func readReceipts(files fs.FS, count int64) (map[string]*anchorCheck, error) {
	anchors := map[string]*anchorCheck{}
	if count == 0 {
		return anchors, nil
	}
	lines, err := openLines(files, receiptsName)
	if err != nil {
		return nil, err
	}
	defer lines.file.Close()
	for total := 0; ; {
		line, err := lines.next()
		if err != nil {
			return nil, err
		}
		if line == nil {
			break
		}
		if total += len(line); total > maxReceipts {
			return nil, unreadable("%s has more than %d bytes", receiptsName, maxReceipts)
		}
		var r receiptLine
		if err := json.Unmarshal(line, &r); err != nil || !validAnchorName(r.Anchor) {
			return nil, unreadable("line %d of %s is no receipt", lines.n, receiptsName)
		}
		size, err := sizeIn(r.Checkpoint)
		c := anchors[r.Anchor]
		if c == nil {
			c = &anchorCheck{}
			anchors[r.Anchor] = c
		}
		if err != nil || size < c.state.Size {
			return nil, unreadable("the receipt in line %d of %s is of no checkpoint, or older than the one before", lines.n, receiptsName)
		}
		c.state.Size, c.state.At = size, r.At.UnixMicro()
		c.state.Receipts++
		c.receipts = append(c.receipts, keptReceipt{Checkpoint: r.Checkpoint, At: c.state.At, Receipt: r.Receipt})
	}
	if lines.n != count {
		return nil, unreadable("%s has %d receipts; %s tells of %d", receiptsName, lines.n, manifestName, count)
	}
	return anchors, nil
}

// receipts holds those of a pack to the root log and has the attesters check them.
func (v *evidenceCheck) receipts(hashes tlog.HashReader, at tlog.Tree) error {
	anchors, err := readReceipts(v.files, v.m.Receipts)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(anchors)) {
		for _, r := range anchors[name].receipts {
			was, _, err := openCheckpoint(r.Checkpoint, v.m.Origin, v.verifiers)
			if err == nil && was.N > at.N {
				err = errors.New("it is of a later checkpoint than the pack")
			}
			if err == nil {
				var hash tlog.Hash
				if hash, err = tlog.TreeHash(was.N, hashes); errors.Is(err, ErrBundle) {
					return err
				}
				if err != nil || hash != was.Hash {
					err = errors.New("its entries were others then: the log was rewritten")
				}
			}
			if err != nil {
				v.tampered("anchor", "", "a receipt of anchor %q does not fit the log: %v", name, err)
			}
		}
	}
	v.report.Anchors = v.opts.attest(anchors, v.found)
	return nil
}
