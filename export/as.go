package export

import (
	"io"
	"iter"

	"github.com/activitylog/activitylog"
)

// AsCSV returns a function that writes whole exports as CSV, for whoever hands out both the events and the place to write
// to. Wrong options show when it is called, before anything is written.
func AsCSV(opts *CSVOptions) func(io.Writer, iter.Seq2[activitylog.Event, error]) error {
	return func(out io.Writer, events iter.Seq2[activitylog.Event, error]) error {
		w, err := NewCSV(out, opts)
		if err != nil {
			return err
		}
		return whole(w, events)
	}
}

// AsNDJSON is AsCSV for NDJSON.
func AsNDJSON() func(io.Writer, iter.Seq2[activitylog.Event, error]) error {
	return func(out io.Writer, events iter.Seq2[activitylog.Event, error]) error {
		return whole(NewNDJSON(out), events)
	}
}

func whole(w Writer, events iter.Seq2[activitylog.Event, error]) error {
	if _, err := Copy(w, events); err != nil {
		return err
	}
	return w.Close()
}
