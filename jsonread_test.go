package activitylog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// slow reads an event with encoding/json alone: a space is enough for that.
func slow(b []byte) (e Event, err error) {
	err = e.UnmarshalJSON(append([]byte(" "), b...))
	return e, err
}

// ours are forms that stores hold.
var ours = []string{
	`{"schema":1}`,
	`{"schema":1,"ai":{}}`,
	`{"schema":1,"id":"01a20000-0000-7000-8000-000000000001","time":"2026-05-04T03:02:01.123456Z","duration_us":-5,"org":"é\n","outcome":"failure"}`,
	`{"schema":1,"actor":{"type":"user","id":"u","roles":["a","b"]},"on_behalf_of":[{"id":"x","relation":"impersonates"}],"targets":[{"id":"1"},{"id":"2"}]}`,
	`{"schema":1,"changes":[{"path":"a","old":null,"new":[1,2.5e-3,{"b":{},"c":[]}],"secret":true}],"client":{"ip":"2001:db8::1","asn":4294967295}}`,
	`{"schema":1,"ai":{"cost_micros":0,"tool_names":["t"],"stream":true},"labels":{"a":"1"},"metadata":{"n":9007199254740993,"x":null,"y":false},"backfill":true}`,
	`{"schema":1,"expires":"0001-01-01T00:00:00.000001Z","truncated":[{"path":"message","bytes":9,"sha256":"ab"}],"leaf":"AAH/","opening":"b3BlbmluZw=="}`,
}

// others are forms that encoding/json must decide on.
var others = []string{
	``, `{`, `{}`, `{"schema":1}x`, ` {"schema":1}`, `{"schema":2}`, `{"schema":1,"schema":1}`, `{"org":"a","schema":1}`, `{"schema":1,"ORG":"a"}`, `{"schema":1,"org":null}`,
	`{"schema":1,"org":"a\`, `{"schema":1,"org":"\ud800"}`, `{"schema":1,"new":1}`, `{"schema":1,"backfill":false}`, `{"schema":1,"duration_us":01}`, `{"schema":1,"duration_us":1.0}`,
	`{"schema":1,"duration_us":9223372036854775807}`, `{"schema":1,"client":{"asn":4294967296}}`, `{"schema":1,"client":{"ip":"1.2.3"}}`, `{"schema":1,"leaf":""}`, `{"schema":1,"leaf":"?"}`,
	`{"schema":1,"time":"2026-05-04T03:02:01,123456Z"}`, `{"schema":1,"time":"2026-05-04T24:02:01.123456Z"}`, `{"schema":1,"time":"2026-05-04T03:02:01.12345Z"}`,
	`{"schema":1,"metadata":[]}`, `{"schema":1,"metadata":{}}`, `{"schema":1,"metadata":{"a":1,"a":{"b":2}}}`, `{"schema":1,"metadata":{"a":tru}}`, `{"schema":1,"metadata":{"a":-}}`,
	`{"schema":1,"targets":[]}`, `{"schema":1,"targets":[{"id":"1"},]}`, `{"schema":1,"actor":{"id":"1",}}`, `{"schema":1,"labels":{"a":null}}`, `{"schema":1,"id":"{01a20000-0000-7000-8000-000000000001}"}`,
	`{"schema":1,"org":"` + "\xff" + `"}`, `{"schema":1,"org":"` + "\x01" + `"}`, `{"schema":1,"metadata":{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`,
}

func TestOwnFormIsReadWithoutEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, text := range ours {
		e, ok := readEvent([]byte(text))
		require.True(t, ok, text)
		require.Equal(t, strings.Replace(text, `"old":null,`, "", 1), strings.Replace(string(e.AppendJSON(nil)), `"[secret]"`, `[1,2.5e-3,{"b":{},"c":[]}]`, 1))
	}
}

// sameReading holds the reader of our own form to encoding/json.
func sameReading(t *testing.T, b []byte) {
	t.Helper()
	e, ok := readEvent(b)
	if !ok {
		return
	}
	want, err := slow(b)
	if err != nil || !reflect.DeepEqual(*e, want) {
		t.Errorf("%q: read %+v, encoding/json %+v, %v", b, *e, want, err)
	}
}

func TestReadersOfJSONAgree(t *testing.T) {
	t.Parallel()
	for _, text := range append(ours, others...) {
		sameReading(t, []byte(text))
		for i := range text { // what is cut short or has a byte changed
			sameReading(t, []byte(text[:i]))
			for _, c := range []byte(`{}[],:"\0e- `) {
				b := []byte(text)
				b[i] = c
				sameReading(t, b)
			}
		}
	}
}

func FuzzReadEvent(f *testing.F) {
	for _, text := range append(ours, others...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameReading(t, b)
		if e, ok := readEvent(b); ok && !json.Valid(b) {
			t.Errorf("%q is no JSON, and read as %+v", b, e)
		} else if ok && bytes.HasPrefix(b, []byte(" ")) {
			t.Errorf("%q is not our own form", b)
		}
	})
}

func BenchmarkReadEvent(b *testing.B) {
	text := []byte(`{"schema":1,"verb":"send","message":"Ada Lovelace sent a message","actor":{"name":"Ada Lovelace","email":"ada@example.org"},` +
		`"targets":[{"type":"channel","id":"c1","name":"General"}],"client":{"user_agent":"Mozilla/5.0"},"request":{"id":"q1","session_id":"s1"},` +
		`"ai":{"operation":"chat","conversation_id":"v1","latency_ms":900},"metadata":{"region":"eu","attempt":2}}`)
	for _, c := range []struct {
		name string
		read func([]byte) error
	}{{"own", func(b []byte) error { return new(Event).UnmarshalJSON(b) }}, {"encoding-json", func(b []byte) error { _, err := slow(b); return err }}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.read(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
