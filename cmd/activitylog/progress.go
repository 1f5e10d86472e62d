package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// progress tells a person at a terminal how far long work is. Elsewhere it is silent.
type progress struct {
	w    io.Writer
	what string
	on   bool
	n    int64
	next time.Time
}

func newProgress(w io.Writer, what string) *progress {
	return &progress{w: w, what: what, on: terminal(w), next: time.Now().Add(time.Second)}
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) add(n int64) {
	before := p.n
	p.n += n
	if !p.on || before>>8 == p.n>>8 { // not a clock reading for each event
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(200 * time.Millisecond)
		fmt.Fprintf(p.w, "\r%s %s", grouped(p.n), p.what)
	}
}

// done takes the line away.
func (p *progress) done() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// grouped writes n with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes "1 event", "2 events".
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}
