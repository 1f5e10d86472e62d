package activitylog_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// filled is an event that has a value in every field; all texts hold text.
func filled(t testing.TB, text string) activitylog.Event {
	t.Helper()
	var e activitylog.Event
	n := int64(0)
	var fill func(path string, v reflect.Value)
	fill = func(path string, v reflect.Value) {
		n++
		switch p := v.Addr().Interface().(type) {
		case *uuid.UUID:
			*p = id(int(n))
			return
		case *time.Time:
			*p = noon.Add(time.Duration(n) * time.Microsecond)
			return
		case *time.Duration:
			*p = time.Duration(n) * time.Microsecond
			return
		case *netip.Addr:
			*p = netip.MustParseAddr("192.0.2.7")
			return
		case *any:
			*p = text
			return
		case *map[string]any:
			*p = map[string]any{"k" + text: []any{text, map[string]any{text: text}, true, nil, number("1.50")}}
			return
		case *map[string]string:
			*p = map[string]string{"k" + text: text, "other": fmt.Sprint(text, n)}
			return
		}
		switch v.Kind() {
		case reflect.String:
			v.SetString(fmt.Sprint(text, n))
		case reflect.Int, reflect.Int64:
			v.SetInt(n)
		case reflect.Uint8, reflect.Uint32:
			v.SetUint(uint64(n % 200))
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Struct:
			for i := range v.NumField() {
				fill(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range v.Len() {
				fill(path, v.Index(i))
			}
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(path, v.Elem())
		default:
			t.Fatalf("%s: filled does not know %s", path, v.Type())
		}
		require.False(t, v.IsZero(), path)
	}
	fill("Event", reflect.ValueOf(&e).Elem())
	e.Changes[0].Secret, e.Changes[1].Secret = false, true
	return e
}

// spoil changes everything that can be reached from v through maps, slices and pointers.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoil(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			x := v.Index(i)
			spoil(x)
			if x.CanSet() {
				x.SetZero()
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			spoil(v.MapIndex(k))
			v.SetMapIndex(k, reflect.Zero(v.Type().Elem()))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			spoil(v.Elem())
			if v.Kind() == reflect.Pointer {
				v.Elem().SetZero()
			}
		}
	}
}

func TestTheCallerMayChangeItsEvent(t *testing.T) {
	t.Parallel()
	record := map[string]func(l *activitylog.Log, e activitylog.Event) func() error{
		"Record": func(l *activitylog.Log, e activitylog.Event) func() error {
			_, err := l.Record(t.Context(), e)
			return func() error { return err }
		},
		"Submit": func(l *activitylog.Log, e activitylog.Event) func() error {
			p, err := l.Submit(t.Context(), e)
			require.NoError(t, err)
			return func() error { return p.Wait(t.Context()) }
		},
		"Begin": func(l *activitylog.Log, e activitylog.Event) func() error {
			op, err := l.Begin(t.Context(), e)
			require.NoError(t, err)
			return func() error { _, err := op.End(t.Context(), nil); return err }
		},
	}
	for name, f := range record {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want [][]byte
			for _, change := range []bool{false, true} {
				l := newLog(t, &activitylog.Options{Now: at(noon)})
				e := filled(t, "x")
				e.Outcome = activitylog.Success
				wait := f(l, e)
				if change {
					spoil(reflect.ValueOf(&e).Elem())
				}
				require.NoError(t, wait())
				var got [][]byte
				for _, e := range all(t, l) {
					got = append(got, e.AppendJSON(nil))
				}
				if !change {
					want = got
				} else if at, ok := firstDifference(got, want); !ok {
					t.Errorf("stored events differ at %s", at)
				}
			}
		})
	}
}

func TestClone(t *testing.T) {
	t.Parallel()
	e, same := filled(t, "x"), filled(t, "x")
	c := e.Clone()
	if !reflect.DeepEqual(c, e) {
		t.Errorf("got %+v, want %+v", c, e)
	}
	spoil(reflect.ValueOf(&e).Elem())
	if !reflect.DeepEqual(c, same) {
		t.Errorf("the clone shares something with its origin: %+v", c)
	}
	var zero activitylog.Event
	if c := zero.Clone(); !reflect.DeepEqual(c, zero) {
		t.Errorf("clone of the zero event is %+v", c)
	}
}

// firstDifference tells where lists of texts differ.
func firstDifference(got, want [][]byte) (string, bool) {
	g, w := bytes.Join(got, []byte("\n")), bytes.Join(want, []byte("\n"))
	if bytes.Equal(g, w) {
		return "", true
	}
	i := 0
	for i < min(len(g), len(w)) && g[i] == w[i] {
		i++
	}
	around := func(b []byte) []byte { return b[max(0, i-40):min(len(b), i+40)] }
	return fmt.Sprintf("byte %d: got …%s…, want …%s…", i, around(g), around(w)), false
}

// What a reader hands out belongs to the caller as well.
func TestReadersHandOutCopies(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	e := filled(t, "x")
	first := stored(t, l, e)
	want := string(first.AppendJSON(nil))
	spoil(reflect.ValueOf(&first).Elem())
	if got, err := l.AllOrgs().Get(t.Context(), e.ID); err != nil || string(got.AppendJSON(nil)) != want {
		t.Errorf("got %s, %v, want %s", got.AppendJSON(nil), err, want)
	}
}

func TestSameContent(t *testing.T) {
	t.Parallel()
	a := filled(t, "x")
	b := a.Clone()
	b.Recorded, b.Leaf, b.Opening = b.Recorded.Add(1), nil, []byte("new")
	if !a.SameContent(&b) {
		t.Error("the time of recording and the evidence count as content")
	}
	var fields []string
	v := reflect.ValueOf(&b).Elem()
	for i := range v.NumField() {
		b = a.Clone()
		v.Field(i).SetZero()
		if a.SameContent(&b) {
			fields = append(fields, v.Type().Field(i).Name)
		}
	}
	if want := []string{"Recorded", "Leaf", "Opening"}; !slices.Equal(fields, want) {
		t.Errorf("no content: %v, want %v", fields, want)
	}
	if a.Leaf == nil || a.Recorded.IsZero() {
		t.Error("SameContent changed its event")
	}
}
