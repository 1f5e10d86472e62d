package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// maxLine is the longest line that is read; an event holds much less.
const maxLine = 4 << 20

// input is one file that is read twice, both times to the same end, even if it grows meanwhile.
type input struct {
	name string
	file *os.File
	size int64
	temp bool // ours, to be removed
}

// openInputs opens the files. What cannot be read twice is copied to a temporary file first. The inputs are returned
// with an error too, so that they can be closed.
func openInputs(names []string, stdin io.Reader) ([]*input, error) {
	var list []*input
	for _, name := range names {
		in, err := openInput(name, stdin)
		if err != nil {
			return list, err
		}
		list = append(list, in)
	}
	return list, nil
}

func openInput(name string, stdin io.Reader) (*input, error) {
	if name == "-" {
		return spool("stdin", stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		f.Close()
		return nil, err
	case info.IsDir():
		f.Close()
		return nil, usage("%s is a folder; name the files in it", name)
	case !info.Mode().IsRegular():
		defer f.Close()
		return spool(name, f)
	}
	return &input{name: name, file: f, size: info.Size()}, nil
}

func spool(name string, r io.Reader) (*input, error) {
	f, err := os.CreateTemp("", "activitylog-import-*")
	if err != nil {
		return nil, err
	}
	in := &input{name: name, file: f, temp: true}
	if in.size, err = io.Copy(f, r); err != nil {
		in.close()
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return in, nil
}

func (in *input) close() {
	in.file.Close() // only read from, or of no use any more
	if in.temp {
		os.Remove(in.file.Name())
	}
}

var errLongLine = fmt.Errorf("longer than %d MiB", maxLine>>20)

// lines yields the lines that are not blank with their numbers, which begin at 1. A line that is too long comes as
// errLongLine and is not kept. Any other error ends the lines.
func (in *input) lines() iter.Seq2[int, lineOrError] {
	return func(yield func(int, lineOrError) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(in.file, 0, in.size), 64<<10)
		var line []byte
		for n := 1; ; n++ {
			var err error
			line, err = readLine(r, line[:0])
			ended := errors.Is(err, io.EOF)
			if n == 1 {
				line = bytes.TrimPrefix(line, []byte("\uFEFF"))
			}
			text := bytes.TrimSpace(line)
			switch {
			case ended && len(text) == 0:
				return
			case err == nil || ended:
				if len(text) > 0 && !yield(n, lineOrError{text: text}) || ended {
					return
				}
			case errors.Is(err, errLongLine):
				if !yield(n, lineOrError{err: err}) {
					return
				}
			default:
				yield(n, lineOrError{err: fmt.Errorf("read %s: %w", in.name, err)})
				return
			}
		}
	}
}

type lineOrError struct {
	text []byte // valid until the next line
	err  error
}

// readLine appends the next line to b. io.EOF says that it was the last one, whether it was ended or not.
func readLine(r *bufio.Reader, b []byte) ([]byte, error) {
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(b)+len(part) > maxLine; !long {
			b = append(b, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return b[:0], errLongLine
		}
		return b, err
	}
}
