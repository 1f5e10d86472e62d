package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/bench/internal/sample"
	"github.com/activitylog/activitylog/export"
)

// exports compares the CSV writer with encoding/csv on the same cells, and the memory of large exports with small ones.
func exports(ctx context.Context, r *report) error {
	const n = 50_000
	events := sample.New(1, 0).Events(n)
	cells, err := cellsOf(events[:n/5])
	if err != nil {
		return err
	}
	err = r.pair("CSV from memory against encoding/csv with strconv and time.Format", 2,
		func() (time.Duration, int, error) {
			d, err := since(func() error { return writeCSV(io.Discard, events) })
			return d, n, err
		},
		func() (time.Duration, int, error) {
			d, err := since(func() error { return peerCSV(io.Discard, events) })
			return d, n, err
		})
	if err != nil {
		return err
	}
	err = r.pair("the same, encoding/csv given ready cells", 0,
		func() (time.Duration, int, error) {
			d, err := since(func() error { return writeCSV(io.Discard, events) })
			return d, n, err
		},
		func() (time.Duration, int, error) {
			d, err := since(func() error { return csv.NewWriter(io.Discard).WriteAll(cells) })
			return d, len(cells), err
		})
	if err != nil {
		return err
	}
	return exportHeap(ctx, r)
}

func writeCSV(w io.Writer, events []activitylog.Event) error {
	out, err := export.NewCSV(w, nil)
	if err != nil {
		return err
	}
	for i := range events {
		if err := out.Write(&events[i]); err != nil {
			return err
		}
	}
	return out.Close()
}

// cellsOf reads back what our writer wrote, so that the peer writes the same file.
func cellsOf(events []activitylog.Event) ([][]string, error) {
	var b bytes.Buffer
	if err := writeCSV(&b, events); err != nil {
		return nil, err
	}
	return csv.NewReader(&b).ReadAll()
}

// peerCSV writes what a careful hand-written export writes: 20 columns, times in RFC 3339, metadata as JSON, formulas defused.
func peerCSV(w io.Writer, events []activitylog.Event) error {
	out := csv.NewWriter(w)
	for i := range events {
		e := &events[i]
		target := activitylog.Target{}
		if len(e.Targets) > 0 {
			target = e.Targets[0]
		}
		meta := (&activitylog.Event{Metadata: e.Metadata}).AppendJSON(nil)
		row := []string{
			e.ID.String(), e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), e.Org, e.Project, e.Category, e.Action,
			string(e.Outcome), string(e.Severity), e.Message, string(e.Actor.Type), e.Actor.ID, e.Actor.Name, e.Actor.Email,
			target.Type, target.ID, target.Name, e.Client.IP.String(), e.Client.UserAgent, e.Request.ID, string(meta),
		}
		for c, cell := range row {
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "-") || strings.HasPrefix(cell, "@") {
				row[c] = "'" + cell
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// exportHeap prints the live heap in the middle of a large and a small export.
func exportHeap(ctx context.Context, r *report) error {
	log, done, err := bigSQLite(ctx, sizes[1])
	if err != nil {
		return err
	}
	defer done()
	live := func(n int) (float64, error) {
		out, err := export.NewCSV(io.Discard, nil)
		if err != nil {
			return 0, err
		}
		var most uint64
		rows := 0
		for e, err := range log.AllOrgs().Events(ctx, activitylog.Query{Order: activitylog.Oldest, Limit: n}) {
			if err != nil {
				return 0, err
			}
			if rows++; rows%(n/4) == n/8 { // in the middle of a chunk, as often in both
				most = max(most, heap())
			}
			if err := out.Write(&e); err != nil {
				return 0, err
			}
		}
		return float64(most), out.Close()
	}
	var ratios, large, small []float64
	for range r.rounds {
		a, err := live(sizes[1])
		if err != nil {
			return err
		}
		b, err := live(10_000)
		if err != nil {
			return err
		}
		ratios, large, small = append(ratios, a/b), append(large, a), append(small, b)
	}
	ratio := median(ratios)
	fmt.Printf("| SQLite CSV export, live heap at 1M rows against 10k | %.1f MB | %.1f MB | **%.2fx** | ≤ 1.2x | %s |\n",
		median(large)/1e6, median(small)/1e6, ratio, mark(ratio <= 1.2))
	return nil
}
