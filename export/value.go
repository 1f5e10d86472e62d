package export

import (
	"bytes"
	"strconv"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// values formats what is no text. It keeps what saves work from one event to the next.
type values struct {
	day  int64    // since 1970
	date [10]byte // of day; the zero value is unused until set
	set  bool

	part activitylog.Event // holds the one field that json writes
	json []byte
}

const daySeconds = 24 * 60 * 60

// time appends t in UTC with microseconds. Events come in the order of time, so that the date is mostly known.
func (v *values) time(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	unix := t.Unix()
	day, second := unix/daySeconds, unix%daySeconds
	if second < 0 {
		day, second = day-1, second+daySeconds
	}
	if !v.set || day != v.day {
		date := t.UTC().Format(time.DateOnly)
		if len(date) != len(v.date) { // beyond the year 9999
			return append(t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000"), 'Z')
		}
		copy(v.date[:], date)
		v.day, v.set = day, true
	}
	b = append(b, v.date[:]...)
	b = append2(append(b, 'T'), second/3600)
	b = append2(append(b, ':'), second/60%60)
	b = append2(append(b, ':'), second%60)
	us := int64(t.Nanosecond() / 1000)
	b = append2(append(b, '.'), us/10000)
	b = append2(b, us/100%100)
	return append(append2(b, us%100), 'Z')
}

func append2(b []byte, n int64) []byte { return append(b, '0'+byte(n/10), '0'+byte(n%10)) }

func (v *values) id(b []byte, id uuid.UUID) []byte {
	if id == uuid.Nil {
		return b
	}
	const digits = "0123456789abcdef"
	for i, c := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// number appends n; zero is an empty cell, as absent fields are in JSON.
func (v *values) number(b []byte, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(b, n, 10)
}

func (v *values) bool(b []byte, x bool) []byte {
	if !x {
		return b
	}
	return append(b, "true"...)
}

// cost appends millionths as a decimal number. Zero is a known cost, nil an unknown one.
func (v *values) cost(b []byte, micros *int64) []byte {
	if micros == nil {
		return b
	}
	u := uint64(*micros)
	if *micros < 0 {
		b, u = append(b, '-'), -u
	}
	b = strconv.AppendUint(b, u/1e6, 10)
	frac := u % 1e6
	if frac == 0 {
		return b
	}
	b = strconv.AppendUint(b, frac+1e6, 10)
	b[len(b)-7] = '.' // in place of the 1 that kept the zeros behind it
	return bytes.TrimRight(b, "0")
}
