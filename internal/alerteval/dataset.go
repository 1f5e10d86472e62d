package alerteval

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The forms of a file.
const (
	ofEvents = "events" // one line, one event
	ofCounts = "counts" // one line, how many events of an actor there were
	ofValues = "values" // one line, one value of a series
)

// set is one file.
type set struct {
	name string
	form string
	rows []row // by time
	bad  map[string]int
}

// load reads a file and finds out by its fields what form it has.
func load(path string) (*set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &set{name: strings.TrimSuffix(filepath.Base(path), ".jsonl")}
	if s.rows, s.bad, err = readRows(f); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	slices.SortStableFunc(s.rows, func(a, b row) int { return a.time.Compare(b.time) })
	s.form = s.formOf()
	return s, nil
}

// formOf is the form of most rows; empty: none that is known. Rows of another form are left out.
func (s *set) formOf() string {
	n := map[string]int{}
	for i := range s.rows {
		n[s.rows[i].form()]++
	}
	form := ""
	for _, x := range []string{ofEvents, ofCounts, ofValues} {
		if n[x] > n[form] || form == "" && n[x] > 0 {
			form = x
		}
	}
	s.rows = slices.DeleteFunc(s.rows, func(r row) bool {
		if form != "" && r.form() == form {
			return false
		}
		why := "not of the form of the others"
		if r.form() == "" {
			why = "neither an event nor a count nor a value"
		}
		s.bad[why]++
		return true
	})
	return form
}

// form tells a value from a count from an event; empty: nothing to count.
func (r *row) form() string {
	_, value := r.number["value"]
	_, count := r.number["count"]
	switch {
	case value:
		return ofValues
	case count:
		return ofCounts
	case r.action != "" || r.actor != "":
		return ofEvents
	}
	return ""
}

// subject is whose row it is: the actor, else the series, else the file's.
func (s *set) subject(r *row) string { return cmp.Or(r.actor, r.text["series"], s.name) }

func (s *set) span() (from, to time.Time) {
	if len(s.rows) == 0 {
		return from, to
	}
	return s.rows[0].time, s.rows[len(s.rows)-1].time
}

// days is how many days of UTC the set touches.
func (s *set) days() int {
	from, to := s.span()
	return int(dayOf(to)-dayOf(from)) + 1
}

func (s *set) has(what func(*row) bool) bool {
	for i := range s.rows {
		if what(&s.rows[i]) {
			return true
		}
	}
	return false
}

const day = 24 * time.Hour

func startOf(t time.Time) time.Time { return t.Truncate(day) }

// dayOf is the number of a day of UTC.
func dayOf(t time.Time) int32 { return int32(startOf(t).Unix() / int64(day/time.Second)) }

func timeOfDay(n int32) time.Time { return time.Unix(int64(n)*int64(day/time.Second), 0).UTC() }
