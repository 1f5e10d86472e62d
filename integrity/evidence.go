package integrity

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
	"golang.org/x/mod/sumdb/note"
)

// The files of an evidence pack beside those that a bundle has too.
const (
	evidenceFormat = "activitylog/evidence/v1"

	proofsName  = "proofs.ndjson"
	anchorsName = "anchors.txt"
	csvName     = "events.csv"
	readmeName  = "README.txt"
)

//go:embed evidence.txt
var evidenceReadme []byte

// EvidenceOptions say what an evidence pack tells of itself. Verifiers, and Org, Filter and Order of the query that
// gives the events, are required.
type EvidenceOptions struct {
	Verifiers []note.Verifier // the public keys of the log
	Org       string          // the scope of the events; empty: all organizations
	Filter    activitylog.Filter
	Order     activitylog.Order
	CSV       *export.CSVOptions // adds a table for people; nil: NDJSON alone
	Hidden    bool               // parts are hidden from whoever exports, as without the right ViewSensitive
	Zone      string             // in which the window of the filter was meant, for people; empty: UTC
	Anchors   [][]byte           // checkpoints of the root log that were kept elsewhere, as ReadCheckpoints returns them
	// Seal is called when the events were read, so that all of them are in a tree. nil: they must be sealed already.
	Seal func(context.Context) error
	// Sent gets the bytes of the table, or of the NDJSON where there is none, as they are written. nil: nobody.
	Sent io.Writer
	Now  func() time.Time
}

// Evidence says what is in an evidence pack. It is not signed: what it says of events and of trees is checked, what it
// says of the query is the word of whoever exported.
type Evidence struct {
	Format  string         `json:"format"`
	Origin  string         `json:"origin"`           // the name of the log
	Made    time.Time      `json:"made"`             // by the clock of whoever exported
	Org     string         `json:"org,omitempty"`    // the scope; empty: all organizations
	Filter  string         `json:"filter,omitempty"` // empty: all events
	From    *time.Time     `json:"from,omitempty"`   // the window that the filter sets; absent: open
	To      *time.Time     `json:"to,omitempty"`
	Zone    string         `json:"zone"`
	Order   string         `json:"order"`            // newest or oldest first
	Hidden  bool           `json:"hidden,omitempty"` // parts of events were hidden from whoever exported; those are not proved
	Rows    int64          `json:"rows"`
	Events  EvidenceFile   `json:"events"`
	Table   *EvidenceTable `json:"table,omitempty"`
	Trees   []EvidenceTree `json:"trees"`
	Keys    []EvidenceRoot `json:"keys,omitempty"` // entries of the root log with which one key handed over to the next
	Anchors int            `json:"anchors"`        // kept checkpoints

	Receipts int64 `json:"receipts,omitempty"` // the newest of each anchor that gives some
}

// EvidenceFile is a file and what it must be.
type EvidenceFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// EvidenceTable is the CSV, which follows from the events.
type EvidenceTable struct {
	EvidenceFile
	Columns []string `json:"columns"`
	BOM     bool     `json:"bom,omitempty"`
}

// EvidenceTree is what the pack has of the tree of one organization: the hashes of all entries from First on and before
// End. Those that the filter left out are named by their index and that hash only.
type EvidenceTree struct {
	Name  string       `json:"name"`
	Org   string       `json:"org"`
	First int64        `json:"first"`
	End   int64        `json:"end"`
	Rows  int64        `json:"rows"` // events of the export among them
	Seal  EvidenceRoot `json:"seal"` // the entry of the root log that tells of the checkpoint
}

// EvidenceRoot is an entry of the root log.
type EvidenceRoot struct {
	Index int64  `json:"index"`
	Entry []byte `json:"entry"`
}

// provedLine is a line of proofs.ndjson, of the event in the same line of events.ndjson.
type provedLine struct {
	Tree  int    `json:"tree"` // in Evidence.Trees
	Index int64  `json:"index"`
	Entry []byte `json:"entry"` // what the tree has of the event
}

