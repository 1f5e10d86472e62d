package activitylog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

// hostile are texts that formats tend to mangle.
var hostile = []string{
	"", " ", "\x00", "\xff\xfe", "a\xc3", "\u2028\u2029", "\ufeff", "\ufffd", `"\/`, "\b\f\n\r\t\v\x1f\x7f", "<script>&amp;'", "𝕏👩‍👩‍👧", "\U0010ffff",
	"é", "e\u0301", "null", "{}", `{"a":1}`, "%s%n", "-- ;'", "=1+1", "\\u0041", "日本語", "שלום\u202e", strings.Repeat("x", 70),
}

func TestEventJSONRoundTrip(t *testing.T) {
	t.Parallel()
	for _, text := range append(hostile, "x") {
		e := filled(t, text+"x") // no field may be empty
		e = cleaned(t, e)
		e.Leaf, e.Opening = []byte{0, 1, 255}, []byte("opening")
		b := e.AppendJSON([]byte("before"))
		b, ok := bytes.CutPrefix(b, []byte("before"))
		if !ok || !json.Valid(b) {
			t.Fatalf("%q: no valid JSON behind what was there: %s", text, b)
		}
		var got activitylog.Event
		require.NoError(t, json.Unmarshal(b, &got))
		if !reflect.DeepEqual(got, e) {
			t.Errorf("%q: got\n%+v, want\n%+v", text, got, e)
		}
		if again := got.AppendJSON(nil); !bytes.Equal(again, b) {
			t.Errorf("%q: the second form differs: %s", text, again)
		}
		std, err := json.Marshal(e)
		require.NoError(t, err)
		require.JSONEq(t, string(b), string(std))
	}
}

// What AppendJSON writes must be what encoding/json makes of the fields; so no field is forgotten.
func TestEventJSONHasEveryField(t *testing.T) {
	t.Parallel()
	e := filled(t, "x")
	e.Changes[0].Secret = true
	want := strings.Count(strings.Join(keysOf(reflect.ValueOf(e)), " "), " ") + 1
	got := 0
	var count func(v any)
	count = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				count(x)
			}
		case map[string]any:
			for k, x := range v {
				if got++; k != "metadata" && k != "labels" {
					count(x)
				}
			}
		}
	}
	count(tree(t, e))
	if got != want+1 { // the schema
		t.Errorf("the JSON form has %d keys, the event %d fields", got, want)
	}
}

// keysOf lists the fields of structs below v.
func keysOf(v reflect.Value) []string {
	var list []string
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			list = append(list, keysOf(v.Index(i))...)
		}
	case reflect.Pointer:
		list = keysOf(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[netip.Addr]() {
			return nil
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); !f.Anonymous {
				list = append(list, f.Name)
			}
			list = append(list, keysOf(v.Field(i))...)
		}
	}
	return list
}

func TestAbsentFieldsAreLeftOut(t *testing.T) {
	t.Parallel()
	var e activitylog.Event
	if got := string(e.AppendJSON(nil)); got != `{"schema":1}` {
		t.Errorf("the zero event is %s", got)
	}
	var back activitylog.Event
	require.NoError(t, json.Unmarshal([]byte(`{"schema":1}`), &back))
	if !reflect.DeepEqual(back, e) {
		t.Errorf("got %+v", back)
	}
	zero := int64(0)
	e.AI = &activitylog.AIUsage{}
	if got := string(e.AppendJSON(nil)); got != `{"schema":1,"ai":{}}` {
		t.Errorf("unknown cost: %s", got)
	}
	e.AI.CostMicros = &zero // which is not unknown
	if got := string(e.AppendJSON(nil)); got != `{"schema":1,"ai":{"cost_micros":0}}` {
		t.Errorf("cost of zero: %s", got)
	}
}

func TestJSONOfUncleanEvents(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		number("1,2"), number(`1,"injected":2`), number(""), number("NaN"), math.NaN(), math.Inf(-1), make(chan int), "\xff", map[string]any{"\xff": number("x")},
		[]any{number("]")}, errors.New("boom"), int8(1), map[string]int{"a": 1}, json.RawMessage(`{"a"`), func() {},
	} {
		e := activitylog.Event{Metadata: map[string]any{"v": v}, Changes: []activitylog.Change{{New: v}}}
		if b := e.AppendJSON(nil); !json.Valid(b) {
			t.Errorf("%T %v gives %s", v, v, b)
		}
	}
}

