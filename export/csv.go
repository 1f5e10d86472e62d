package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/activitylog/activitylog"
)

// CSVOptions are the choices of a CSV. The zero value is ready to use.
type CSVOptions struct {
	Columns []string // in this order; nil: DefaultColumns
	BOM     bool     // begin with the byte order mark that Excel wants before it reads UTF-8
}

// CSV writes RFC 4180 with CRLF, one header row and one row for each event. It is not safe for concurrent use.
type CSV struct {
	out     output
	columns []column
	values  values
}

// NewCSV returns a writer of CSV to w. A column that does not exist or stands twice is an error. nil options mean
// defaults. The header is written even if no event follows.
func NewCSV(w io.Writer, opts *CSVOptions) (*CSV, error) {
	names := DefaultColumns()
	if opts != nil && opts.Columns != nil {
		names = opts.Columns
	}
	c := &CSV{out: newOutput(w)}
	if opts != nil && opts.BOM {
		c.out.b = append(c.out.b, "\uFEFF"...)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("export: a CSV needs at least one column of: %s", strings.Join(Columns(), ", "))
	}
	for i, name := range names {
		known := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		switch {
		case known < 0:
			return nil, fmt.Errorf("export: there is no column %q; the columns are: %s", name, strings.Join(Columns(), ", "))
		case slices.Contains(names[:i], name):
			return nil, fmt.Errorf("export: column %q is named twice", name)
		}
		c.columns = append(c.columns, columns[known])
		c.out.b = append(append(c.out.b, name...), ',')
	}
	c.out.b = append(c.out.b[:len(c.out.b)-1], '\r', '\n')
	return c, nil
}

// Write implements Writer.
func (c *CSV) Write(e *activitylog.Event) error {
	if c.out.err != nil {
		return c.out.err
	}
	b := c.out.b
	start := len(b)
	for i := range c.columns {
		if i > 0 {
			b = append(b, ',')
		}
		if text := c.columns[i].text; text != nil {
			b = appendText(b, text(e))
		} else {
			b = c.columns[i].value(&c.values, b, e)
		}
	}
	if len(b) == start { // a blank line would be no row
		b = append(b, `""`...)
	}
	return c.out.row(append(b, '\r', '\n'))
}

// Close implements Writer.
func (c *CSV) Close() error { return c.out.close() }

func (c *CSV) abort(cause error) {
	c.out.fail(cause, `"this export is not whole: it failed after %d events`)
}