// AsEvidence returns a function that writes an evidence pack as one zip archive, in the form of export.AsCSV: give it to
// the Export of an access.Reader, or any events of the query to which the options belong.
func AsEvidence(ctx context.Context, store activitylog.Store, opts *EvidenceOptions) func(io.Writer, iter.Seq2[activitylog.Event, error]) error {
	return func(out io.Writer, events iter.Seq2[activitylog.Event, error]) error {
		z := zip.NewWriter(out)
		if _, err := WriteEvidence(ctx, store, z, events, opts); err != nil {
			return err
		}
		return z.Close()
	}
}

// WriteEvidence writes an evidence pack of events, which VerifyEvidence checks without a database: the events, the hashes
// by which they and all that the filter left out stand in the signed trees, the checkpoints and the steps to check it.
// Events in which parts are hidden are proved as far as they are shown. One that no seal covers is an error that wraps
// ErrNotSealed.
func WriteEvidence(ctx context.Context, store activitylog.Store, to Files, events iter.Seq2[activitylog.Event, error], opts *EvidenceOptions) (*Evidence, error) {
	if opts == nil || len(opts.Verifiers) == 0 {
		return nil, fmt.Errorf("integrity: %w: evidence needs the public key of the log", activitylog.ErrInvalid)
	}
	spaces, ok := store.(activitylog.Spacer)
	if !ok {
		return nil, fmt.Errorf("integrity: this store keeps no seals: %w", errors.ErrUnsupported)
	}
	w := &evidenceWriter{ctx: ctx, to: to, opts: opts, trees: map[string]*evidenceTree{}}
	w.describe()
	if err := w.writeEvents(events); err != nil {
		return nil, err
	}
	if opts.Seal != nil {
		if err := opts.Seal(ctx); err != nil {
			return nil, err
		}
	}
	err := spaces.Space(spaceName).View(ctx, func(tx activitylog.SpaceTx) error {
		if w.src != nil {
			return errors.New("the database was too busy; export again")
		}
		w.src = &live{tx: tx}
		return w.prove()
	})
	if err != nil {
		return nil, fmt.Errorf("integrity: evidence: %w", err)
	}
	return &w.m, nil
}

type evidenceWriter struct {
	ctx   context.Context
	to    Files
	opts  *EvidenceOptions
	src   *live
	m     Evidence
	rows  []evidenceRow
	trees map[string]*evidenceTree
}

// evidenceRow is an event of the export.
type evidenceRow struct {
	eventKey
	bare bool // it came without its leaf
}

// describe tells of the query.
func (w *evidenceWriter) describe() {
	o := w.opts
	w.m = Evidence{Format: evidenceFormat, Origin: o.Verifiers[0].Name(), Made: time.Now().UTC(), Org: o.Org, Filter: o.Filter.String(),
		Zone: "UTC", Order: "newest", Hidden: o.Hidden, Trees: []EvidenceTree{}, Anchors: len(o.Anchors)}
	if o.Now != nil {
		w.m.Made = o.Now().UTC()
	}
	if o.Zone != "" {
		w.m.Zone = o.Zone
	}
	if o.Order == activitylog.Oldest {
		w.m.Order = "oldest"
	}
	all, ok := o.Filter.Expr().(activitylog.AndExpr)
	if !ok {
		all = activitylog.AndExpr{o.Filter.Expr()}
	}
	for _, x := range all {
		c, ok := x.(activitylog.Cond)
		if !ok || c.Field != "time" {
			continue
		}
		at := time.UnixMicro(c.Number).UTC()
		if c.Op == ">=" && (w.m.From == nil || at.After(*w.m.From)) {
			w.m.From = &at
		}
		if c.Op == "<" && (w.m.To == nil || at.Before(*w.m.To)) {
			w.m.To = &at
		}
	}
}

