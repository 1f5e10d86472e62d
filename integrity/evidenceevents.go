package integrity

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
	"golang.org/x/mod/sumdb/tlog"
)

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
