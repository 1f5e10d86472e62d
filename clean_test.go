package activitylog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/activitylog/activitylog"
	"github.com/stretchr/testify/require"
)

func number(s string) json.Number { return json.Number(s) }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestMetadataValues(t *testing.T) {
	t.Parallel()
	type point struct {
		X int     `json:"x"`
		Y float64 `json:"y"`
	}
	tests := []struct {
		name     string
		in, want any
	}{
		{"nil", nil, nil},
		{"bool", true, true},
		{"text", "a\x00b\xffc", "a\uFFFDb\uFFFDc"},
		{"int", -7, number("-7")},
		{"int8", int8(-7), number("-7")},
		{"largest uint64", uint64(math.MaxUint64), number("18446744073709551615")},
		{"smallest int64", int64(math.MinInt64), number("-9223372036854775808")},
		{"int32", int32(math.MinInt32), number("-2147483648")},
		{"big json.Number", number("123456789012345678901234567890.10"), number("123456789012345678901234567890.10")},
		{"empty json.Number", number(""), number("0")},
		{"float", 0.1, number("0.1")},
		{"float32", float32(0.1), number("0.1")},
		{"large float", 1e21, number("1e+21")},
		{"NaN", math.NaN(), "NaN"},
		{"infinity", math.Inf(1), "+Inf"},
		{"minus infinity", math.Inf(-1), "-Inf"},
		{"NaN of 32 bits", float32(math.NaN()), "NaN"},
		{"time", noon.In(time.FixedZone("", 3600)), "2026-03-04T12:00:00Z"},
		{"duration", time.Second, number("1000000000")},
		{"error", errors.New("boom\x00"), "boom\uFFFD"},
		{"nil pointer that is an error", (*nilError)(nil), "<nil>"},
		{"strings", []string{"a", "\x00"}, []any{"a", "\uFFFD"}},
		{"ints", []int{1, 2}, []any{number("1"), number("2")}},
		{"typed map", map[string]int{"a": 1}, map[string]any{"a": number("1")}},
		{"struct", point{1, 2.5}, map[string]any{"x": number("1"), "y": number("2.5")}},
		{"nil pointer", (*point)(nil), nil},
		{"raw JSON", json.RawMessage(`{"n": 10000000000000000000000001}`), map[string]any{"n": number("10000000000000000000000001")}},
		{"NUL in JSON", json.RawMessage(`"\u0000"`), "\uFFFD"},
		{"address", netip.MustParseAddr("192.0.2.1"), "192.0.2.1"},
		{"nested", map[string]any{"a": []any{map[string]any{"b\xff": 1}}}, map[string]any{"a": []any{map[string]any{"b\uFFFD": number("1")}}}},
		{"empty list and object", []any{[]any{}, map[string]any{}}, []any{[]any{}, map[string]any{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := cleaned(t, event(func(e *activitylog.Event) {
				e.Metadata = map[string]any{"v": tt.in}
				e.Changes = []activitylog.Change{{Path: "p", New: tt.in}}
			}))
			if got := e.Metadata["v"]; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("metadata: got %#v, want %#v", got, tt.want)
			}
			if got := e.Changes[0].New; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("change: got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	for _, s := range []string{"one", " 1", "1 ", "1\n", "01", "+1", "1,2", "NaN", "0x1", `"1"`, "true", "1 2", "-", "1.", ".5", "1e", "1\x00"} {
		e := event(func(e *activitylog.Event) { e.Metadata = map[string]any{"n": number(s)} })
		if _, err := l.Record(t.Context(), e); !errors.Is(err, activitylog.ErrInvalid) {
			t.Errorf("json.Number(%q): got %v, want ErrInvalid", s, err)
		}
	}
}

// Every text of an event goes through the door, wherever it stands.
func TestTextIsCleanedEverywhere(t *testing.T) {
	t.Parallel()
	dirty := "a\x00b\xff"
	e := filled(t, dirty)
	e.Expires = noon.Add(time.Hour)
	got := cleaned(t, e)
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			if s := v.String(); strings.Contains(s, "\x00") || strings.ToValidUTF8(s, "") != s {
				t.Errorf("%s is %q", path, s)
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[netip.Addr]() {
				return
			}
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(path+".key", k)
				walk(path+"."+k.String(), v.MapIndex(k))
			}
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		}
	}
	walk("Event", reflect.ValueOf(got))
}

// Keys that differ only in what is replaced stay apart, in the same way each time.
func TestReplacedKeysStayApart(t *testing.T) {
	t.Parallel()
	l := newLog(t, nil)
	e := event(func(e *activitylog.Event) {
		e.ID, e.Time = id(1), noon
		e.Metadata = map[string]any{"k\x00": 1, "k\uFFFD": 2, "k\xff": 3}
		e.Labels = map[string]string{"k\x00": "1", "k\uFFFD": "2", "k\xff": "3"}
	})
	got := stored(t, l, e)
	if len(got.Metadata) != 3 || len(got.Labels) != 3 {
		t.Errorf("got metadata %v and labels %v, want three entries each", got.Metadata, got.Labels)
	}
	for range 50 { // the order of maps is random
		_, err := l.Record(t.Context(), e)
		require.NoError(t, err, "the same event again")
	}
}

func TestClientAddressHasOneSpelling(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::1", "192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1",
	} {
		e := cleaned(t, event(func(e *activitylog.Event) { e.Client.IP = netip.MustParseAddr(in) }))
		if e.Client.IP.String() != want {
			t.Errorf("%s became %s, want %s", in, e.Client.IP, want)
		}
	}
}

func TestSecretsAreNeverStored(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	values := []any{secret, map[string]any{"password": secret}, []any{secret}, strings.Repeat(secret, 1000), json.RawMessage(`"` + secret + `"`)}
	e := event(func(e *activitylog.Event) {
		for i := range 200 { // more than an event may have
			e.Changes = append(e.Changes, activitylog.Change{Path: "password", Old: values[i%len(values)], New: secret, Secret: true})
		}
		e.Changes = append(e.Changes, activitylog.Change{Path: "token", New: secret, Secret: true})
	})
	if strings.Contains(string(e.AppendJSON(nil)), secret) {
		t.Error("a secret stands in the JSON form of an event that was not recorded")
	}
	got := cleaned(t, e)
	if strings.Contains(string(got.AppendJSON(nil)), secret) || strings.Contains(fmt.Sprintf("%+v", got), secret) {
		t.Error("a secret was stored")
	}
	if strings.Contains(activitylog.SearchText(&got), secret) {
		t.Error("a secret can be searched for")
	}
	if c := got.Changes[0]; c.Old == nil || c.New == nil {
		t.Errorf("got %v, want a mark that there was a value", c)
	}
	e.Changes = []activitylog.Change{{Path: "password", New: secret, Secret: true}}
	if c := cleaned(t, e).Changes[0]; c.Old != nil || !c.Secret {
		t.Errorf("got %v, want no old value", c)
	}
	// The hash of a cut would let short secrets be guessed.
	var hashes []string
	for _, s := range []string{secret, "other"} {
		e.Changes = nil
		for range 100 {
			e.Changes = append(e.Changes, activitylog.Change{Path: "p", New: strings.Repeat(s, 2000), Secret: true})
		}
		hashes = append(hashes, fmt.Sprint(cleaned(t, e).Truncated))
	}
	if hashes[0] != hashes[1] {
		t.Errorf("the cut of a secret depends on it: %s, %s", hashes[0], hashes[1])
	}
}
