package diff

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/activitylog/activitylog"
)

// tagKey is the key of the struct tag.
const tagKey = "activity"

// field is a field of a struct that has a tag, or one that should have.
type field struct {
	index int
	name  string
	mode  mode
}

type mode int

const (
	untagged mode = iota
	track
	ignore
	secret
	embedded // without a tag: its fields stand for themselves
)

// fieldsOf returns the exported fields of a struct type, and what is wrong with their tags.
func fieldsOf(t reflect.Type) ([]field, error) {
	var list []field
	var wrong error
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup(tagKey)
		if !f.IsExported() && (!f.Anonymous || tagged) {
			continue // nothing can be read of it
		}
		x := field{index: i, name: nameOf(f)}
		word, rest, more := strings.Cut(tag, ",")
		switch {
		case word == "track":
			x.mode = track
		case word == "secret":
			x.mode = secret
		case word == "-" && !more:
			x.mode = ignore
		case !tagged && f.Anonymous && isStruct(f.Type):
			x.mode = embedded
		case tagged:
			wrong = errors.Join(wrong, invalid("%s.%s: tag %q; use track, secret or -, and name=… behind the first two", t, f.Name, tag))
			continue
		}
		if name, ok := strings.CutPrefix(rest, "name="); ok && name != "" {
			x.name = name
		} else if more {
			wrong = errors.Join(wrong, invalid("%s.%s: tag %q; only name=… may follow the comma", t, f.Name, tag))
		}
		list = append(list, x)
	}
	return list, wrong
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", activitylog.ErrInvalid, fmt.Sprintf(format, args...))
}

// nameOf is the name of a field in JSON, or else in snake case.
func nameOf(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	var b strings.Builder
	runes := []rune(f.Name)
	for i, c := range runes {
		if 'A' <= c && c <= 'Z' {
			afterSmall := i > 0 && (runes[i-1] < 'A' || runes[i-1] > 'Z')
			beforeSmall := i > 0 && i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z'
			if afterSmall || beforeSmall {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

var (
	jsonForm = reflect.TypeFor[json.Marshaler]()
	textForm = reflect.TypeFor[encoding.TextMarshaler]()
)

// hasForm tells whether t, or a pointer to it, has a text or JSON form of its own.
func hasForm(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonForm) || p.Implements(textForm) || t.Implements(jsonForm) || t.Implements(textForm)
}

// isStruct tells whether t, or what it points to, is a struct that is compared field by field.
func isStruct(t reflect.Type) bool {
	return structOf(t).Kind() == reflect.Struct && !hasForm(structOf(t))
}

func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// Check returns an error for each exported field of T, and of the structs that it tracks, that has no tag or a wrong one.
// Call it in a test for every type that Of is called with.
func Check[T any]() error { return check(reflect.TypeFor[T](), true) }

// check looks at the tags of a struct type; strict minds fields without one too.
func check(t reflect.Type, strict bool) error {
	if !isStruct(t) {
		return fmt.Errorf("diff: %w", invalid("%s is no struct", t))
	}
	if err := checkFields(structOf(t), strict, map[reflect.Type]bool{}); err != nil {
		return fmt.Errorf("diff: %w", err)
	}
	return nil
}

func checkFields(t reflect.Type, strict bool, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	fields, wrong := fieldsOf(t)
	for _, f := range fields {
		if f.mode == untagged && strict {
			wrong = errors.Join(wrong, invalid("%s.%s has no tag; use `activity:\"track\"`, \"secret\" or \"-\"", t, t.Field(f.index).Name))
		}
		if f.mode != track && f.mode != embedded {
			continue
		}
		if inner := innermost(t.Field(f.index).Type); isStruct(inner) {
			wrong = errors.Join(wrong, checkFields(inner, strict, seen))
		}
	}
	return wrong
}

// innermost is what pointers, lists and maps of t hold in the end.
func innermost(t reflect.Type) reflect.Type {
	for {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			if hasForm(t) {
				return t
			}
			t = t.Elem()
		default:
			return t
		}
	}
}