func TestUnmarshalEventErrors(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"newer schema": `{"schema":2}`, "no object": `[]`, "wrong type": `{"org":1}`, "bad id": `{"id":"x"}`, "bad time": `{"time":"yesterday"}`,
		"bad address": `{"client":{"ip":"1.2.3"}}`, "duration out of range": `{"duration_us":9223372036854775807}`,
		"duration far below": `{"duration_us":-9223372036854775807}`, "half": `{"org":"acme"`,
		"before year 0 in UTC": `{"time":"0000-01-01T00:00:00+23:00"}`, "behind year 9999 in UTC": `{"expires":"9999-12-31T23:00:00-23:00"}`,
	} {
		e := activitylog.Event{Org: "before"}
		if err := json.Unmarshal([]byte(text), &e); err == nil {
			t.Errorf("%s: read as %+v", name, e)
		}
		if e.Org != "before" {
			t.Errorf("%s: the event was changed", name)
		}
	}
	var e activitylog.Event
	if err := json.Unmarshal([]byte(`{"schema":2}`), &e); !errors.Is(err, activitylog.ErrInvalid) || !strings.Contains(err.Error(), "schema 2") {
		t.Errorf("newer schema: %v", err)
	}
	if err := json.Unmarshal([]byte(`{"org":"acme","later":{"x":1}}`), &e); err != nil || e.Org != "acme" {
		t.Errorf("unknown field: %v, %+v", err, e)
	}
}

// randomValue is any JSON value, as a host may give it.
func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(12); {
	case n == 0:
		return nil
	case n == 1:
		return r.IntN(2) == 0
	case n == 2:
		return r.Int64() - math.MaxInt64/2
	case n == 3:
		return number(pick(r, "0", "-0", "1e400", "1E-7", "0.10", "123456789012345678901234567890", "-1.5e+3"))
	case n == 4:
		return r.NormFloat64() * 1e6
	case n == 5 && depth > 0:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = randomValue(r, depth-1)
		}
		return list
	case n <= 7 && depth > 0:
		return randomObject(r, depth-1)
	}
	return pick(r, hostile...)
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range r.IntN(5) {
		m[pick(r, hostile...)] = randomValue(r, depth)
	}
	return m
}

// Metadata come back equal, and equal to what encoding/json makes of them.
func TestRandomMetadataRoundTrip(t *testing.T) {
	t.Parallel()
	r := seeded(t)
	l := newLog(t, nil)
	for range 500 {
		m := randomObject(r, 4)
		m["never"] = "empty"
		got := stored(t, l, withMetadata(m))
		b := got.AppendJSON(nil)
		var back activitylog.Event
		require.NoError(t, json.Unmarshal(b, &back))
		if !reflect.DeepEqual(back, got) {
			t.Fatalf("got %+v, want %+v", back.Metadata, got.Metadata)
		}
		if again := stored(t, l, withMetadata(got.Metadata)); !reflect.DeepEqual(again.Metadata, got.Metadata) {
			t.Fatalf("recorded again it is %+v, was %+v", again.Metadata, got.Metadata)
		}
	}
}

func FuzzEventJSON(f *testing.F) {
	for _, text := range hostile {
		e := filled(f, text)
		f.Add(e.AppendJSON(nil))
	}
	f.Add([]byte(`{"metadata":{"a":1e999,"b":[null,{}],"":0.10},"changes":[{"old":[],"new":{}}],"ai":{},"duration_us":-1}`))
	f.Add([]byte(`{"id":"{00000000-0000-7000-8000-000000000001}","time":"2026-01-01T00:00:00.123456789+01:00","ORG":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second activitylog.Event
		if json.Unmarshal(data, &first) != nil {
			return
		}
		b := first.AppendJSON(nil)
		if !json.Valid(b) {
			t.Fatalf("no valid JSON: %s", b)
		}
		if err := json.Unmarshal(b, &second); err != nil {
			t.Fatalf("%s cannot be read: %v", b, err)
		}
		if again := second.AppendJSON(nil); !bytes.Equal(again, b) {
			t.Fatalf("%s became %s", b, again)
		}
		if !first.SameContent(&second) {
			t.Fatalf("%s is not the same content when read again", b)
		}
	})
}
