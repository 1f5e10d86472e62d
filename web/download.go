package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

// chunkTime is how long one piece of an export may take on its way. The server's own WriteTimeout bounds the whole and
// would cut a long one.
const chunkTime = 30 * time.Second

// export sends exactly the events of the filter, all pages of them, as a file.
func (v *visit) export() {
	now := v.h.opts.Now()
	a, err := v.ask(now)
	if err != nil {
		v.failReading(err)
		return
	}
	switch {
	case a.wrong != nil && v.isAPI():
		v.apiFail(&wrongQuery{a.wrong})
		return
	case a.wrong != nil: // a file of something else than was asked for must not be
		v.fail(http.StatusBadRequest, errors.New(a.wrong.Text))
		return
	}
	asked := v.r.URL.Query()
	ctx, cancel := context.WithCancel(v.r.Context())
	defer cancel()
	kind, write := "csv", export.AsCSV(&export.CSVOptions{BOM: asked.Get("bom") == "1"})
	switch asked.Get("format") {
	case "ndjson":
		kind, write = "ndjson", export.AsNDJSON()
	case "evidence":
		if why := v.unproved(); why != "" {
			v.refuse(why)
			return
		}
		kind, write = "zip", v.pack(ctx, a)
	}
	known := v.h.exports.begin(v.exportKey(asked.Get("token")), cancel, time.Now())
	out := &download{v: v, name: fileName(v.scopeName(), now, kind), kind: kind, known: known, control: http.NewResponseController(v.w)}
	out.deadline(time.Time{})
	_, err = v.reader.Export(ctx, out, activitylog.Query{Filter: a.filter}, func(w io.Writer, events iter.Seq2[activitylog.Event, error]) error {
		return write(w, known.counted(v.exported(events)))
	})
	out.deadline(time.Now().Add(chunkTime)) // for what the server still sends
	known.end(err, time.Now())
	switch {
	case err == nil:
		out.begin() // also for a file without rows
	case v.r.Context().Err() != nil, known.now().State == "cancelled":
		panic(http.ErrAbortHandler) // they do not want it any more
	case !out.begun:
		v.failReading(err)
	default:
		v.report(fmt.Errorf("web: export: %w", err))
		panic(http.ErrAbortHandler) // a file that ends early must not look whole
	}
}

// download is the body of an export. Nothing of an answer is sent before its first byte.
type download struct {
	v          *visit
	name, kind string
	begun      bool
	known      *sending
	control    *http.ResponseController
}

func (d *download) begin() {
	if d.begun {
		return
	}
	d.begun = true
	head := d.v.w.Header()
	head.Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8; header=present", "ndjson": "application/x-ndjson", "zip": "application/zip"}[d.kind])
	head.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	head.Set("X-Accel-Buffering", "no")
	d.v.w.WriteHeader(http.StatusOK)
}

// deadline bounds what is sent from now on; zero: nothing does. None may stand while the log is read, since on HTTP/2 it
// ends the answer also when nothing waits to be sent.
func (d *download) deadline(t time.Time) { _ = d.control.SetWriteDeadline(t) } // not all servers can

// Write implements io.Writer.
func (d *download) Write(b []byte) (int, error) {
	d.begin()
	d.deadline(time.Now().Add(chunkTime))
	n, err := d.v.w.Write(b)
	d.known.bytes.Add(int64(n))
	if err == nil {
		_ = d.control.Flush()
	}
	d.deadline(time.Time{})
	return n, err
}

var _ io.Writer = (*download)(nil)

// fileName is made of letters and digits alone.
func fileName(scope string, now time.Time, kind string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, shorten(scope, 40))
	return "activity-" + strings.Trim(safe, "-") + "-" + now.UTC().Format("20060102-150405") + "." + kind
}
