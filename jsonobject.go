package activitylog

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// object is one JSON object with its fields in a fixed order and absent ones left out. It writes them, or reads what it
// wrote: one description of a type serves both. It exists because encoding/json is several times slower and this runs
// for every event that is recorded, read, compared or exported.
type object struct {
	b     []byte
	start int
	in    *jsonReader // nil: it writes
}

func (o *object) key(k string) {
	if len(o.b) > o.start {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

func (o *object) str(k string, v *string) {
	if o.in != nil {
		if o.in.key(k) {
			*v = o.in.str()
		}
	} else if *v != "" {
		o.key(k)
		o.b = appendString(o.b, *v)
	}
}

func integer[T int | int64 | uint32](o *object, k string, v *T) {
	if o.in != nil {
		if o.in.key(k) {
			n := o.in.int()
			*v = T(n)
			o.in.want(int64(*v) == n)
		}
	} else if *v != 0 {
		o.key(k)
		o.b = strconv.AppendInt(o.b, int64(*v), 10)
	}
}

// micros keeps a zero apart from what is absent.
func (o *object) micros(k string, v **int64) {
	if o.in != nil {
		if o.in.key(k) {
			n := o.in.int()
			*v = &n
		}
	} else if *v != nil {
		o.key(k)
		o.b = strconv.AppendInt(o.b, **v, 10)
	}
}

func (o *object) bool(k string, v *bool) {
	if o.in != nil {
		if o.in.key(k) {
			*v = o.in.literal("true")
			o.in.want(*v)
		}
	} else if *v {
		o.key(k)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) uuid(k string, v *uuid.UUID) {
	if o.in != nil {
		if o.in.key(k) {
			o.in.want(v.UnmarshalText(o.in.text()) == nil)
		}
	} else if *v != uuid.Nil {
		o.key(k)
		o.b = append(o.b, '"')
		t, _ := v.MarshalText()
		o.b = append(append(o.b, t...), '"')
	}
}

func (o *object) addr(k string, v *netip.Addr) {
	if o.in != nil {
		if o.in.key(k) {
			o.in.want(v.UnmarshalText(o.in.text()) == nil)
		}
	} else if v.IsValid() {
		o.key(k)
		o.b = appendString(o.b, v.String())
	}
}

func (o *object) time(k string, v *time.Time) {
	if o.in != nil {
		if o.in.key(k) {
			text := o.in.text()
			o.in.want(len(text) == len(timeFormat) && text[len(text)-1] == 'Z' && v.UnmarshalText(text) == nil)
			*v = v.UTC()
		}
	} else if !v.IsZero() {
		o.key(k)
		o.b = append(o.b, '"')
		o.b = v.UTC().AppendFormat(o.b, timeFormat)
		o.b = append(o.b, '"')
	}
}

func (o *object) bytes(k string, v *[]byte) {
	if o.in != nil {
		if o.in.key(k) {
			var err error
			*v, err = base64.StdEncoding.AppendDecode(nil, o.in.text())
			o.in.want(err == nil && len(*v) > 0)
		}
	} else if len(*v) > 0 {
		o.key(k)
		o.b = append(o.b, '"')
		o.b = base64.StdEncoding.AppendEncode(o.b, *v)
		o.b = append(o.b, '"')
	}
}

func (o *object) strs(k string, v *[]string) {
	if o.in != nil {
		if o.in.key(k) {
			o.in.array(func() { *v = append(*v, o.in.str()) })
		}
		return
	}
	if len(*v) == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i, s := range *v {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, s)
	}
	o.b = append(o.b, ']')
}

func (o *object) labels(k string, v *map[string]string) {
	if o.in != nil {
		if o.in.key(k) {
			*v = map[string]string{}
			o.in.members(func(name string) { (*v)[name] = o.in.str() })
		}
		return
	}
	m := *v
	if len(m) == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '{')
	var room [16]string
	for i, name := range sortedKeys(m, room[:0]) {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = append(appendString(o.b, name), ':')
		o.b = appendString(o.b, m[name])
	}
	o.b = append(o.b, '}')
}

func (o *object) values(k string, v *map[string]any) {
	if o.in != nil {
		if o.in.key(k) {
			*v, _ = o.in.value(maxNesting).(map[string]any)
			o.in.want(*v != nil)
		}
	} else if len(*v) > 0 {
		o.key(k)
		o.b = appendValue(o.b, *v)
	}
}

// change is one value of a Change; a secret one is never written, even before the log has cleaned it.
func (o *object) change(k string, v *any, secret bool) {
	if o.in != nil {
		if o.in.key(k) {
			*v = o.in.value(maxNesting)
		}
		return
	}
	if *v == nil {
		return
	}
	o.key(k)
	if secret {
		o.b = appendString(o.b, secretMark)
	} else {
		o.b = appendValue(o.b, *v)
	}
}

func (o *object) object(k string, fields func(*object)) {
	if o.in != nil {
		if o.in.key(k) {
			o.in.object(o, fields)
		}
		return
	}
	before := len(o.b)
	o.key(k)
	if !o.within(fields) {
		o.b = o.b[:before]
	}
}

// within writes an object inside this one and tells whether there is anything in it.
func (o *object) within(fields func(*object)) bool {
	outer := o.start
	o.b = append(o.b, '{')
	o.start = len(o.b)
	fields(o)
	some := len(o.b) > o.start
	o.b, o.start = append(o.b, '}'), outer
	return some
}

// pointer is an object that may be empty and there.
func pointer[T any](o *object, k string, v **T, fields func(*T, *object)) {
	if o.in != nil {
		if o.in.key(k) {
			*v = new(T)
			o.in.object(o, func(o *object) { fields(*v, o) })
		}
	} else if *v != nil {
		o.key(k)
		o.within(func(o *object) { fields(*v, o) })
	}
}

func listOf[T any](o *object, k string, v *[]T, fields func(*T, *object)) {
	if o.in != nil {
		if o.in.key(k) {
			o.in.array(func() {
				*v = append(*v, *new(T))
				last := &(*v)[len(*v)-1]
				o.in.object(o, func(o *object) { fields(last, o) })
			})
		}
		return
	}
	if len(*v) == 0 {
		return
	}
	o.key(k)
	o.b = append(o.b, '[')
	for i := range *v {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.within(func(o *object) { fields(&(*v)[i], o) })
	}
	o.b = append(o.b, ']')
}
