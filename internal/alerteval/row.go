package alerteval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// row is one line of a file. Fields that a line lacks are empty.
type row struct {
	time    time.Time
	actor   string
	action  string
	outcome string
	text    map[string]string  // every other field that is a text
	number  map[string]float64 // every field that is a number, or a text of digits
	label   bool               // marks a window with an anomaly; seen by nothing but the count of hits
}

// maxLine is the longest line that is read.
const maxLine = 16 << 20

// readRows reads JSON Lines. Lines that are no object or have no time are counted, by reason, and left out.
func readRows(r io.Reader) (rows []row, bad map[string]int, err error) {
	bad = map[string]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), maxLine)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		row, err := parseRow(line)
		if err != nil {
			bad[err.Error()]++
			continue
		}
		rows = append(rows, row)
	}
	return rows, bad, lines.Err()
}

func parseRow(line []byte) (row, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var fields map[string]any
	if d.Decode(&fields) != nil || fields == nil {
		return row{}, fmt.Errorf("no JSON object")
	}
	r := row{text: map[string]string{}, number: map[string]float64{}}
	for name, v := range fields {
		switch v := v.(type) {
		case string:
			r.text[name] = v
			if x, err := strconv.ParseFloat(v, 64); err == nil && countable(x) {
				r.number[name] = x
			}
		case json.Number:
			r.text[name] = v.String()
			if x, err := v.Float64(); err == nil && countable(x) {
				r.number[name] = x
			}
		}
	}
	t, err := parseTime(r.text["time"])
	if err != nil {
		return row{}, err
	}
	r.time, r.actor, r.action, r.outcome = t, r.text["actor"], r.text["action"], strings.ToLower(r.text["outcome"])
	r.label = r.text["label"] != "" && r.number["label"] != 0
	return r, nil
}

// countable leaves out what no sum survives.
func countable(x float64) bool { return !math.IsNaN(x) && math.Abs(x) < 1e15 }

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, fmt.Errorf("no time")
	}
	if x, err := strconv.ParseFloat(s, 64); err == nil && x > 0 && x < 1e14 {
		if x > 1e11 {
			x /= 1000 // milliseconds since 1970
		}
		if x < 7e9 {
			return time.UnixMicro(int64(math.Round(x * 1e6))).UTC(), nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00", time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("a time that cannot be read")
}
