package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/activitylog/activitylog"
	"github.com/activitylog/activitylog/export"
)

var errBroken = errors.New("broken")

// events yields n events and then err, if there is one.
func events(n int, err error) iter.Seq2[activitylog.Event, error] { return repeat(sample(), n, err) }

func repeat(e activitylog.Event, n int, err error) iter.Seq2[activitylog.Event, error] {
	return func(yield func(activitylog.Event, error) bool) {
		e := e
		for range n {
			e.Time = e.Time.Add(time.Second)
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(activitylog.Event{}, err)
		}
	}
}

// writers are the two writers over w.
func writers(t testing.TB, w io.Writer) map[string]export.Writer {
	t.Helper()
	c, err := export.NewCSV(w, nil)
	require.NoError(t, err)
	return map[string]export.Writer{"csv": c, "ndjson": export.NewNDJSON(w)}
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := export.NewNDJSON(&b)
	rows, err := export.Copy(w, events(3, nil))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	if rows != 3 {
		t.Errorf("%d rows, want 3", rows)
	}
	e := sample()
	for line := range strings.Lines(b.String()) {
		e.Time = e.Time.Add(time.Second)
		if want := string(e.AppendJSON(nil)) + "\n"; line != want {
			t.Errorf("got %q, want %q", line, want)
		}
	}
}

// TestIteratorError holds that an export which stopped cannot be read as a whole one.
func TestIteratorError(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1000} {
		var b bytes.Buffer
		for name, w := range writers(t, &b) {
			b.Reset()
			rows, err := export.Copy(w, events(n, errBroken))
			if rows != int64(n) || !errors.Is(err, errBroken) {
				t.Errorf("%s: %d rows, %v", name, rows, err)
			}
			e := sample()
			if err := w.Write(&e); !errors.Is(err, errBroken) {
				t.Errorf("%s: a later Write says %v", name, err)
			}
			if err := w.Close(); !errors.Is(err, errBroken) {
				t.Errorf("%s: Close says %v", name, err)
			}
			if reads(name, &b) == nil {
				t.Errorf("%s: %d rows and a failure read as a whole export", name, n)
			}
		}
	}
}

// reads reads an export with the standard library.
func reads(format string, r io.Reader) error {
	if format == "csv" {
		_, err := csv.NewReader(r).ReadAll()
		return err
	}
	for d := json.NewDecoder(r); ; {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// limited fails once it has taken n bytes.
type limited struct {
	n     int
	short bool // without saying so
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) <= l.n {
		l.n -= len(p)
		return len(p), nil
	}
	if l.short {
		return l.n, nil
	}
	return l.n, errBroken
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		to   *limited
		n    int
		want error
	}{
		{"in Close", &limited{n: 10}, 1, errBroken},
		{"at the first full buffer", &limited{n: 10}, 1000, errBroken},
		{"later", &limited{n: 200_000}, 1000, errBroken},
		{"short write", &limited{n: 10, short: true}, 1000, io.ErrShortWrite},
	} {
		for _, name := range []string{"csv", "ndjson"} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				to := *tt.to
				w := writers(t, &to)[name]
				rows, err := export.Copy(w, events(tt.n, nil))
				if err == nil {
					err = w.Close()
				} else if rows == int64(tt.n) {
					t.Errorf("all %d rows count as written", rows)
				}
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v", err)
				}
				if err := w.Close(); !errors.Is(err, tt.want) {
					t.Errorf("Close says %v", err)
				}
			})
		}
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	for name, w := range writers(t, io.Discard) {
		require.NoError(t, w.Close())
		e := sample()
		if w.Write(&e) == nil {
			t.Errorf("%s: Write after Close has no error", name)
		}
	}
}

// TestConstantMemory compares the live heap in the middle of a small and of a large export.
func TestConstantMemory(t *testing.T) {
	e := benchEvents()[0] // without most of what is slow under the race detector
	e.Metadata = map[string]any{"k": "v"}
	heap := func(n int) (most uint64) {
		for name, w := range writers(t, io.Discard) {
			seen := 0
			_, err := export.Copy(w, func(yield func(activitylog.Event, error) bool) {
				for e, err := range repeat(e, n, nil) {
					if seen++; seen%(n/4) == 0 {
						var m runtime.MemStats
						runtime.GC()
						runtime.ReadMemStats(&m)
						most = max(most, m.HeapAlloc)
					}
					if !yield(e, err) {
						return
					}
				}
			})
			require.NoError(t, err, name)
			require.NoError(t, w.Close(), name)
		}
		return most
	}
	small, large := heap(10_000), heap(200_000)
	if large > small+256<<10 {
		t.Errorf("%d bytes are live in an export of 200,000 rows, %d in one of 10,000", large, small)
	}
}
