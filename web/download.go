package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/access"
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
	if a.wrong != nil { // a file of something else than was asked for must not be
		v.fail(http.StatusBadRequest, errors.New(a.wrong.Text))
		return
	}
	kind, write := "csv", export.AsCSV(&export.CSVOptions{BOM: v.r.URL.Query().Get("bom") == "1"})
	if v.r.URL.Query().Get("format") == "ndjson" {
		kind, write = "ndjson", export.AsNDJSON()
	}
	out := &download{v: v, name: fileName(v.scopeName(), now, kind), kind: kind}
	if v.r.Method == http.MethodHead {
		v.fail(http.StatusMethodNotAllowed, nil)
		return
	}
	_, err = v.reader.Export(v.r.Context(), out, activitylog.Query{Filter: a.filter}, write)
	switch {
	case err == nil:
		out.begin() // also for a file without rows
	case !out.begun && errors.Is(err, access.ErrDenied):
		v.fail(http.StatusForbidden, nil)
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
}

func (d *download) begin() {
	if d.begun {
		return
	}
	d.begun = true
	head := d.v.w.Header()
	head.Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8; header=present", "ndjson": "application/x-ndjson"}[d.kind])
	head.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	head.Set("X-Accel-Buffering", "no")
	d.v.w.WriteHeader(http.StatusOK)
}

// Write implements io.Writer.
func (d *download) Write(b []byte) (int, error) {
	d.begin()
	control := http.NewResponseController(d.v.w)
	_ = control.SetWriteDeadline(time.Now().Add(chunkTime)) // not all servers can
	n, err := d.v.w.Write(b)
	if err == nil {
		_ = control.Flush()
	}
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
