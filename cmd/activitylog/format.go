package main

import (
	"bufio"
	"flag"
	"io"
	"strings"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

// format is how events are written.
type format struct {
	name    string
	columns string
	bom     bool
}

func (f *format) flags(fs *flag.FlagSet, byDefault string) {
	fs.StringVar(&f.name, "format", byDefault, "`table`, json (one array), csv or ndjson")
	fs.StringVar(&f.columns, "columns", "", "csv: these `columns`, separated by commas, or \"all\"; a wrong name lists them")
	fs.BoolVar(&f.bom, "bom", false, "csv: begin with the byte order mark that Excel wants")
}

// check finds what is wrong before anything is opened.
func (f *format) check() error {
	_, err := f.writer(io.Discard, false)
	return err
}

// writer returns a writer to w; orgs asks a table for a column with the organization.
func (f *format) writer(w io.Writer, orgs bool) (export.Writer, error) {
	if f.name != "csv" && (f.columns != "" || f.bom) {
		return nil, usage("--columns and --bom are for --format csv")
	}
	switch f.name {
	case "table":
		return newTable(w, orgs), nil
	case "json":
		return &jsonArray{w: bufio.NewWriterSize(w, 64<<10)}, nil
	case "ndjson":
		return export.NewNDJSON(w), nil
	case "csv":
		c, err := export.NewCSV(w, f.csv())
		if err != nil {
			return nil, usage("--columns: %s", strings.TrimPrefix(err.Error(), "export: "))
		}
		return c, nil
	}
	return nil, usage("--format %s; write table, json, csv or ndjson", f.name)
}

// csv is the form of a CSV.
func (f *format) csv() *export.CSVOptions {
	opts := &export.CSVOptions{BOM: f.bom}
	switch f.columns {
	case "":
	case "all":
		opts.Columns = export.Columns()
	default:
		opts.Columns = strings.Split(f.columns, ",")
	}
	return opts
}

// jsonArray writes one JSON array. Until Close it is not closed, so that what stopped halfway is no JSON.
type jsonArray struct {
	w    *bufio.Writer
	b    []byte
	some bool
}

func (j *jsonArray) Write(e *activitylog.Event) error {
	j.b = append(j.b[:0], "[\n"...)
	if j.some {
		j.b = append(j.b[:0], ",\n"...)
	}
	j.some = true
	j.b = e.AppendJSON(j.b)
	_, err := j.w.Write(j.b)
	return err
}

func (j *jsonArray) Close() error {
	end := "[]\n"
	if j.some {
		end = "\n]\n"
	}
	if _, err := j.w.WriteString(end); err != nil {
		return err
	}
	return j.w.Flush()
}
