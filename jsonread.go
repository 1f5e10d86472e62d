package activitylog

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// jsonReader reads JSON exactly as AppendJSON writes it, which is what stores hold. At anything else it fails, for
// encoding/json to take over: so it need not know what else there is in JSON, and never decides what is wrong.
type jsonReader struct {
	b      []byte
	at     int
	first  bool // no field of this object was read yet
	failed bool
	more   bool // of UnmarshalBrief
}

// maxNesting is how deep values are read here.
const maxNesting = 32

// readEvent reads an event, if it has the form of AppendJSON.
func readEvent(b []byte) (*Event, bool) {
	var e Event
	r := jsonReader{b: b}
	r.object(&object{in: &r}, e.fields)
	return &e, !r.failed && r.at == len(b)
}

func (r *jsonReader) want(ok bool) {
	if !ok {
		r.failed = true
	}
}

// next tells whether c comes next, and takes it.
func (r *jsonReader) next(c byte) bool {
	if r.failed || r.at >= len(r.b) || r.b[r.at] != c {
		return false
	}
	r.at++
	return true
}

// key tells whether the field that comes next is k, and takes its name.
func (r *jsonReader) key(k string) bool {
	at := r.at
	if r.failed || !r.first && !r.next(',') {
		return false
	}
	rest := r.b[r.at:]
	if n := len(k) + 3; len(rest) < n || rest[0] != '"' || string(rest[1:n-2]) != k || rest[n-2] != '"' || rest[n-1] != ':' {
		r.at = at
		return false
	}
	r.at += len(k) + 3
	r.first = false
	return true
}

// object reads the fields that a type describes, and nothing else.
func (r *jsonReader) object(o *object, fields func(*object)) {
	r.want(r.next('{'))
	r.first = true
	fields(o)
	r.want(r.next('}'))
	r.first = false
}

// array reads a list that is not empty.
func (r *jsonReader) array(item func()) {
	r.want(r.next('['))
	for item(); r.next(','); {
		item()
	}
	r.want(r.next(']'))
}

// members reads an object that is not empty, of any names, each with a value.
func (r *jsonReader) members(value func(name string)) {
	r.want(r.next('{'))
	for more := true; more; more = r.next(',') {
		name := r.str()
		r.want(r.next(':'))
		value(name)
	}
	r.want(r.next('}'))
}

// text reads a string that says itself what it means. It holds as long as the input.
func (r *jsonReader) text() []byte {
	if !r.next('"') {
		r.failed = true
		return nil
	}
	n := bytes.IndexByte(r.b[r.at:], '"')
	if n < 0 || !plain(r.b[r.at:r.at+n]) {
		r.failed = true
		return nil
	}
	r.at += n + 1
	return r.b[r.at-n-1 : r.at-1]
}

func (r *jsonReader) str() string {
	if !r.next('"') {
		r.failed = true
		return ""
	}
	from := r.at
	n := bytes.IndexByte(r.b[from:], '"')
	if n >= 0 && plain(r.b[from:from+n]) {
		r.at += n + 1
		return string(r.b[from : from+n])
	}
	return r.quoted(from)
}

// quoted reads a string with more in it than plain text.
func (r *jsonReader) quoted(from int) (s string) {
	escaped := false
	for i := from; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			r.at = i + 1
			if text := r.b[from:i]; !escaped && utf8.Valid(text) {
				return string(text)
			}
			r.want(json.Unmarshal(r.b[from-1:i+1], &s) == nil)
			return s
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			r.failed = true
			return ""
		}
	}
	r.failed = true
	return ""
}

// number reads a number as it stands.
func (r *jsonReader) number() json.Number {
	from := r.at
	for r.at < len(r.b) {
		switch c := r.b[r.at]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			r.at++
			continue
		}
		break
	}
	n := json.Number(r.b[from:r.at])
	r.want(validNumber(n))
	return n
}

func (r *jsonReader) int() int64 {
	n, err := strconv.ParseInt(string(r.number()), 10, 64)
	r.want(err == nil)
	return n
}

func (r *jsonReader) literal(word string) bool {
	if r.failed || !bytes.HasPrefix(r.b[r.at:], []byte(word)) {
		return false
	}
	r.at += len(word)
	return true
}

// value reads any value, as encoding/json does into an empty interface with UseNumber.
func (r *jsonReader) value(depth int) any {
	if r.failed || r.at >= len(r.b) || depth == 0 {
		r.failed = true
		return nil
	}
	switch c := r.b[r.at]; {
	case c == '"':
		return r.str()
	case c == '{':
		m := map[string]any{}
		if bytes.HasPrefix(r.b[r.at:], []byte("{}")) {
			r.at += 2
		} else {
			r.members(func(name string) { m[name] = r.value(depth - 1) })
		}
		return m
	case c == '[':
		a := []any{}
		if bytes.HasPrefix(r.b[r.at:], []byte("[]")) {
			r.at += 2
		} else {
			r.array(func() { a = append(a, r.value(depth-1)) })
		}
		return a
	case r.literal("true"):
		return true
	case r.literal("false"):
		return false
	case r.literal("null"):
		return nil
	default:
		return r.number()
	}
}

// microseconds is a duration of an event of this version.
func (r *jsonReader) microseconds(schema, n int64) time.Duration {
	const most = int64(math.MaxInt64 / time.Microsecond)
	r.want(schema == schemaVersion && n <= most && n >= -most)
	return time.Duration(n) * time.Microsecond
}
