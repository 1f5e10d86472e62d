package diff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// equal compares two values: structs by what is tracked, others by a method Equal of their type, or else deeply.
func (d *differ) equal(a, b reflect.Value, depth int) bool {
	a, b = behind(a), behind(b)
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() { // values of an interface
		return false
	}
	if isStruct(a.Type()) {
		inner := differ{}
		inner.fields("", a.Type(), a, b, depth-1)
		d.err = cmp.Or(d.err, inner.err)
		return len(inner.changes) == 0
	}
	if m := a.MethodByName("Equal"); m.IsValid() {
		t := m.Type()
		if t.NumIn() == 1 && t.In(0) == b.Type() && t.NumOut() == 1 && t.Out(0).Kind() == reflect.Bool {
			return m.Call([]reflect.Value{b})[0].Bool()
		}
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// plain is a value for a Change; nil if it is absent. Of structs it holds only what is tracked.
func (d *differ) plain(v reflect.Value, depth int) any {
	if v.IsValid() && v.Kind() == reflect.Pointer && hasForm(v.Type()) && !v.IsNil() {
		return v.Interface()
	}
	if v = behind(v); !v.IsValid() {
		return nil
	}
	if !isStruct(v.Type()) {
		return v.Interface()
	}
	inner := differ{}
	inner.fields("", v.Type(), reflect.Value{}, v, depth-1)
	d.err = cmp.Or(d.err, inner.err)
	m := make(map[string]any, len(inner.changes))
	for _, c := range inner.changes {
		m[c.Path] = c.New
	}
	return m
}

// presence tells of a secret only that there is one.
func presence(v reflect.Value) any {
	if v = behind(v); absentOrZero(v) {
		return nil
	}
	return secretMark
}

func absentOrZero(v reflect.Value) bool { return !v.IsValid() || v.IsZero() }

// behind is what stands behind pointers and interfaces; absent for nil.
func behind(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	return v
}

func part(v reflect.Value, i int) reflect.Value {
	if !v.IsValid() {
		return v
	}
	return v.Field(i)
}

func entry(m, key reflect.Value) reflect.Value {
	if !m.IsValid() {
		return m
	}
	return m.MapIndex(key)
}

func lengthOf(v reflect.Value) int {
	if !v.IsValid() {
		return 0
	}
	return v.Len()
}

// keysOf returns the keys of both maps, in the order of their texts.
func keysOf(a, b reflect.Value) []reflect.Value {
	var keys []reflect.Value
	for _, m := range []reflect.Value{a, b} {
		if m.IsValid() {
			keys = append(keys, m.MapKeys()...)
		}
	}
	slices.SortStableFunc(keys, func(x, y reflect.Value) int { return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	return slices.CompactFunc(keys, func(x, y reflect.Value) bool { return x.Equal(y) })
}
