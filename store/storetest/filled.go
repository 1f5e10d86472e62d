package storetest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
)

// filled is an event in which every field has a value of its own. It is filled by reflection, so that a field that is
// added to Event later cannot be forgotten by a store.
func filled(n int) activitylog.Event {
	e := activitylog.Event{}
	f := filler{n: n * 1000}
	f.fill(reflect.ValueOf(&e).Elem(), "event")
	// The Log hands over no secret: of two changes one is open, and of the other it tells only that there was a value.
	e.Changes[0].Secret = false
	e.Changes[1].Old, e.Changes[1].New = "[secret]", "[secret]"
	return e
}

// filler gives every field another value.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value, path string) {
	f.n++
	switch v.Addr().Interface().(type) {
	case *uuid.UUID:
		v.Set(reflect.ValueOf(id(f.n)))
		return
	case *time.Time:
		v.Set(reflect.ValueOf(start.Add(time.Duration(f.n) * time.Microsecond)))
		return
	case *time.Duration:
		v.Set(reflect.ValueOf(time.Duration(f.n) * time.Microsecond))
		return
	case *netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{198, 51, byte(f.n >> 8), byte(f.n)})))
		return
	case *any, *map[string]any:
		v.Set(reflect.ValueOf(map[string]any{
			"text": fmt.Sprintf("%s %d", path, f.n), "number": json.Number(fmt.Sprintf("%d.50", f.n)), "null": nil,
			"true": true,
			"list": []any{"first", []any{}, map[string]any{"deep": json.Number("1e400")}},
		}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d", path, f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Uint32:
		v.SetUint(uint64(f.n))
	case reflect.Uint8:
		v.SetUint(uint64(f.n%255 + 1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i), fmt.Sprintf("%s%d", path, i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, path)
			f.fill(value, path)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), v.Type().Field(i).Name)
		}
	default:
		panic("storetest: filled does not know the type of the new field " + path)
	}
}
