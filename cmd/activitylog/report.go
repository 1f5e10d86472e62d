package main

import (
	"fmt"
	"io"
	"strings"
)

// Lines that are spelled out, of one file and reason and altogether.
const (
	shownAlike = 3
	shownLines = 20
)

// report lists bad lines. Many with the same reason are counted.
type report struct {
	w     io.Writer
	shown int
	kinds map[kind]*tally
	order []kind
	other int64 // of more kinds than are told apart
}

type kind struct{ file, reason string }

type tally struct {
	shown int
	more  int64
}

func newReport(w io.Writer) *report { return &report{w: w, kinds: map[kind]*tally{}} }

func (r *report) add(e *lineError) {
	k := kind{e.file, strings.TrimPrefix(e.reason.Error(), "activitylog: ")}
	t := r.kinds[k]
	if t == nil {
		if len(r.order) == 100 {
			r.other++
			return
		}
		t = &tally{}
		r.kinds[k] = t
		r.order = append(r.order, k)
	}
	if t.shown == shownAlike || r.shown == shownLines {
		t.more++
		return
	}
	t.shown++
	r.shown++
	fmt.Fprintf(r.w, "%s:%d: %s\n", safe(k.file), e.line, safe(k.reason))
}

// rest counts what was not spelled out.
func (r *report) rest() {
	for _, k := range r.order {
		if n := r.kinds[k].more; n > 0 {
			fmt.Fprintf(r.w, "%s: %s more: %s\n", safe(k.file), plural(n, "line"), safe(k.reason))
		}
	}
	if r.other > 0 {
		fmt.Fprintf(r.w, "%s more with other reasons\n", plural(r.other, "line"))
	}
}
