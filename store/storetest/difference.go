package storetest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/activitylog/activitylog"
)

// differentLists says where two lists of events differ first, or "".
func differentLists(got, want []activitylog.Event) string {
	for i := range min(len(got), len(want)) {
		g, w := &got[i], &want[i]
		if g.Org != w.Org || g.ID != w.ID {
			return fmt.Sprintf("event %d of %d is %s, not %s", i+1, len(want), short(g), short(w))
		}
		if d := different(g, w); d != "" {
			return fmt.Sprintf("event %s came back changed: %s", short(w), d)
		}
	}
	switch {
	case len(got) < len(want):
		return fmt.Sprintf("%d events instead of %d; the first that is missing is %s", len(got), len(want), short(&want[len(got)]))
	case len(got) > len(want):
		return fmt.Sprintf("%d events instead of %d; the first too many is %s", len(got), len(want), short(&got[len(want)]))
	}
	return ""
}

// short names an event in a message of the suite.
func short(e *activitylog.Event) string {
	return fmt.Sprintf("%s of %s in %q (%s)", e.ID, e.Time.Format(time.RFC3339Nano), e.Org, e.Message)
}

// different says in which field two events differ first, or "". Empty lists and maps count as absent, except inside of
// JSON values; times must be the same instant, in UTC.
func different(got, want *activitylog.Event) string {
	if reflect.DeepEqual(got, want) {
		return ""
	}
	return differentValues("", reflect.ValueOf(*got), reflect.ValueOf(*want))
}

var timeType = reflect.TypeFor[time.Time]()

func differentValues(path string, got, want reflect.Value) string {
	unlike := func() string {
		return fmt.Sprintf("%s is %s, not %s", path[1:], show(got), show(want))
	}
	switch {
	case got.Type() == timeType:
		g, w := got.Interface().(time.Time), want.Interface().(time.Time)
		if !g.Equal(w) || g.IsZero() != w.IsZero() || g.Location() != time.UTC {
			return unlike()
		}
		return ""
	case got.Kind() == reflect.Interface:
		// A JSON value: there nil, "" and an empty list are three things.
		if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			return unlike()
		}
		return ""
	}
	switch got.Kind() {
	case reflect.Struct:
		if got.Comparable() && got.Interface() == want.Interface() {
			return ""
		}
		for i := range got.NumField() {
			if !got.Type().Field(i).IsExported() {
				return unlike()
			}
			if d := differentValues(path+"."+got.Type().Field(i).Name, got.Field(i), want.Field(i)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice:
		if got.Len() != want.Len() {
			return unlike()
		}
		for i := range got.Len() {
			if d := differentValues(fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Map:
		if got.Len() != want.Len() {
			return unlike()
		}
		for _, k := range want.MapKeys() {
			g := got.MapIndex(k)
			if !g.IsValid() {
				return fmt.Sprintf("%s lacks the key %q", path[1:], k)
			}
			if d := differentValues(fmt.Sprintf("%s[%q]", path, k), g, want.MapIndex(k)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Pointer:
		if got.IsNil() != want.IsNil() {
			return unlike()
		}
		if got.IsNil() {
			return ""
		}
		return differentValues(path, got.Elem(), want.Elem())
	}
	if got.Interface() != want.Interface() {
		return unlike()
	}
	return ""
}

// show writes a value for a person, long ones cut.
func show(v reflect.Value) string {
	text := fmt.Sprintf("%#v", v.Interface())
	if t, ok := v.Interface().(time.Time); ok {
		text = t.Format(time.RFC3339Nano) + " in " + t.Location().String()
	}
	if r := []rune(text); len(r) > 200 {
		text = fmt.Sprintf("%s… (%d characters)", string(r[:200]), len(r))
	}
	return text
}
