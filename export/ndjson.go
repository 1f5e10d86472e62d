package export

import (
	"io"

	"github.com/activitylog/activitylog"
)

// NDJSON writes one line of JSON for each event, in the form of Event.AppendJSON: everything that an event holds.
// It is not safe for concurrent use.
type NDJSON struct{ out output }

// NewNDJSON returns a writer of NDJSON to w.
func NewNDJSON(w io.Writer) *NDJSON { return &NDJSON{newOutput(w)} }

// Write implements Writer.
func (n *NDJSON) Write(e *activitylog.Event) error {
	if n.out.err != nil {
		return n.out.err
	}
	return n.out.row(append(e.AppendJSON(n.out.b), '\n'))
}

// Close implements Writer.
func (n *NDJSON) Close() error { return n.out.close() }

func (n *NDJSON) abort(cause error) {
	n.out.fail(cause, `{"error":"this export is not whole: it failed after %d events`)
}
