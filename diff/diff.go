package diff

import (
	"fmt"
	"reflect"

	"github.com/activitylog/activitylog"
)

// Of returns what changed from before to after, field by field in their order; nil if nothing that is tracked did. T is a
// struct or a pointer to one; nil stands for what does not exist, as before a creation. It does not change the values,
// but the result may share parts of them.
func Of[T any](before, after T) ([]activitylog.Change, error) {
	t := reflect.TypeFor[T]()
	if err := check(t, false); err != nil {
		return nil, err
	}
	d := differ{}
	d.fields("", t, reflect.ValueOf(&before).Elem(), reflect.ValueOf(&after).Elem(), maxDepth)
	if d.err != nil {
		return nil, fmt.Errorf("diff: %w", d.err)
	}
	return d.changes, nil
}

// maxDepth is how deep structs may stand within each other; one that holds itself is deeper.
const maxDepth = 16

// secretMark stands for the value of a secret.
const secretMark = "[secret]"

// differ collects changes. Values that it compares may be absent, which is the zero reflect.Value.
type differ struct {
	changes []activitylog.Change
	err     error // of a struct that stands too deep
}

func (d *differ) add(path string, before, after any) {
	d.changes = append(d.changes, activitylog.Change{Path: path, Old: before, New: after})
}

// fields compares two structs of a type, or what pointers of it point to.
func (d *differ) fields(prefix string, t reflect.Type, before, after reflect.Value, depth int) {
	t, before, after = structOf(t), behind(before), behind(after)
	if depth == 0 {
		d.err = invalid("%s stands more than %d deep in itself or others", t, maxDepth)
		return
	}
	list, _ := fieldsOf(t) // checked by Of
	for _, f := range list {
		ft := t.Field(f.index).Type
		b, a := part(before, f.index), part(after, f.index)
		path := prefix + f.name
		switch f.mode {
		case embedded:
			d.fields(prefix, ft, b, a, depth-1)
		case track:
			if !absentOrZero(b) || !absentOrZero(a) {
				d.value(path, ft, b, a, depth)
			}
		case secret:
			if old, now := presence(b), presence(a); (old != nil || now != nil) && !d.equal(b, a, depth) {
				d.changes = append(d.changes, activitylog.Change{Path: path, Old: old, New: now, Secret: true})
			}
		}
	}
}

// value compares two values of a type.
func (d *differ) value(path string, t reflect.Type, before, after reflect.Value, depth int) {
	if isStruct(t) {
		d.fields(path+".", t, before, after, depth-1)
		return
	}
	if t.Kind() == reflect.Pointer && !hasForm(t) {
		t, before, after = t.Elem(), behind(before), behind(after)
	}
	switch {
	case hasForm(t):
		d.whole(path, before, after, depth)
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() != reflect.Uint8:
		removed, added := d.without(before, after, depth), d.without(after, before, depth)
		if removed != nil || added != nil {
			d.add(path, orNil(removed), orNil(added))
		}
	case t.Kind() == reflect.Map:
		for _, k := range keysOf(before, after) {
			d.whole(fmt.Sprintf("%s.%v", path, k), entry(before, k), entry(after, k), depth)
		}
	default:
		d.whole(path, before, after, depth)
	}
}

// whole compares two values without looking for what differs within.
func (d *differ) whole(path string, before, after reflect.Value, depth int) {
	if !d.equal(before, after, depth) {
		d.add(path, d.plain(before, depth), d.plain(after, depth))
	}
}

// without returns the members of a that are not in b, each as often as it is missing there.
func (d *differ) without(a, b reflect.Value, depth int) []any {
	var rest []any
	if a.IsValid() && countable(a.Type().Elem()) { // long lists of ids, such as those of recipients
		there := map[any]int{}
		for i := range lengthOf(b) {
			there[b.Index(i).Interface()]++
		}
		for i := range a.Len() {
			if v := a.Index(i).Interface(); there[v] > 0 {
				there[v]--
			} else {
				rest = append(rest, v)
			}
		}
		return rest
	}
	used := make([]bool, lengthOf(b))
members:
	for i := range lengthOf(a) {
		for j := range used {
			if !used[j] && d.equal(a.Index(i), b.Index(j), depth) {
				used[j] = true
				continue members
			}
		}
		rest = append(rest, d.plain(a.Index(i), depth))
	}
	return rest
}

// countable tells whether values of a type are equal just when Go says so.
func countable(t reflect.Type) bool {
	_, special := t.MethodByName("Equal")
	return !special && (t.Kind() == reflect.String || t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64)
}

func orNil(list []any) any {
	if list == nil {
		return nil
	}
	return list
}
