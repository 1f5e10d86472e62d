package export

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/activitylog/activitylog"
)

// Writer writes events one after the other. The two of this package are CSV and NDJSON.
type Writer interface {
	// Write writes one event and keeps nothing of it. After an error every further Write returns that error.
	Write(e *activitylog.Event) error
	// Close writes what is left in the buffer. Only its nil error says that the export is whole. It does not close what
	// the Writer writes to.
	Close() error
}

// Copy writes all events to w and returns how many. It does not close w. If the events end with an error, Copy returns
// it, and a Writer of this package ends its output in a way that no reader takes for a whole export: a CSV with a quote
// that is never closed, NDJSON with a line that is no JSON. Its Close then refuses.
func Copy(w Writer, events iter.Seq2[activitylog.Event, error]) (rows int64, err error) {
	var event activitylog.Event // one for all: it escapes into w
	for e, err := range events {
		if err != nil {
			if w, ok := w.(interface{ abort(error) }); ok {
				w.abort(err)
			}
			return rows, fmt.Errorf("export: stopped after %d events: %w", rows, err)
		}
		event = e
		if err := w.Write(&event); err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

// bufferSize is what goes to the underlying writer at once.
const bufferSize = 64 << 10

var errClosed = errors.New("export: the writer is closed")

// output is the buffer behind both writers. Only whole rows leave it.
type output struct {
	w    io.Writer
	b    []byte
	rows int64
	err  error // sticky
}

func newOutput(w io.Writer) output {
	return output{w: w, b: make([]byte, 0, bufferSize+bufferSize/8)}
}

// row takes the buffer back with one row more.
func (o *output) row(b []byte) error {
	o.b = b
	o.rows++
	if len(o.b) >= bufferSize {
		o.flush()
	}
	return o.err
}

func (o *output) flush() {
	if len(o.b) == 0 || o.err != nil {
		return
	}
	n, err := o.w.Write(o.b)
	if err == nil && n < len(o.b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		o.err = fmt.Errorf("export: write: %w", err)
	}
	o.b = o.b[:0]
	if cap(o.b) > 4*bufferSize { // grown by one huge event
		o.b = make([]byte, 0, bufferSize+bufferSize/8)
	}
}

// fail ends the output with tail, so that it cannot be mistaken for a whole one.
func (o *output) fail(cause error, tail string) {
	if o.err != nil {
		return
	}
	o.b = fmt.Appendf(o.b, tail, o.rows)
	o.flush()
	if o.err == nil {
		o.err = fmt.Errorf("export: not whole, stopped after %d events: %w", o.rows, cause)
	}
}

func (o *output) close() error {
	o.flush()
	err := o.err
	if err == nil {
		o.err = errClosed
	}
	return err
}
