package integrity

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/activitylog/activitylog"
)

// lineReader reads the lines of a file of a bundle or pack, none of which may be too long.
type lineReader struct {
	name string
	file fs.File
	r    *bufio.Reader
	n    int64 // lines that were read
}

func openLines(files fs.FS, name string) (*lineReader, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, unreadable("%v", err)
	}
	return &lineReader{name: name, file: f, r: bufio.NewReaderSize(f, maxEvent)}, nil
}

// next returns the next line without its end, or nil at the end of the file. It is good until the next call.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	switch {
	case err == nil:
		l.n++
		return line[:len(line)-1], nil
	case err == io.EOF && len(line) == 0:
		return nil, nil
	case err == io.EOF:
		return nil, unreadable("%s ends within line %d", l.name, l.n+1)
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, unreadable("line %d of %s has more than %d bytes", l.n+1, l.name, maxEvent)
	}
	return nil, unreadable("%s: %v", l.name, err)
}

// bad is the error of a line that is no event.
func (l *lineReader) bad(err error) error { return &badLineError{l.name, l.n, err} }

type badLineError struct {
	name string
	line int64
	err  error
}

func (e *badLineError) Error() string { return fmt.Sprintf("line %d of %s: %v", e.line, e.name, e.err) }

// parseLine reads an event. There is one way to write it.
func parseLine(line []byte) (activitylog.Event, error) {
	var e activitylog.Event
	if err := e.UnmarshalJSON(line); err != nil {
		return e, err
	}
	if !bytes.Equal(e.AppendJSON(nil), line) {
		return e, errors.New("it is written in another form than events are")
	}
	return e, nil
}