// counted hashes and counts what goes through it.
type counted struct {
	out io.Writer
	sum hash.Hash
	n   int64
}

func newCounted(out ...io.Writer) *counted {
	c := &counted{sum: sha256.New()}
	c.out = io.MultiWriter(append(out, c.sum)...)
	return c
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.out.Write(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) file(name string) EvidenceFile {
	return EvidenceFile{Name: name, Bytes: c.n, SHA256: hex.EncodeToString(c.sum.Sum(nil))}
}

// writeEvents writes the events, and the table with them. Files come one after the other, so that of the two one waits
// in a temporary file.
func (w *evidenceWriter) writeEvents(events iter.Seq2[activitylog.Event, error]) error {
	if w.opts.CSV == nil {
		f, err := w.to.Create(eventsName)
		if err != nil {
			return err
		}
		lines := newCounted(append(w.sent(), f)...)
		if err := w.copyEvents(events, lines, nil); err != nil {
			return err
		}
		w.m.Events = lines.file(eventsName)
		return nil
	}
	f, err := w.to.Create(csvName)
	if err != nil {
		return err
	}
	spool, err := os.CreateTemp("", "activitylog-evidence-*")
	if err != nil {
		return err
	}
	defer func() {
		spool.Close()
		os.Remove(spool.Name())
	}()
	cells, lines := newCounted(append(w.sent(), f)...), newCounted(spool)
	table, err := export.NewCSV(cells, w.opts.CSV)
	if err != nil {
		return err
	}
	if err := w.copyEvents(events, lines, table); err != nil {
		return err
	}
	w.m.Events = lines.file(eventsName)
	w.m.Table = &EvidenceTable{EvidenceFile: cells.file(csvName), Columns: w.opts.CSV.Columns, BOM: w.opts.CSV.BOM}
	if w.m.Table.Columns == nil {
		w.m.Table.Columns = export.DefaultColumns()
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if f, err = w.to.Create(eventsName); err != nil {
		return err
	}
	_, err = io.Copy(f, spool)
	return err
}

func (w *evidenceWriter) sent() []io.Writer {
	if w.opts.Sent == nil {
		return nil
	}
	return []io.Writer{w.opts.Sent}
}

func (w *evidenceWriter) copyEvents(events iter.Seq2[activitylog.Event, error], lines io.Writer, table export.Writer) error {
	out := bufio.NewWriterSize(lines, 64<<10)
	var line []byte
	for e, err := range events {
		if err != nil {
			return err
		}
		line = append(e.AppendJSON(line[:0]), '\n')
		if len(line) > maxEvent {
			return fmt.Errorf("event %s of %q has %d bytes, more than fit into evidence", e.ID, e.Org, len(line))
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if table != nil {
			if err := table.Write(&e); err != nil {
				return err
			}
		}
		t := w.trees[e.Org]
		if t == nil {
			t = &evidenceTree{rows: map[[16]byte]int64{}}
			t.Org = e.Org
			w.trees[e.Org] = t
		}
		t.rows[e.ID] = -1
		w.rows = append(w.rows, evidenceRow{eventKey{t.Org, e.ID}, len(e.Leaf) == 0})
	}
	w.m.Rows = int64(len(w.rows))
	if err := out.Flush(); err != nil || table == nil {
		return err
	}
	return table.Close()
}

func (w *evidenceWriter) file(name string, b []byte) error {
	f, err := w.to.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return err
}

// finish writes the manifest, and what tells how to check the pack.
func (w *evidenceWriter) finish() error {
	if len(w.opts.Anchors) > 0 {
		if err := w.file(anchorsName, append(bytes.Join(w.opts.Anchors, []byte("\n")), '\n')); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(&w.m, "", "  ")
	if err != nil {
		return err
	}
	if err := w.file(manifestName, append(text, '\n')); err != nil {
		return err
	}
	return w.file(readmeName, evidenceReadme)
}
